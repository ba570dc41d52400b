/** GIF files with the sizes that browsers show them in, and the parts that they are made of. */

import { bytes, type ImageCase, image, le16, type Part } from "./bytes.ts";

/** 40 × 24 pixels of one colour, from the code size on. */
const PIXELS = Buffer.from("Ah2Ej6nL7Q+jnLTai7PevPsPhuJIluaJpurKtu4rFQA=", "base64");
const TRAILER = ";";

export const screen = (width: number, height: number, version = "89"): Buffer =>
  bytes(`GIF${version}a`, le16(width), le16(height), [0xf0, 0, 0, 0, 0, 255, 255, 0, 0]);
const picture = (x: number, y: number): Buffer => bytes(",", le16(x), le16(y), le16(40), le16(24), [0], PIXELS);
const control = bytes("!", [0xf9, 4, 0, 10, 0, 0, 0]);

/** An extension of so many sub-blocks of 255 bytes. */
export const extension = (label: number, blocks: number): Buffer =>
  bytes("!", [label], Buffer.alloc(blocks * 256, 255), [0]);

export const gif = (...parts: Part[]): Buffer => bytes(...parts, TRAILER);

export const GIFS: readonly ImageCase[] = [
  image("plain", gif(screen(40, 24), picture(0, 0)), [40, 24]),
  image("of 1987", gif(screen(40, 24, "87"), picture(0, 0)), [40, 24]),
  image("smaller than its screen", gif(screen(320, 200), control, picture(5, 3)), [320, 200]),
  image("larger than its screen", gif(screen(10, 10), control, picture(5, 3)), [45, 27]),
  image("wider than its screen", gif(screen(20, 90), control, picture(0, 0)), [40, 90]),
  image("without a screen", gif(screen(0, 0), picture(5, 3)), [45, 27]),
  image("of 256 colours", gif("GIF89a", le16(40), le16(24), [0xf7, 0, 0], Buffer.alloc(768), picture(0, 0)), [40, 24]),
  image("of local colours", gif("GIF89a", le16(40), le16(24), [0, 0, 0], picture(0, 0)), [40, 24]),
  image("behind comments", gif(screen(40, 24), extension(0xfe, 300), extension(0xff, 1), picture(0, 0)), [40, 24]),
  image(
    "of two pictures, the second larger",
    gif(screen(40, 24), control, picture(0, 0), control, picture(30, 30)),
    [40, 24],
  ),
  image("without a picture", gif(screen(320, 200)), [320, 200]),
];

export const NO_GIFS: readonly ImageCase[] = [
  image("of another version", gif("GIF88a", screen(40, 24).subarray(6), picture(0, 0)), null),
  image("without a screen or a picture", gif(screen(0, 0)), null),
  image("with an unknown block", gif(screen(40, 24), [1], picture(0, 0)), null),
  image("with colours cut off", screen(40, 24).subarray(0, 17), null),
  image("that ends in a comment", bytes(screen(40, 24), extension(0xfe, 3).subarray(0, 300)), null),
];
