/** How large a PNG image is shown. */

import { crc32 } from "node:zlib";
import { turnedBy } from "./exif.ts";
import { type Dimensions, type Source, type Steps, dimensions, text, u32 } from "./source.ts";

/** How many chunks may come before the first image data: profiles, texts, a palette. Ten are many. */
export const MAX_CHUNKS = 4_096;

/**
 * How many bytes the eXIf chunks whose checksums are computed may have, all together. The EXIF of a JPEG has 64 KiB at
 * most.
 */
export const MAX_EXIF_BYTES = 256 * 1024;

const SIGNATURE_BYTES = 8;
const CRC_BYTES = 4;

/** PNG 5.3: lengths and sizes are below 2^31. */
const MAX_NUMBER = 2 ** 31 - 1;

/**
 * PNG (and APNG, whose canvas is the same). The size stands in IHDR, the first chunk. The orientation stands in eXIf:
 * browsers follow the first one only, and only if it comes before the image data.
 */
export function* png(source: Source): Steps<Dimensions | null> {
  yield* source.skip(SIGNATURE_BYTES);
  const header = yield* source.take(16);
  const width = u32(header, 8);
  const height = u32(header, 12);
  if (u32(header, 0) !== 13 || text(header, 4, 8) !== "IHDR" || width > MAX_NUMBER || height > MAX_NUMBER) return null;
  yield* source.skip(5 + CRC_BYTES);
  let turned: boolean | undefined;
  let exif = MAX_EXIF_BYTES;
  for (let left = MAX_CHUNKS; left > 0; left--) {
    const chunk = yield* source.take(8);
    const size = u32(chunk, 0);
    const type = text(chunk, 4, 8);
    if (type === "IDAT") return dimensions(width, height, turned);
    if (type === "IEND" || type === "IHDR" || size > MAX_NUMBER) return null;
    if (type === "eXIf" && turned === undefined) {
      exif -= size;
      if (exif < 0) return null;
      const end = source.at + size;
      source.crc = crc32(chunk.subarray(4));
      const found = yield* turnedBy(source, size);
      if (found === null) return null;
      yield* source.skip(end - source.at);
      const { crc } = source;
      source.crc = undefined;
      // A damaged chunk is passed over, as if it were not there.
      if (u32(yield* source.take(CRC_BYTES), 0) === crc) turned = found;
    } else {
      yield* source.skip(size + CRC_BYTES);
    }
  }
  return null;
}
