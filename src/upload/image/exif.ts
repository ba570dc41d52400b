/** EXIF: whether an image is turned by a quarter when it is shown, which swaps its sides. */

import { type Source, type Steps, byte, text, u16, u16le, u32, u32le } from "./source.ts";

/** How many entries of the first directory are looked at. Cameras write ten to thirty. */
export const MAX_ENTRIES = 512;

/** The length of the TIFF header: byte order, 42, and the offset of the first directory. Bytes. */
const HEADER_BYTES = 8;
const ENTRY_BYTES = 12;

const ORIENTATION = 0x0112;
const SHORT = 3;

/**
 * Reads an EXIF block (a TIFF structure, TIFF 6.0 section 2) of `size` bytes, up to its orientation. Returns whether
 * the image is turned by a quarter (orientations 5 to 8), so that its sides are swapped when it is shown. Null when the
 * orientation may stand behind what is looked at.
 *
 * It reads as browsers do: the first entry that is a single SHORT from 1 to 8 counts, and a damaged block turns
 * nothing.
 */
export function* turnedBy(source: Source, size: number): Steps<boolean | null> {
  if (size < HEADER_BYTES) return false;
  const header = yield* source.take(HEADER_BYTES);
  const order = text(header, 0, 4);
  if (order !== "II*\0" && order !== "MM\0*") return false;
  const [short, long] = order === "II*\0" ? [u16le, u32le] : [u16, u32];
  const offset = long(header, 4);
  if (offset + 2 > size) return false;
  if (offset < HEADER_BYTES) return null;
  yield* source.skip(offset - HEADER_BYTES);
  const stated = short(yield* source.take(2), 0);
  const entries = Math.min(stated, Math.floor((size - offset - 2) / ENTRY_BYTES));
  for (let left = entries; left > 0; left--) {
    if (entries - left === MAX_ENTRIES) return null;
    const entry = yield* source.take(ENTRY_BYTES);
    if (short(entry, 0) !== ORIENTATION || short(entry, 2) !== SHORT || long(entry, 4) !== 1) continue;
    const orientation = short(entry, 8);
    if (orientation >= 1 && orientation <= 8) return orientation >= 5;
  }
  return false;
}

/** Whether an application segment is EXIF. Like browsers, it looks at the name and one zero. */
export const isExif = (bytes: Uint8Array): boolean => text(bytes, 0, 4) === "Exif" && byte(bytes, 4) === 0;
