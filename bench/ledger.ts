/** What has been acknowledged, in samples that can be read back in reasonable time. */

/** A uniform sample of all items that were offered to it (algorithm R). */
export class Sample<T> {
  readonly items: T[] = [];
  readonly #capacity: number;
  #offered = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * Takes the item into the sample, perhaps in the place of another one, or leaves it out. Returns the item that is
   * left out or has lost its place; undefined when there is none.
   */
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

/** What a vault has acknowledged. It must still say so at the end of the run. */
export class Ledger {
  readonly files: Sample<{ id: string; sha256: string }>;
  readonly deleted: Sample<string>;
  /** The number that an asset's metadata was last patched to. */
  readonly patched = new Map<string, number>();

  /** @param capacity how many items each sample holds */
  constructor(capacity: number) {
    this.files = new Sample(capacity);
    this.deleted = new Sample(capacity);
  }
}
