import { describe, expect, it } from "vitest";
import { ImageReader } from "../../../src/upload/image/image.ts";
import { holds, survivesCuts, survivesDamage } from "./check.ts";
import { NO_WEBPS, WEBPS } from "./files/webp.ts";

describe("WebP: has its size", () => holds(WEBPS));
describe("WebP: has no size", () => holds(NO_WEBPS));
describe("WebP: cut off", () => survivesCuts(WEBPS));
describe("WebP", () => survivesDamage([...WEBPS, ...NO_WEBPS]));

it.each([...WEBPS, ...NO_WEBPS])("WebP: bounded work: $name is three requests", ({ file }) => {
  const reader = new ImageReader();
  reader.write(file);
  reader.end();
  expect(reader.work.requests).toBeLessThanOrEqual(3);
  expect(reader.work.bytes).toBeLessThanOrEqual(18);
});
