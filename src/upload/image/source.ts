/**
 * What every reader of an image format stands on. A reader is a generator that asks for bytes as it goes. A Source is
 * the file as the reader sees it, and a Feed gives the reader chunks of any size.
 */

import { crc32 } from "node:zlib";

/** How large an image is shown, in pixels. */
export interface Dimensions {
  readonly width: number;
  readonly height: number;
}

/**
 * What a reader asks for. A positive number is how many bytes it wants next, and a negative one how many to pass over.
 * 0 stands for a chunk of any size.
 */
type Request = number;

/** A part of a reader: asks for bytes as it goes, and returns a T in the end. */
export type Steps<T> = Generator<Request, T, Uint8Array>;

/**
 * Reads one format. Returns how large the image is shown, or null when there is no image or nothing certain to tell.
 */
export type Reader = (source: Source) => Steps<Dimensions | null>;

/** The file is damaged, ends early, or would take more work than it is given. It has no dimensions then. */
export class Unreadable extends Error {}

/**
 * The most bytes that can be asked for at once, and so the most that are ever put together. The longest request of any
 * format is for the associations of one AVIF item: 255 of 2 bytes.
 */
export const MAX_TAKE_BYTES = 512;

/**
 * How often a reader may ask for something in one file. Each box, segment, chunk and entry costs one to three requests.
 * Every format has tighter bounds of its own, which this one does not replace: it holds should one of them be
 * forgotten.
 */
export const MAX_REQUESTS = 65_536;

/** How often a reader may ask at the file's end: once for each box that it is in. */
const MAX_ENDINGS = 8;

export const NOTHING: Uint8Array = new Uint8Array(0);

/** The file as a reader sees it: its bytes in order, each of them once. */
export class Source {
  /** How many bytes of the file have been taken or passed over: where the next one stands. */
  at = 0;
  /** What the reader has cost so far: how often it asked, and how many bytes it looked at. */
  requests = 0;
  looked = 0;
  /** Once it is set to a number, it becomes the CRC-32 of what comes. Nothing is passed over unseen then. */
  crc: number | undefined;

  /** Returns a copy of the next `size` bytes. Throws Unreadable when the file ends among them. */
  *take(size: number): Steps<Uint8Array> {
    if (size === 0) return NOTHING;
    this.#count(size);
    const bytes = yield size;
    if (bytes.length < size) throw new Unreadable("cut off");
    if (this.crc !== undefined) this.crc = crc32(bytes, this.crc);
    return bytes;
  }

  /** Returns the same, or null when the file ends before the first of them. */
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

  /**
   * Returns bytes as they come, at least one; null at the file's end. They are no copy, and are good until the next
   * request. The caller counts the bytes that it looks at.
   */
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

/**
 * Feeds a reader with chunks of any size. To pass over bytes costs as much as there are chunks, whatever their sizes.
 * From one chunk to the next, no more than MAX_TAKE_BYTES are ever kept.
 */
export class Feed {
  readonly source = new Source();
  readonly #steps: Steps<Dimensions | null>;
  #request: Request = 0;
  /** Bytes still to pass over. */
  #skipping = 0;
  /** The beginning of what was asked for, when a chunk ended in the middle of it. */
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

  /** Whether the reader has returned, or given up. */
  get isDone(): boolean {
    return this.#done;
  }

  /** What the reader returned; null until then. */
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

  /** Says that the file has ended: whatever the reader asks for from now on is not there. */
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

/** Reads unsigned big-endian numbers of 16 and 32 bits. The caller knows that the bytes are there. */
export const u16 = (bytes: Uint8Array, at: number): number => (byte(bytes, at) << 8) | byte(bytes, at + 1);
export const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 65_536 + u16(bytes, at + 2);

/** Reads the same numbers, little-endian. */
export const u16le = (bytes: Uint8Array, at: number): number => byte(bytes, at) | (byte(bytes, at + 1) << 8);
export const u32le = (bytes: Uint8Array, at: number): number => u16le(bytes, at) + u16le(bytes, at + 2) * 65_536;

export const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;

/** The bytes as Latin-1, in which every byte is one character. */
export function text(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return String.fromCharCode(...bytes.subarray(from, Math.min(to, from + MAX_TAKE_BYTES)));
}

/**
 * The size, if an image can have it, else null. `turned` swaps the sides of an image that is turned by a quarter when
 * it is shown.
 */
export function dimensions(width: number, height: number, turned = false): Dimensions | null {
  if (![width, height].every((side) => Number.isSafeInteger(side) && side >= 1)) return null;
  return turned ? { width: height, height: width } : { width, height };
}
