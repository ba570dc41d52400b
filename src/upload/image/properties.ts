/** The properties of an AVIF image that bear on its size: how they are read, and how large an image they show. */

import { type Dimensions, type Source, type Steps, byte, dimensions, u32 } from "./source.ts";

/** A property of an AVIF image, in one of the kinds that bear on its size. */
export type Property =
  | { readonly kind: "size"; readonly width: number; readonly height: number }
  | { readonly kind: "turn"; readonly quarters: number }
  | { readonly kind: "crop"; readonly numbers: readonly number[] }
  /** A property that is not known. It might change the size, as the HEIF standard's image scaling does. */
  | { readonly kind: "unknown" };

/** Properties that leave the size as it is. */
const HARMLESS = new Set(
  ["pixi", "colr", "av1C", "pasp", "imir", "auxC", "auxi", "ccst", "a1op", "a1lx", "lsel", "rloc", "free"].concat([
    "clli",
    "mdcv",
    "cclv",
    "amve",
    "ndwt",
    "reve",
    "udes",
    "altt",
    "cmex",
    "cmin",
    "btrt",
  ]),
);

/** Reads a property's content as far as it bears on the size; undefined when it does not. */
export function* property(source: Source, type: string): Steps<Property | undefined> {
  if (type === "ispe") {
    const bytes = yield* source.take(12);
    return { kind: "size", width: u32(bytes, 4), height: u32(bytes, 8) };
  }
  if (type === "irot") return { kind: "turn", quarters: byte(yield* source.take(1), 0) & 3 };
  if (type === "clap") {
    const bytes = yield* source.take(32);
    return { kind: "crop", numbers: [0, 4, 8, 12, 16, 20, 24, 28].map((at) => u32(bytes, at) | 0) };
  }
  return HARMLESS.has(type) ? undefined : { kind: "unknown" };
}

/**
 * How large an image of these properties is shown. MIAF (ISO/IEC 23000-22 7.3.6.7) wants one size, then at most one
 * crop, then at most one turn. Readers differ in what they make of anything else, so there is no answer to that.
 */
export function shown(properties: readonly Property[]): Dimensions | null {
  const sizes = properties.filter((it) => it.kind === "size");
  const crops = properties.filter((it) => it.kind === "crop");
  const turns = properties.filter((it) => it.kind === "turn");
  const [size, crop, turn] = [sizes[0], crops[0], turns[0]];
  if (!size || sizes.length > 1 || crops.length > 1 || turns.length > 1) return null;
  if (properties.some((it) => it.kind === "unknown")) return null;
  const turned = turn !== undefined && turn.quarters % 2 === 1;
  if (!crop) return dimensions(size.width, size.height, turned);
  if (turned && properties.indexOf(turn) < properties.indexOf(crop)) return null;
  const [widthN, widthD, heightN, heightD, acrossN, acrossD, downN, downD] = crop.numbers;
  const width = side(size.width, widthN, widthD, acrossN, acrossD);
  const height = side(size.height, heightN, heightD, downN, downD);
  return dimensions(width, height, turned);
}

/**
 * One side of a clean aperture (ISO/IEC 14496-12 12.1.4), in pixels. It is given by its length, and by how far its
 * middle is from the image's middle, both as fractions. Returns 0 when the aperture is not made of whole pixels of the
 * image, as MIAF wants it to be.
 */
function side(whole: number, lengthN = 0, lengthD = 0, offsetN = 0, offsetD = 0): number {
  if (lengthN <= 0 || lengthD <= 0 || offsetD <= 0 || lengthN % lengthD !== 0) return 0;
  const length = lengthN / lengthD;
  // The distance from the image's edge is (whole - length) / 2 + offset. The products below have up to 65 bits.
  const distance = BigInt(whole - length) * BigInt(offsetD) + 2n * BigInt(offsetN);
  const unit = 2n * BigInt(offsetD);
  return distance >= 0n && distance % unit === 0n && distance / unit + BigInt(length) <= BigInt(whole) ? length : 0;
}
