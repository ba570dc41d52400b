import { describe } from "vitest";
import { MAX_ENTRIES } from "../../../src/upload/image/exif.ts";
import { MAX_SEGMENTS, MAX_STRAY_BYTES } from "../../../src/upload/image/jpeg.ts";
import { givesUp, holds, survivesCuts, survivesDamage } from "./check.ts";
import { bytes } from "./files/bytes.ts";
import { exif, JPEGS, jpeg, NO_JPEGS, segment } from "./files/jpeg.ts";

describe("JPEG: has its size", () => holds(JPEGS));
describe("JPEG: has no size", () => holds(NO_JPEGS));
describe("JPEG: cut off", () => survivesCuts(JPEGS));
describe("JPEG", () => survivesDamage([...JPEGS, ...NO_JPEGS]));

describe("JPEG: bounded work", () =>
  givesUp([
    {
      name: "segments without end",
      file: jpeg(Buffer.concat(Array(50_000).fill(segment(0xe5)))),
      requests: 1 + 3 * MAX_SEGMENTS,
      bytes: 4 * MAX_SEGMENTS,
    },
    {
      name: "segments that could be EXIF without end",
      file: jpeg(Buffer.concat(Array(50_000).fill(segment(0xe1, "Exig\0\0abc")))),
      requests: 1 + 5 * MAX_SEGMENTS,
      bytes: 10 * MAX_SEGMENTS,
    },
    {
      name: "markers without length, without end",
      file: jpeg(Buffer.concat(Array(50_000).fill(bytes([0xff, 0x01])))),
      requests: 1 + 2 * MAX_SEGMENTS,
      bytes: 2 * MAX_SEGMENTS,
    },
    {
      name: "fill bytes without end",
      file: jpeg(Buffer.alloc(1_000_000, 255)),
      requests: 3 + MAX_STRAY_BYTES,
      bytes: 2 + MAX_STRAY_BYTES,
    },
    {
      name: "bytes between segments without end",
      file: jpeg(segment(0xe5), Buffer.alloc(1_000_000)),
      requests: 6 + MAX_STRAY_BYTES,
      bytes: 6 + MAX_STRAY_BYTES,
    },
    {
      name: "an EXIF block of 5,000 entries",
      file: jpeg(exif(6, { before: 5_000 })),
      requests: 10 + MAX_ENTRIES,
      bytes: 30 + 12 * MAX_ENTRIES,
    },
  ]));
