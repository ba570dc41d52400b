import { turnedBy } from "./exif.ts";
import { type Dimensions, type Source, type Steps, dimensions, text, u32 } from "./source.ts";

/** Chunks before the first image data: profiles, texts, a palette. Ten are many. */
export const MAX_CHUNKS = 4_096;

const SIGNATURE_BYTES = 8;
const CRC_BYTES = 4;

/** PNG 5.3: lengths and sizes are below 2^31. */
const MAX_NUMBER = 2 ** 31 - 1;

/**
 * PNG (and APNG, whose canvas is the same): the size stands in IHDR, the first chunk; the orientation in eXIf, which
 * browsers follow if it comes before the image data, the first one only.
 */
export function* png(source: Source): Steps<Dimensions | null> {
  yield* source.skip(SIGNATURE_BYTES);
  const header = yield* source.take(16);
  const width = u32(header, 8);
  const height = u32(header, 12);
  if (u32(header, 0) !== 13 || text(header, 4, 8) !== "IHDR" || width > MAX_NUMBER || height > MAX_NUMBER) return null;
  yield* source.skip(5 + CRC_BYTES);
  let turned: boolean | undefined;
  for (let left = MAX_CHUNKS; left > 0; left--) {
    const chunk = yield* source.take(8);
    const size = u32(chunk, 0);
    const type = text(chunk, 4, 8);
    if (type === "IDAT") return dimensions(width, height, turned);
    if (type === "IEND" || type === "IHDR" || size > MAX_NUMBER) return null;
    const end = source.at + size;
    if (type === "eXIf" && turned === undefined) {
      const found = yield* turnedBy(source, size);
      if (found === null) return null;
      turned = found;
    }
    yield* source.skip(end - source.at + CRC_BYTES);
  }
  return null;
}
