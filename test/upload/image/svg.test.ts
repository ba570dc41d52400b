import { describe, expect, it } from "vitest";
import { ImageReader } from "../../../src/upload/image/image.ts";
import { MAX_HEAD_BYTES, MAX_TOKENS } from "../../../src/upload/image/markup.ts";
import { holds, survivesCuts, survivesDamage } from "./check.ts";
import { drawing, NO_SVGS, OWN_SIZES, svg, SVGS } from "./files/svg.ts";

describe("SVG: has its size", () => holds(SVGS));
describe("SVG: has the size that it says itself", () => holds(OWN_SIZES));
describe("SVG: has no size", () => holds(NO_SVGS));
describe("SVG: cut off", () => survivesCuts([...SVGS, ...OWN_SIZES]));
describe("SVG", () => survivesDamage([...SVGS, ...OWN_SIZES, ...NO_SVGS]));

const SIZED = ' width="120" height="60"';

/**
 * The size of the pieces in which a drawing comes. The piece in which a reader gives up is the last that it looks at.
 * Bytes.
 */
const PIECE = 64 * 1024;

it.each([
  ["white space", " ".repeat(3_000_000), MAX_HEAD_BYTES],
  ["comments", "<!---->".repeat(500_000), 7 * MAX_TOKENS],
  ["a comment without end", `<!--${"-".repeat(3_000_000)}`, MAX_HEAD_BYTES],
  ["instructions", "<?a?>".repeat(500_000), 5 * MAX_TOKENS],
  ["an instruction without end", `<?${"?".repeat(3_000_000)}`, MAX_HEAD_BYTES],
  ["a document type without end", `<!DOCTYPE svg [${'<!ENTITY a "<!-- ]>">'.repeat(100_000)}`, 21 * MAX_TOKENS],
  ["brackets", `<!DOCTYPE svg ${"[]<".repeat(1_000_000)}`, 3 * MAX_TOKENS],
  ["a name without end", `<${"s".repeat(3_000_000)}`, MAX_HEAD_BYTES],
  ["an attribute without end", `<svg ${"a".repeat(3_000_000)}`, MAX_HEAD_BYTES],
  ["a value without end", `<svg a="${"a".repeat(3_000_000)}`, MAX_HEAD_BYTES],
  ["attributes", `<svg ${"a='' ".repeat(500_000)}`, 5 * MAX_TOKENS],
  ["quotes", `<svg ${'"<svg '.repeat(500_000)}`, 10],
  ["a comment of 2 MB in front", `<!--${" ".repeat(2_000_000)}-->${drawing}`, MAX_HEAD_BYTES],
])("SVG: bounded work: %s", (_name, text, most) => {
  const reader = new ImageReader();
  const file = Buffer.from(text);
  for (let at = 0; at < file.length; at += PIECE) reader.write(file.subarray(at, at + PIECE));
  expect(reader.end()).toBeNull();
  expect(reader.work.bytes).toBeLessThanOrEqual(most + PIECE);
});

it("SVG: bounded work: a large drawing is looked at no further than its root element's tag", () => {
  const reader = new ImageReader();
  reader.write(Buffer.from(svg(SIZED).slice(0, -6)));
  for (let left = 100; left > 0; left--) reader.write(Buffer.alloc(PIECE, "<g/>"));
  reader.write(Buffer.from("</svg>"));
  expect(reader.end()).toEqual({ width: 120, height: 60 });
  expect(reader.work.bytes).toBeLessThanOrEqual(PIECE);
});
