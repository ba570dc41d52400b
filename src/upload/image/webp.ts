import { type Dimensions, type Source, type Steps, byte, dimensions, text, u16le } from "./source.ts";

const RIFF_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;

/** Width and height have 14 bits each. Other things stand above them. */
const BITS_14 = 0x3fff;

/** RFC 9649 2.7: the canvas has at most 2^32 - 1 pixels. */
const MAX_CANVAS_PIXELS = 2 ** 32 - 1;

/**
 * WebP (RFC 9649): the first chunk says how large the image is. The orientation of an EXIF chunk is not followed,
 * because no browser follows it. Reserved bits are ignored, as the RFC wants.
 */
export function* webp(source: Source): Steps<Dimensions | null> {
  yield* source.skip(RIFF_BYTES);
  const type = text(yield* source.take(CHUNK_HEADER_BYTES), 0, 4);
  if (type === "VP8 ") return lossy(yield* source.take(10));
  if (type === "VP8L") return lossless(yield* source.take(5));
  if (type === "VP8X") return extended(yield* source.take(10));
  return null;
}

/** RFC 6386 9.1: a key frame's tag, its start code, and two sizes below two bits of scaling, which nobody applies. */
function lossy(frame: Uint8Array): Dimensions | null {
  const isKeyFrame = (byte(frame, 0) & 1) === 0;
  if (!isKeyFrame || text(frame, 3, 6) !== "\x9d\x01\x2a") return null;
  return dimensions(u16le(frame, 6) & BITS_14, u16le(frame, 8) & BITS_14);
}

/**
 * RFC 9649 3.4: a signature, two sizes that are stored less one, one bit for alpha, and three for the version, which is
 * 0.
 */
function lossless(header: Uint8Array): Dimensions | null {
  if (byte(header, 0) !== 0x2f || byte(header, 4) >> 5 !== 0) return null;
  const width = u16le(header, 1) & BITS_14;
  const height = (byte(header, 2) >> 6) | (byte(header, 3) << 2) | ((byte(header, 4) & 0x0f) << 10);
  return dimensions(width + 1, height + 1);
}

/** RFC 9649 2.7: flags, three reserved bytes, and the canvas, whose sides are stored less one. */
function extended(header: Uint8Array): Dimensions | null {
  const width = u24le(header, 4) + 1;
  const height = u24le(header, 7) + 1;
  return width * height > MAX_CANVAS_PIXELS ? null : dimensions(width, height);
}

const u24le = (bytes: Uint8Array, at: number): number => u16le(bytes, at) | (byte(bytes, at + 2) << 16);
