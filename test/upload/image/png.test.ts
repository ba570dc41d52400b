import { describe } from "vitest";
import { MAX_ENTRIES } from "../../../src/upload/image/exif.ts";
import { MAX_CHUNKS, MAX_EXIF_BYTES } from "../../../src/upload/image/png.ts";
import { MAX_TAKE_BYTES } from "../../../src/upload/image/source.ts";
import { givesUp, holds, survivesCuts, survivesDamage } from "./check.ts";
import { bytes, tiff } from "./files/bytes.ts";
import { chunk, damaged, ihdr, NO_PNGS, png, PNGS, SIGNATURE } from "./files/png.ts";

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
      name: "an EXIF block of 20,000 entries",
      file: png(40, 24, [chunk("eXIf", tiff(6, { before: 20_000 }))]),
      requests: 10 + MAX_ENTRIES,
      bytes: 50 + 12 * MAX_ENTRIES,
    },
    {
      name: "EXIF blocks without end, all damaged",
      file: png(40, 24, Array<Buffer>(10).fill(damaged(chunk("eXIf", tiff(1, { ifdAt: 60_000 }))))),
      requests: 50 + MAX_EXIF_BYTES / MAX_TAKE_BYTES,
      bytes: 100 + MAX_EXIF_BYTES,
    },
  ]));
