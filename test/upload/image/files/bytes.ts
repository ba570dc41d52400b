/** Makes files byte by byte. They are real images: a browser shows those that have a `size` in just that size. */

export type Part = string | readonly number[] | Uint8Array;

/** Joins bytes. Strings are Latin-1. */
export const bytes = (...parts: Part[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))));

export const be16 = (n: number): number[] => [(n >> 8) & 255, n & 255];
export const be32 = (n: number): number[] => [...be16(n >>> 16), ...be16(n & 65_535)];
export const be64 = (n: number): number[] => [...be32(Math.floor(n / 2 ** 32)), ...be32(n >>> 0)];
export const le16 = (n: number): number[] => be16(n).toReversed();
export const le24 = (n: number): number[] => [n & 255, (n >> 8) & 255, n >> 16];
export const le32 = (n: number): number[] => be32(n).toReversed();

/** The width and height that a record should have; null where nothing is certain. */
export type Size = readonly [width: number, height: number] | null;

export interface ImageCase {
  readonly name: string;
  readonly file: Uint8Array;
  readonly size: Size;
}

export const image = (name: string, file: Uint8Array, size: Size): ImageCase => ({ name, file, size });

interface Tiff {
  readonly little?: boolean;
  /** The offset of the first directory. 8 is right behind the header. */
  readonly ifdAt?: number;
  /** The type of the entry. 3 is SHORT. */
  readonly type?: number;
  readonly count?: number;
  readonly magic?: number;
  /** How many entries stand before the orientation's. */
  readonly before?: number;
}

/** The TIFF structure of an EXIF block, with an orientation or without one. */
export function tiff(orientation: number | undefined, options: Tiff = {}): Buffer {
  const { little = false, ifdAt = 8, type = 3, count = 1, magic = 42, before = 0 } = options;
  const [u16, u32] = little ? [le16, le32] : [be16, be32];
  const entries = Array.from({ length: before }, () => bytes(u16(271), u16(2), u32(2), "A\0\0\0"));
  if (orientation !== undefined) {
    const value = type === 3 ? [...u16(orientation), 0, 0] : u32(orientation);
    entries.push(bytes(u16(274), u16(type), u32(count), value));
  }
  const gap = Buffer.alloc(ifdAt - 8);
  return bytes(little ? "II" : "MM", u16(magic), u32(ifdAt), gap, u16(entries.length), ...entries, u32(0));
}
