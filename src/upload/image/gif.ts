/** How large a GIF image is shown. */

import { type Dimensions, type Source, type Steps, byte, dimensions, u16le } from "./source.ts";

/**
 * How many blocks may come before the first picture. At 255 bytes at most, these are 1 MiB of comments and profiles.
 */
export const MAX_BLOCKS = 4_096;

const HEADER_BYTES = 6;

const EXTENSION = 0x21;
const PICTURE = 0x2c;
const TRAILER = 0x3b;

/**
 * GIF: the image is as large as the logical screen. A first picture that reaches beyond the screen enlarges it, as it
 * does in browsers: so files are shown whose screen is 0 × 0. A file may hold no picture at all (GIF89a, appendix B).
 * The screen is then all there is.
 */
export function* gif(source: Source): Steps<Dimensions | null> {
  yield* source.skip(HEADER_BYTES);
  const screen = yield* source.take(7);
  const width = u16le(screen, 0);
  const height = u16le(screen, 2);
  const flags = byte(screen, 4);
  // The global colour table: three bytes for each of 2 to 256 colours.
  if ((flags & 0x80) !== 0) yield* source.skip(3 * 2 ** ((flags & 7) + 1));
  for (let left = MAX_BLOCKS; left > 0; left--) {
    const next = yield* source.takeOrEnd(1);
    const kind = next ? byte(next, 0) : TRAILER;
    if (kind === TRAILER) return dimensions(width, height);
    if (kind === PICTURE) {
      const picture = yield* source.take(8);
      const right = u16le(picture, 0) + u16le(picture, 4);
      const bottom = u16le(picture, 2) + u16le(picture, 6);
      return dimensions(Math.max(width, right), Math.max(height, bottom));
    }
    if (kind !== EXTENSION) return null;
    yield* source.skip(1);
    // Sub-blocks stand behind their lengths. One of length 0 ends them.
    for (;;) {
      const size = byte(yield* source.take(1), 0);
      if (size === 0) break;
      if (--left <= 0) return null;
      yield* source.skip(size);
    }
  }
  return null;
}
