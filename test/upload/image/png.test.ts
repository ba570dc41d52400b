import { describe } from "vitest";
import { MAX_ENTRIES } from "../../../src/upload/image/exif.ts";
import { MAX_CHUNKS } from "../../../src/upload/image/png.ts";
import { givesUp, holds, survivesCuts, survivesDamage } from "./check.ts";
import { bytes, tiff } from "./files/bytes.ts";
import { chunk, ihdr, NO_PNGS, png, PNGS, SIGNATURE } from "./files/png.ts";

describe("PNG: has its size", () => holds(PNGS));
describe("PNG: has no size", () => holds(NO_PNGS));
describe("PNG: cut off", () => survivesCuts(PNGS));
describe("PNG", () => survivesDamage([...PNGS, ...NO_PNGS]));

describe("PNG: bounded work", () =>
  givesUp([
    {
      name: "chunks without end",
      file: bytes(SIGNATURE, ihdr(40, 24), Buffer.concat(Array(50_000).fill(chunk("teSt")))),
      requests: 4 + 2 * MAX_CHUNKS,
      bytes: 16 + 8 * MAX_CHUNKS,
    },
    {
      name: "an EXIF block of 65,535 entries",
      file: png(40, 24, [chunk("eXIf", tiff(6, { before: 65_000 }))]),
      requests: 10 + MAX_ENTRIES,
      bytes: 50 + 12 * MAX_ENTRIES,
    },
  ]));
