/** JPEG files with the sizes that browsers show them in, and the parts that they are made of. */

import { be16, bytes, type ImageCase, image, type Part, tiff } from "./bytes.ts";

/** A grey image of 40 × 24, in its segments. */
const TABLES = Buffer.from(
  "/9sAQwAoHB4jHhkoIyEjLSsoMDxkQTw3Nzx7WF1JZJGAmZaPgIyKoLTmw6Cq2q2KjMj/y9ru9f///5vB////+v/m/f/4",
  "base64",
);
const CODES = Buffer.from("/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAAAAAAAAAA", "base64");
const SCAN = Buffer.from("/9oACAEBAAA/AIAAAAA/", "base64");
const SOI = [0xff, 0xd8];
const EOI = [0xff, 0xd9];

export const segment = (marker: number, ...content: Part[]): Buffer => {
  const body = bytes(...content);
  return bytes([0xff, marker], be16(body.length + 2), body);
};
const frame = (width: number, height: number, marker = 0xc0): Buffer =>
  segment(marker, [8], be16(height), be16(width), [1, 1, 0x11, 0]);
export const exif = (orientation: number | undefined, options = {}): Buffer =>
  segment(0xe1, "Exif\0\0", tiff(orientation, options));
const jfif = segment(0xe0, "JFIF\0", [1, 1, 0, 0, 1, 0, 1, 0, 0]);

/** An image with these segments before its tables and frame. */
export const jpeg = (...before: Part[]): Buffer => bytes(SOI, ...before, TABLES, frame(40, 24), CODES, SCAN, EOI);
const framed = (first: Part, ...behind: Part[]): Buffer => bytes(SOI, TABLES, first, ...behind, CODES, SCAN, EOI);

const profile = Array<Buffer>(20).fill(segment(0xe2, "ICC_PROFILE\0", Buffer.alloc(60_000)));
const xmp = segment(0xe1, "http://ns.adobe.com/xap/1.0/\0", "<x:xmpmeta/>");
/** A thumbnail, which is a whole JPEG in a segment. */
const thumbnail = segment(0xed, bytes(SOI, frame(8, 8), SCAN, EOI));
const TEM = [0xff, 0x01];
const RST = [0xff, 0xd0];

export const JPEGS: readonly ImageCase[] = [
  image("plain", jpeg(jfif), [40, 24]),
  image("without JFIF", jpeg(), [40, 24]),
  ...[1, 2, 3, 4, 9, 0].map((it) => image(`orientation ${it}`, jpeg(exif(it)), [40, 24])),
  ...[5, 6, 7, 8].map((it) => image(`orientation ${it}`, jpeg(exif(it)), [24, 40])),
  image("orientation, little-endian", jpeg(jfif, exif(6, { little: true })), [24, 40]),
  image("orientation in a directory that stands far off", jpeg(exif(6, { ifdAt: 60_000 })), [24, 40]),
  image("orientation in an odd place", jpeg(exif(6, { ifdAt: 9 })), [24, 40]),
  image("orientation behind 200 others", jpeg(exif(6, { before: 200 })), [24, 40]),
  image("orientation of another type", jpeg(exif(6, { type: 4 })), [40, 24]),
  image("two values of orientation", jpeg(exif(6, { count: 2 })), [40, 24]),
  image("EXIF of another magic number", jpeg(exif(6, { magic: 43 })), [40, 24]),
  image("EXIF behind XMP", jpeg(jfif, xmp, exif(6)), [24, 40]),
  image("EXIF behind a profile", jpeg(jfif, ...profile, exif(6)), [24, 40]),
  image("EXIF behind the frame", framed(frame(40, 24), exif(6)), [24, 40]),
  image("EXIF behind the scan", bytes(jpeg().subarray(0, -2), exif(6), EOI), [40, 24]),
  image("EXIF in another segment", jpeg(segment(0xe2, "Exif\0\0", tiff(6))), [40, 24]),
  image("EXIF with another padding", jpeg(segment(0xe1, "Exif\0x", tiff(6))), [24, 40]),
  image("EXIF twice, turned first", jpeg(exif(6), exif(1)), [24, 40]),
  image("EXIF twice, upright first", jpeg(exif(1), exif(6)), [40, 24]),
  image("EXIF twice, the first without orientation", jpeg(exif(undefined), exif(6)), [40, 24]),
  image("EXIF twice, the first empty", jpeg(segment(0xe1, "Exif\0\0"), exif(6)), [24, 40]),
  image("EXIF twice, the first damaged", jpeg(segment(0xe1, "Exif\0\0XX", Buffer.alloc(20)), exif(6)), [40, 24]),
  image("1.2 MB of profile", jpeg(jfif, ...profile), [40, 24]),
  image("a thumbnail", jpeg(jfif, thumbnail), [40, 24]),
  image("fill bytes", jpeg([0xff, 0xff, 0xff], jfif, Buffer.alloc(5_000, 255), xmp, [0xff]), [40, 24]),
  image("bytes between segments", jpeg(jfif, [1, 2, 3], xmp, [0xff, 0, 0]), [40, 24]),
  image("markers without a length", jpeg(TEM, RST, jfif), [40, 24]),
  image("an empty segment", jpeg(segment(0xe5)), [40, 24]),
  ...[0xc1, 0xc2, 0xc9, 0xca].map((it) => image(`frame ${it.toString(16)}`, framed(frame(40, 24, it)), [40, 24])),
  // Lossless and hierarchical JPEGs. Browsers do not show them, but their size is known.
  ...[0xc3, 0xc5, 0xc6, 0xc7, 0xcb, 0xcd, 0xce, 0xcf].map((it) =>
    image(`frame ${it.toString(16)}`, framed(frame(40, 24, it)), [40, 24]),
  ),
];

export const NO_JPEGS: readonly ImageCase[] = [
  image("no frame", bytes(SOI, jfif, TABLES, CODES, SCAN, EOI), null),
  image("no scan", bytes(SOI, jfif, TABLES, frame(40, 24)), null),
  image("no scan, but an end", bytes(SOI, jfif, TABLES, frame(40, 24), EOI), null),
  image("an end first", jpeg(EOI), null),
  image("a beginning in its midst", jpeg(SOI), null),
  image("two frames", framed(frame(40, 24), frame(80, 48)), null),
  image("a height that is told later", framed(frame(40, 0)), null),
  image("no width", framed(frame(0, 24)), null),
  image("a frame that is too short", framed(segment(0xc0, [8, 0, 24])), null),
  image("a segment of length 1", jpeg([0xff, 0xe5, 0, 1]), null),
  image("bytes before the first marker", bytes(SOI, [1, 2, 3], jpeg().subarray(2)), null),
  image("a directory with more entries than are looked at", jpeg(exif(6, { before: 600 })), null),
  image("an AC table where a frame should be", framed(frame(40, 24, 0xc4)), null),
];
