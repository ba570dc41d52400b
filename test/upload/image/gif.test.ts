import { describe, expect, it } from "vitest";
import { MAX_BLOCKS } from "../../../src/upload/image/gif.ts";
import { givesUp, holds, measure, survivesCuts, survivesDamage } from "./check.ts";
import { bytes } from "./files/bytes.ts";
import { extension, GIFS, NO_GIFS, screen } from "./files/gif.ts";

describe("GIF: has its size", () => holds(GIFS));
describe("GIF: has no size", () => holds(NO_GIFS));
// A file that ends before its picture has the size of its screen, so files with a larger picture are left out.
describe("GIF: cut off", () => survivesCuts(GIFS.filter(({ name }) => !/er than its screen/.test(name))));
describe("GIF", () => survivesDamage([...GIFS, ...NO_GIFS]));

it("GIF: a file that ends where a picture could come has the size of its screen", () => {
  expect(measure(screen(320, 200))).toEqual({ width: 320, height: 200 });
});

describe("GIF: bounded work", () =>
  givesUp([
    {
      name: "sub-blocks without end",
      file: bytes(screen(40, 24), [0x21, 0xfe], Buffer.alloc(100_000, 1)),
      requests: 5 + 2 * MAX_BLOCKS,
      bytes: 10 + MAX_BLOCKS,
    },
    {
      name: "extensions without end",
      file: bytes(screen(40, 24), Buffer.concat(Array(50_000).fill(extension(0xfe, 0)))),
      requests: 5 + 3 * MAX_BLOCKS,
      bytes: 10 + 2 * MAX_BLOCKS,
    },
  ]));
