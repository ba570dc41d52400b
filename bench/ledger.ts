/** A uniform sample of all that was offered to it (algorithm R). */
export class Sample<T> {
  readonly items: T[] = [];
  readonly #capacity: number;
  #offered = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Takes the item or not; returns the one that is not, or no longer, in the sample. */
  offer(item: T): T | undefined {
    this.#offered++;
    if (this.items.length < this.#capacity) {
      this.items.push(item);
      return undefined;
    }
    const place = Math.floor(Math.random() * this.#offered);
    const out = this.items[place];
    if (out === undefined) return item;
    this.items[place] = item;
    return out;
  }
}

/** What a vault has acknowledged and must therefore still say at the end of the run. */
export class Ledger {
  readonly files: Sample<{ id: string; sha256: string }>;
  readonly deleted: Sample<string>;
  /** The number that an asset's metadata was last patched to. */
  readonly patched = new Map<string, number>();

  /** @param capacity of each sample */
  constructor(capacity: number) {
    this.files = new Sample(capacity);
    this.deleted = new Sample(capacity);
  }
}
