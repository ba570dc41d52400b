/** WebP files with the sizes that browsers show them in, and damaged ones. */

import { bytes, type ImageCase, image, le16, le24, le32, tiff } from "./bytes.ts";

/** 40 × 24 pixels of one colour, once in each kind of chunk. */
const LOSSLESS = Buffer.from("VlA4TBEAAAAvJ8AFAAdQsMIUuP+BiOh/AAA=", "base64");
const LOSSY = Buffer.from(
  "VlA4IDYAAAAwAwCdASooABgAP3G202G0ryqmJWgCkC4JZwDOsA8KmggAAP7Xlf1rlatKt4uE4l04WYTuAAA=",
  "base64",
);

const riff = (...chunks: Uint8Array[]): Buffer => {
  const body = bytes("WEBP", ...chunks);
  return bytes("RIFF", le32(body.length), body);
};
export const chunk = (type: string, content: Uint8Array): Buffer =>
  bytes(type, le32(content.length), content, content.length % 2 === 1 ? [0] : []);
export const extended = (width: number, height: number, flags = 0, reserved = 0): Buffer =>
  chunk("VP8X", bytes([flags], le24(reserved), le24(width - 1), le24(height - 1)));

const EXIF = 8;
const ANIMATED = 2;
const animation = bytes(
  chunk("ANIM", bytes(le32(0), le16(0))),
  chunk("ANMF", bytes(le24(1), le24(1), le24(39), le24(23), le24(100), [0], LOSSLESS)),
);

/** The same file with some bytes changed: those that stand there are XORed with the given ones. */
const changed = (file: Uint8Array, changes: Readonly<Record<number, number>>): Buffer => {
  const copy = Buffer.from(file);
  for (const [at, bits] of Object.entries(changes)) copy[Number(at)] = (copy[Number(at)] ?? 0) ^ bits;
  return copy;
};

export const WEBPS: readonly ImageCase[] = [
  image("lossless", riff(LOSSLESS), [40, 24]),
  image("lossy", riff(LOSSY), [40, 24]),
  image("lossy, scaled", changed(riff(LOSSY), { 27: 0x40, 29: 0x80 }), [40, 24]),
  image("extended", riff(extended(40, 24), LOSSLESS), [40, 24]),
  image("extended, with reserved bytes", riff(extended(40, 24, 0, 0xffffff), LOSSLESS), [40, 24]),
  image("extended, with reserved flags", riff(extended(40, 24, 0xc1), LOSSLESS), [40, 24]),
  image("extended, behind another chunk", riff(extended(40, 24), chunk("abcd", bytes([1, 2, 3])), LOSSLESS), [40, 24]),
  image("with an orientation", riff(extended(40, 24, EXIF), LOSSLESS, chunk("EXIF", tiff(6))), [40, 24]),
  image("animated", riff(extended(60, 50, ANIMATED), animation), [60, 50]),
  image("of the largest width", riff(extended(2 ** 24, 1, ANIMATED)), [2 ** 24, 1]),
  image("lossless, of 16,384", riff(chunk("VP8L", bytes([0x2f, 0xff, 0xff, 0xff, 0x0f]))), [16_384, 16_384]),
];

export const NO_WEBPS: readonly ImageCase[] = [
  image("lossless, of another version", changed(riff(LOSSLESS), { 24: 0x20 }), null),
  image("lossless, without its signature", changed(riff(LOSSLESS), { 20: 1 }), null),
  image("lossy, beginning with an inter frame", changed(riff(LOSSY), { 20: 1 }), null),
  image("lossy, without its start code", changed(riff(LOSSY), { 23: 1 }), null),
  image("lossy, of no width", changed(riff(LOSSY), { 26: 40 }), null),
  image("of more than 2^32 pixels", riff(extended(2 ** 24, 2 ** 24)), null),
  image("that begins with another chunk", riff(chunk("abcd", bytes([1, 2, 3])), LOSSLESS), null),
  image("without chunks", riff(), null),
];
