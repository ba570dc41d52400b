/** What every reader of an image format is tested for, given files of that format. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { type Dimensions, ImageReader } from "../../../src/upload/image/image.ts";
import type { ImageCase, Size } from "./files/bytes.ts";

/** The dimensions that a reader gives to a file which comes in pieces, cut at these places. */
export function measure(file: Uint8Array, cuts: readonly number[] = []): Dimensions | null {
  const reader = new ImageReader();
  let from = 0;
  for (const cut of [...cuts, file.length]) {
    // The piece is a copy, which is overwritten at once: so a reader that keeps more than copies is caught.
    const piece = Uint8Array.from(file.subarray(from, cut));
    reader.write(piece);
    piece.fill(0xa5);
    from = cut;
  }
  return reader.end();
}

const dimensions = (size: Size): Dimensions | null => size && { width: size[0], height: size[1] };

/**
 * A file of up to this size is also fed byte by byte, and cut off at every place. A larger one is cut off at its
 * beginning and at some places behind. Bytes.
 */
const SMALL = 4_000;

/** Tests that each file has its size, however it arrives. */
export function holds(cases: readonly ImageCase[]): void {
  it.each(cases)("$name", ({ file, size }) => {
    const expected = dimensions(size);
    expect(measure(file)).toEqual(expected);
    if (file.length < SMALL) expect(measure(file, Array.from(file.keys())), "byte by byte").toEqual(expected);
    fc.assert(
      fc.property(fc.array(fc.nat(file.length), { maxLength: 12 }), (cuts) => {
        expect(
          measure(
            file,
            cuts.toSorted((a, b) => a - b),
          ),
        ).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
}

/** Tests that a file which is cut off has the size of the whole file, or none. */
export function survivesCuts(cases: readonly ImageCase[]): void {
  it.each(cases)("$name", ({ file, size }) => {
    const expected = dimensions(size);
    const step = file.length < SMALL ? 1 : Math.ceil(file.length / 100);
    for (let length = 0; length < file.length; length += length < 500 ? 1 : step) {
      const found = measure(file.subarray(0, length));
      if (found) expect(found, `cut off at ${length}`).toEqual(expected);
    }
  });
}

/** Tests that a damaged file never throws, and never has a size that cannot be one. */
export function survivesDamage(cases: readonly ImageCase[]): void {
  const small = cases.filter(({ file }) => file.length < SMALL).map(({ file }) => file);
  const change = fc.tuple(fc.nat(400), fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 254, 255)));
  it("damaged: has a size or none", () => {
    fc.assert(
      fc.property(fc.constantFrom(...small), fc.array(change, { maxLength: 6 }), (file, changes) => {
        const damaged = Uint8Array.from(file);
        for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
        const found = measure(damaged);
        const sides = found ? [found.width, found.height] : [1];
        expect(sides.every((side) => Number.isSafeInteger(side) && side > 0)).toBe(true);
        expect(measure(damaged, Array.from(damaged.keys())), "byte by byte").toEqual(found);
      }),
      { numRuns: 1_000 },
    );
  });
}

export interface Hostile {
  readonly name: string;
  readonly file: Uint8Array;
  /** How often the reader may ask for something, and how many bytes it may look at. */
  readonly requests: number;
  readonly bytes: number;
}

/**
 * Tests that a reader gives a hostile file up after so much work, whatever the file's size, and gives it no dimensions.
 */
export function givesUp(cases: readonly Hostile[]): void {
  it.each(cases)("$name", ({ file, requests, bytes }) => {
    const reader = new ImageReader();
    reader.write(file);
    expect(reader.end()).toBeNull();
    expect(reader.work.requests).toBeLessThanOrEqual(requests);
    expect(reader.work.bytes).toBeLessThanOrEqual(bytes);
    // The bound ended it: there was more to look at.
    expect(file.length).toBeGreaterThan(bytes);
  });
}
