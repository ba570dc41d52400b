import fc from "fast-check";
import { expect, it } from "vitest";
import { isKept } from "../../src/model/number.ts";

it.each([
  "0",
  "-0",
  "0.0",
  "0e999999",
  "-0.000e-99999",
  "1",
  "1.0",
  "1e2",
  "1E+2",
  "100e-2",
  "0.1",
  "-0.1",
  "123456789012345",
  "9007199254740992",
  "1e22",
  "1e21",
  "123456789012345680000",
  "1.7976931348623157e308",
  "5e-324",
  "0.1000000000000000000",
  `1${"0".repeat(300)}`,
  `0.${"0".repeat(300)}1`,
  `1.${"0".repeat(100_000)}`,
])("isKept: %.40s is the same number after it was parsed and written", (text) => {
  expect(isKept(text)).toBe(true);
});

it.each([
  "1e400",
  "-1e400",
  "1e309",
  "1.8e308",
  "1e-400",
  "1e-324",
  "9007199254740993",
  "1546130668394913822",
  "-1546130668394913822",
  "0.1000000000000000055511151231257827",
  "1.00000000000000001",
  "1180591620717411303424",
  `1${"0".repeat(400)}`,
  "1".repeat(60_000),
  `0.${"0".repeat(60_000)}1`,
  `1e${"9".repeat(1_000)}`,
  `1e-${"9".repeat(1_000)}`,
])("isKept: %.40s is another number after it was parsed and written", (text) => {
  expect(isKept(text)).toBe(false);
});

/** A decimal as a fraction. This is exact, and another way to the answer. */
function fraction(text: string): [bigint, bigint] {
  const [, sign = "", whole = "", part = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = BigInt(sign + whole + part);
  const exponent = Number(power) - part.length;
  return exponent < 0 ? [digits, 10n ** BigInt(-exponent)] : [digits * 10n ** BigInt(exponent), 1n];
}

it("isKept: agrees with exact arithmetic", () => {
  const digits = fc.stringMatching(/^(?:0|[1-9]\d{0,19})$/);
  const source = fc
    .tuple(
      fc.constantFrom("", "-"),
      digits,
      fc.stringMatching(/^(?:|\.\d{1,20})$/),
      fc.stringMatching(/^(?:|[eE][-+]?\d{1,2})$/),
    )
    .map((parts) => parts.join(""));
  const ofDouble = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
  fc.assert(
    fc.property(fc.oneof(source, ofDouble), (text) => {
      const [a, b] = fraction(text);
      const [c, d] = fraction(JSON.stringify(JSON.parse(text)));
      expect([text, isKept(text)]).toEqual([text, a * d === c * b]);
    }),
    { numRuns: 3_000 },
  );
});
