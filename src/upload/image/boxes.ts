/** The boxes that an ISO base media file consists of (ISO/IEC 14496-12 4.2), read one after the other. */

import { type Source, type Steps, Unreadable, text, u32 } from "./source.ts";

/**
 * How many boxes of one file are looked at. A still image has thirty, and one of a hundred tiles may have some
 * hundreds.
 */
export const MAX_BOXES = 4_096;

export interface Box {
  readonly type: string;
  /** Where its content ends; Infinity when that is the file's end. */
  readonly end: number;
}

/** The boxes of a file, counted. */
export class Boxes {
  readonly source: Source;
  #left = MAX_BOXES;

  constructor(source: Source) {
    this.source = source;
  }

  /**
   * Reads the header of the next box before `end`, and returns the box; null when there is none. Its content is then to
   * be read, or left.
   */
  *next(end: number): Steps<Box | null> {
    const start = this.source.at;
    if (end - start < 8) return null;
    if (--this.#left < 0) throw new Unreadable("too many boxes");
    const header = yield* this.source.takeOrEnd(8);
    if (!header) {
      if (end === Infinity) return null;
      throw new Unreadable("cut off");
    }
    const type = text(header, 4, 8);
    let size = u32(header, 0);
    // A size of 0 means that the box goes on as far as it can.
    if (size === 0) return { type, end };
    if (size === 1) {
      const long = yield* this.source.take(8);
      size = u32(long, 0) * 2 ** 32 + u32(long, 4);
    }
    if (start + size < this.source.at || start + size > end) throw new Unreadable("a box that does not fit");
    return { type, end: start + size };
  }

  /** Passes over what is left of a box. */
  *leave(box: Box): Steps<void> {
    if (this.source.at > box.end) throw new Unreadable("a box that is too short for what it holds");
    yield* this.source.skip(box.end - this.source.at);
  }
}
