import { crc32 } from "node:zlib";

/** How large an image is shown, in pixels. */
export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

/** Asks for the next so many bytes (a positive number), passes over so many (a negative one), or takes any chunk (0). */
type Request = number;

/** A piece of a reader: asks for bytes as it goes, and comes to a T. */
export type Steps<T> = Generator<Request, T, Uint8Array>;

/** Reads one format: how large the image is shown, or null when it is none or there is nothing certain to tell. */
export type Reader = (source: Source) => Steps<Dimensions | null>;

/** The file is damaged or ends early, or would take more work than we give it: it has no dimensions for us. */
export class Unreadable extends Error {}

/** The most bytes that can be asked for at once, and so the most that are ever put together. The longest that a format
 * wants is one AVIF item's associations: 255 of 2 bytes. Bytes. */
export const MAX_TAKE_BYTES = 512;

/** What a reader may ask for, one file: each box, segment, chunk and entry costs one to three requests. Every format has
 * tighter bounds of its own, which this one does not replace; it holds should one of them be forgotten. */
export const MAX_REQUESTS = 65_536;

/** How often a reader may ask at the file's end: once for each box that it is in. */
const MAX_ENDINGS = 8;

export const NOTHING: Uint8Array = new Uint8Array(0);

/** The file as a reader sees it: bytes in order, none twice. */
export class Source {
  /** How many bytes of the file have been taken or passed over: where the next one stands. */
  at = 0;
  /** What the reader has cost so far: how often it asked, and how many bytes it looked at. */
  requests = 0;
  looked = 0;
  /** Set to a number, it becomes the CRC-32 of what comes; nothing is passed over unseen then. */
  crc: number | undefined;

  /** The next `size` bytes, a copy. */
  *take(size: number): Steps<Uint8Array> {
    if (size === 0) return NOTHING;
    this.#count(size);
    const bytes = yield size;
    if (bytes.length < size) throw new Unreadable("cut off");
    if (this.crc !== undefined) this.crc = crc32(bytes, this.crc);
    return bytes;
  }

  /** The same, or null when the file ends before the first of them. */
  *takeOrEnd(size: number): Steps<Uint8Array | null> {
    this.#count(size);
    const bytes = yield size;
    if (bytes.length > 0 && bytes.length < size) throw new Unreadable("cut off");
    return bytes.length === 0 ? null : bytes;
  }

  /** Passes over `size` bytes. A file that ends among them is cut off, unless `size` is Infinity. */
  *skip(size: number): Steps<void> {
    if (size <= 0) return;
    if (this.crc !== undefined) {
      for (let left = size; left > 0; left -= MAX_TAKE_BYTES) yield* this.take(Math.min(left, MAX_TAKE_BYTES));
      return;
    }
    this.#count(0);
    this.at += size;
    yield -size;
  }

  /** At least one byte, as they come, no copy: good until the next request. Null at the file's end. Whoever asks counts
   * what it looks at. */
  *chunk(): Steps<Uint8Array | null> {
    const bytes = yield 0;
    this.at += bytes.length;
    return bytes.length === 0 ? null : bytes;
  }

  #count(taken: number): void {
    if (taken > MAX_TAKE_BYTES) throw new Error(`a reader asked for ${taken} bytes at once`);
    if (++this.requests > MAX_REQUESTS) throw new Unreadable("too much to read");
    this.at += taken;
    this.looked += taken;
  }
}

/** Feeds a reader with chunks of any size. Passing over bytes costs nothing but the chunks' number; no more than
 * MAX_TAKE_BYTES are ever kept from one chunk to the next. */
export class Feed {
  readonly source = new Source();
  readonly #steps: Steps<Dimensions | null>;
  #request: Request = 0;
  /** Bytes still to pass over. */
  #skipping = 0;
  /** The beginning of what was asked for, when a chunk ended in its midst. */
  #kept: Uint8Array = NOTHING;
  #result: Dimensions | null = null;
  #done = false;

  constructor(reader: Reader) {
    this.#steps = reader(this.source);
    this.#answer(NOTHING);
  }

  /** Whether the reader has come to an end: it needs no more bytes. */
  get done(): boolean {
    return this.#done;
  }

  /** What the reader came to. */
  get result(): Dimensions | null {
    return this.#result;
  }

  write(chunk: Uint8Array): void {
    let at = 0;
    while (!this.#done && at < chunk.length) {
      const left = chunk.length - at;
      if (this.#skipping > 0) {
        const passed = Math.min(left, this.#skipping);
        this.#skipping -= passed;
        at += passed;
        if (this.#skipping === 0) this.#answer(NOTHING);
      } else if (this.#request === 0) {
        this.#answer(chunk.subarray(at));
        at = chunk.length;
      } else {
        const taken = chunk.subarray(at, at + this.#request - this.#kept.length);
        at += taken.length;
        const bytes = join(this.#kept, taken);
        if (bytes.length === this.#request) this.#answer(bytes);
        else this.#kept = bytes;
      }
    }
  }

  /** The file has ended: whatever the reader asks for from now on is not there. */
  end(): void {
    for (let left = MAX_ENDINGS; left > 0 && !this.#done; left--) {
      if (this.#skipping > 0 && this.#skipping < Infinity) break;
      this.#answer(this.#kept);
    }
    this.#done = true;
  }

  #answer(bytes: Uint8Array): void {
    this.#kept = NOTHING;
    this.#skipping = 0;
    try {
      const { done, value } = this.#steps.next(bytes);
      if (done === true) this.#result = value;
      else {
        this.#request = value;
        this.#skipping = Math.max(0, -value);
      }
      this.#done = done === true;
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#done = true;
    }
  }
}

/** Always a copy: a view would keep the whole chunk alive. */
function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** Big-endian numbers of 16 and 32 bits, unsigned. The caller knows that the bytes are there. */
export const u16 = (bytes: Uint8Array, at: number): number => (byte(bytes, at) << 8) | byte(bytes, at + 1);
export const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 65_536 + u16(bytes, at + 2);

/** The same, little-endian. */
export const u16le = (bytes: Uint8Array, at: number): number => byte(bytes, at) | (byte(bytes, at + 1) << 8);
export const u32le = (bytes: Uint8Array, at: number): number => u16le(bytes, at) + u16le(bytes, at + 2) * 65_536;

export const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

/** Latin-1: every byte is one character. */
export function text(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return String.fromCharCode(...bytes.subarray(from, Math.min(to, from + MAX_TAKE_BYTES)));
}

/** A size that an image can have, else null; turned by a quarter when it is shown so. */
export function dimensions(width: number, height: number, turned = false): Dimensions | null {
  if (![width, height].every((side) => Number.isSafeInteger(side) && side >= 1)) return null;
  return turned ? { width: height, height: width } : { width, height };
}
