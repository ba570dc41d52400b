/** How large a JPEG image is shown. */

import { isExif, turnedBy } from "./exif.ts";
import { type Dimensions, type Source, type Steps, byte, dimensions, u16 } from "./source.ts";

/**
 * How many segments may come before the first scan. Each holds 64 KiB at most: a file of 100 MiB full of them has
 * 1,600.
 */
export const MAX_SEGMENTS = 4_096;

/**
 * How many bytes may belong to no segment: 0xFF to fill, and what broken writers leave between segments. They are read
 * one by one.
 */
export const MAX_STRAY_BYTES = 16 * 1024;

const TEM = 0x01;
const RST0 = 0xd0;
const RST7 = 0xd7;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP1 = 0xe1;

/** The bytes from 0xC0 to 0xCF begin a frame, but for these three: DHT, JPG, DAC. */
const NO_FRAMES = [0xc4, 0xc8, 0xcc];

/** How many bytes of an APP1 segment tell that it is EXIF: "Exif" and two more. */
const EXIF_NAME_BYTES = 6;

/**
 * JPEG (T.81 B.2): the frame header has the size. EXIF may stand in any APP1 segment before the scan, behind the frame
 * too. The first EXIF counts.
 */
export function* jpeg(source: Source): Steps<Dimensions | null> {
  yield* source.skip(2);
  const stray = { left: MAX_STRAY_BYTES };
  let frame: { width: number; height: number } | undefined;
  let turned: boolean | undefined;
  for (let left = MAX_SEGMENTS; left > 0; left--) {
    const marker = yield* nextMarker(source, stray);
    if (marker === SOS) return frame ? dimensions(frame.width, frame.height, turned) : null;
    if (marker === null || marker === SOI || marker === EOI) return null;
    if (marker === TEM || (marker >= RST0 && marker <= RST7)) continue;
    const size = u16(yield* source.take(2), 0) - 2;
    if (size < 0) return null;
    const end = source.at + size;
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker)) {
      if (frame || size < 6) return null;
      const header = yield* source.take(5);
      // A height of 0 means that the true one comes after the first scan, in a DNL segment. Browsers do not show such
      // files.
      frame = { width: u16(header, 3), height: u16(header, 1) };
    } else if (marker === APP1 && turned === undefined && size > EXIF_NAME_BYTES) {
      if (isExif(yield* source.take(EXIF_NAME_BYTES))) {
        const found = yield* turnedBy(source, end - source.at);
        if (found === null) return null;
        turned = found;
      }
    }
    yield* source.skip(end - source.at);
  }
  return null;
}

/** The next marker's second byte; null when too much lies before it. Any number of 0xFF may come first (B.1.1.2). */
function* nextMarker(source: Source, stray: { left: number }): Steps<number | null> {
  let previous = byte(yield* source.take(1), 0);
  for (;;) {
    const next = byte(yield* source.take(1), 0);
    if (previous === 0xff && next !== 0xff && next !== 0) return next;
    if (--stray.left < 0) return null;
    previous = next;
  }
}
