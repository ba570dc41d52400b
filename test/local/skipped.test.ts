import { expect, it } from "vitest";
import { skippedLine } from "../support/skipped.ts";

const tests = (reason: string | undefined, ...files: string[]) => files.map((file) => ({ reason, file }));

it("skippedLine: is undefined when no test was skipped", () => {
  expect(skippedLine([])).toBeUndefined();
});

it("skippedLine: says how many, why and where, in one line", () => {
  expect(skippedLine(tests("chromium is not installed", "a.test.ts", "a.test.ts"))).toBe(
    "skipped 2: chromium is not installed (a.test.ts)",
  );
  expect(skippedLine([...tests("no\n java ", "a"), ...tests(undefined, "b"), ...tests("no java", "b", "c", "d")])).toBe(
    "skipped 5: no java (4 in a, b, c, …); no reason given (1 in b)",
  );
});
