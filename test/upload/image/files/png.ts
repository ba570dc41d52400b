/** PNG files with the sizes that browsers show them in, and the parts that they are made of. */

import { crc32, deflateSync } from "node:zlib";
import { be32, bytes, type ImageCase, image, tiff } from "./bytes.ts";

export const SIGNATURE = bytes("\x89PNG\r\n\x1a\n");

export const chunk = (type: string, content: Uint8Array = Buffer.alloc(0)): Buffer => {
  const body = bytes(type, content);
  return bytes(be32(content.length), body, be32(crc32(body)));
};

/** An IHDR chunk of 8 bits of grey. */
export const ihdr = (width: number, height: number): Buffer =>
  chunk("IHDR", bytes(be32(width), be32(height), [8, 0, 0, 0, 0]));

const idat = (width: number, height: number): Buffer => chunk("IDAT", deflateSync(Buffer.alloc(height * (width + 1))));

/** A PNG with these chunks before its image data. */
export const png = (width: number, height: number, before: Buffer[] = [], after: Buffer[] = []): Buffer =>
  bytes(SIGNATURE, ihdr(width, height), ...before, idat(width, height), ...after, chunk("IEND"));

/** A chunk with a wrong checksum. */
export const damaged = (it: Buffer): Buffer => bytes(it.subarray(0, -1), [(it.at(-1) ?? 0) ^ 1]);

const exif = (orientation: number | undefined, options = {}): Buffer => chunk("eXIf", tiff(orientation, options));

/** An animation of two frames: a canvas, and a smaller picture on it. */
const animated = (): Buffer =>
  png(40, 24, [
    chunk("acTL", bytes(be32(1), be32(0))),
    chunk("fcTL", bytes(be32(0), be32(40), be32(24), be32(0), be32(0), [0, 1, 0, 10, 0, 0])),
  ]);

export const PNGS: readonly ImageCase[] = [
  image("plain", png(40, 24), [40, 24]),
  image("behind many chunks", png(40, 24, Array(50).fill(chunk("tEXt", bytes("a\0b")))), [40, 24]),
  image("behind a large chunk", png(40, 24, [chunk("teSt", Buffer.alloc(400_000))]), [40, 24]),
  image("animated", animated(), [40, 24]),
  ...[1, 2, 3, 4].map((it) => image(`orientation ${it}`, png(40, 24, [exif(it)]), [40, 24])),
  ...[5, 6, 7, 8].map((it) => image(`orientation ${it}`, png(40, 24, [exif(it)]), [24, 40])),
  image("orientation, little-endian", png(40, 24, [exif(6, { little: true })]), [24, 40]),
  image("orientation behind the image data", png(40, 24, [], [exif(6)]), [40, 24]),
  image("orientation with a JPEG's prefix", png(40, 24, [chunk("eXIf", bytes("Exif\0\0", tiff(6)))]), [40, 24]),
  image("orientation far behind its chunk's beginning", png(40, 24, [exif(6, { ifdAt: 100_000 })]), [24, 40]),
  image("orientation in a damaged chunk", png(40, 24, [damaged(exif(6))]), [40, 24]),
  image("orientation behind a damaged one", png(40, 24, [damaged(exif(1)), exif(6)]), [24, 40]),
  image("two orientations", png(40, 24, [exif(6), exif(1)]), [24, 40]),
  image("EXIF without an orientation, then with one", png(40, 24, [exif(undefined), exif(6)]), [40, 24]),
];

export const NO_PNGS: readonly ImageCase[] = [
  image("EXIF that is too large", png(40, 24, [exif(6, { ifdAt: 300_000 })]), null),
  image("no width", png(0, 24), null),
  image("no height", png(40, 0), null),
  image("a width over 2^31", bytes(SIGNATURE, ihdr(2 ** 31, 24), idat(1, 1), chunk("IEND")), null),
  image("no image data", bytes(SIGNATURE, ihdr(40, 24), chunk("IEND")), null),
  image("nothing behind the header", bytes(SIGNATURE, ihdr(40, 24)), null),
  image(
    "another chunk first",
    bytes(SIGNATURE, chunk("tEXt", bytes("a\0b")), ihdr(40, 24), idat(40, 24), chunk("IEND")),
    null,
  ),
  image(
    "an iPhone's chunk first",
    bytes(SIGNATURE, chunk("CgBI", bytes(be32(0))), ihdr(40, 24), idat(40, 24), chunk("IEND")),
    null,
  ),
  image("a directory with more entries than are looked at", png(40, 24, [exif(6, { before: 600 })]), null),
];
