import type { Lease } from "../runtime/lease.ts";

/**
 * Keeps bytes as they come. The memory for them grows piece by piece, and each piece is as large as all before it
 * together. So no more is held than twice what has come, nothing is copied a second time, and a client that sends
 * single bytes does not make thousands of small arrays.
 */
export class Pieces {
  readonly #holder: { readonly lease: Lease };
  /** The most bytes that can be taken. */
  readonly size: number;
  readonly #first: number;
  readonly #pieces: Uint8Array[] = [];
  #capacity = 0;
  #filled = 0;
  /** The index of the piece that is being filled, and how many of its bytes are. */
  #at = 0;
  #used = 0;

  /**
   * @param holder has the lease that counts the memory
   * @param first the least bytes that a piece takes, unless `size` leaves less
   */
  constructor(holder: { readonly lease: Lease }, size: number, first: number) {
    this.#holder = holder;
    this.size = size;
    this.#first = first;
  }

  get length(): number {
    return this.#filled;
  }

  get full(): boolean {
    return this.#filled === this.size;
  }

  /** Whether the next byte needs another piece: see {@link grow}. */
  get cramped(): boolean {
    return this.#filled === this.#capacity && !this.full;
  }

  /**
   * Takes memory for another piece, perhaps after a wait. Throws Refused.
   *
   * @param sent the bytes that the client has sent so far. It is lent as many again, so that it has paid for what it
   *   gets.
   */
  async grow(sent: number = this.#capacity): Promise<void> {
    const bytes = Math.min(Math.max(this.#first, sent), this.size - this.#capacity);
    await this.#holder.lease.grow(bytes);
    this.#pieces.push(new Uint8Array(bytes));
    this.#capacity += bytes;
  }

  /** Takes as many of the bytes as fit without more memory, and returns how many. */
  take(bytes: Uint8Array): number {
    let taken = 0;
    while (taken < bytes.length && this.#filled < this.#capacity) {
      const piece = this.#pieces[this.#at];
      if (!piece) break;
      const part = bytes.subarray(taken, taken + piece.length - this.#used);
      piece.set(part, this.#used);
      taken += part.length;
      this.#filled += part.length;
      this.#used += part.length;
      if (this.#used === piece.length) {
        this.#at++;
        this.#used = 0;
      }
    }
    return taken;
  }

  /** Takes all of the bytes, which must fit into `size`, perhaps after a wait for memory. Throws Refused. */
  async add(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      if (this.cramped) await this.grow();
      rest = rest.subarray(this.take(rest));
    }
  }

  /** The bytes that were taken, in order. */
  *[Symbol.iterator](): Generator<Uint8Array> {
    let left = this.#filled;
    for (const piece of this.#pieces) {
      if (left <= 0) return;
      yield piece.subarray(0, left);
      left -= piece.length;
    }
  }

  /** What was taken, as text. Throws TypeError when it is not UTF-8. */
  text(): string {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    let text = "";
    for (const piece of this) text += decoder.decode(piece, { stream: true });
    return text + decoder.decode();
  }

  /** Makes one piece of all, which takes as much memory again for a moment. Throws Refused. */
  async join(): Promise<void> {
    if (this.#pieces.length < 2) return;
    const bytes = this.#filled;
    await this.#holder.lease.grow(bytes);
    const joined = new Uint8Array(bytes);
    let at = 0;
    for (const piece of this) {
      joined.set(piece, at);
      at += piece.length;
    }
    this.release();
    this.#pieces.push(joined);
    this.#capacity = bytes;
    this.#filled = bytes;
    this.#at = 1;
  }

  /** Forgets what was taken, and keeps the memory for other bytes. */
  empty(): void {
    this.#filled = 0;
    this.#at = 0;
    this.#used = 0;
  }

  /** Gives all memory back. */
  release(): void {
    this.#holder.lease.shrink(this.#capacity);
    this.#pieces.length = 0;
    this.#capacity = 0;
    this.empty();
  }
}
