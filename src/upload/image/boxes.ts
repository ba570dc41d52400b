import { type Source, type Steps, Unreadable, text, u32 } from "./source.ts";

/** Boxes of one file that are looked at. A still image has thirty; one of a hundred tiles may have some hundreds. */
export const MAX_BOXES = 4_096;

export interface Box {
  readonly type: string;
  /** Where its content ends; Infinity when that is the file's end. */
  readonly end: number;
}

/** The boxes of an ISO base media file (ISO/IEC 14496-12 4.2), counted. */
export class Boxes {
  readonly source: Source;
  #left = MAX_BOXES;

  constructor(source: Source) {
    this.source = source;
  }

  /** The next box before `end`, its header read; null when there is none. Its content is to be read, or left. */
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
    // 0: the box goes on as far as it can.
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
