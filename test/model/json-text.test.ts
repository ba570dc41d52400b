import fc from "fast-check";
import { expect, it } from "vitest";
import { inspectJson, type Objection } from "../../src/model/json-text.ts";
import { nestsDeeper } from "../../src/model/metadata.ts";

const inspect = (
  text: string,
  limits: { bytes?: number; items?: number; depth?: number; nullRemoves?: boolean } = {},
) => {
  const { bytes = Infinity, depth = Infinity, items = Infinity, nullRemoves = false } = limits;
  return inspectJson(text, (name) => (name === "m" ? { bytes, items } : undefined), { depth, nullRemoves });
};

const number = (path: string[], text: string): Objection => ({ path, rule: "number", number: text });

it.each([
  ['{"m":{"a":1e400}}', number(["m", "a"], "1e400")],
  ['{"m":[1,{"b\\u0021":[2,[-1e400]]}]}', number(["m", "1", "b!", "1", "0"], "-1e400")],
  ['{ "m" : { "x" : "}{][,\\"\\\\" , "y" : 9007199254740993 } }', number(["m", "y"], "9007199254740993")],
  ['{"m":{"a":{},"b":[],"c":1e400}}', number(["m", "c"], "1e400")],
  ['{"\\u006d":1e400}', number(["m"], "1e400")],
  ['{"m":1,"m":1e400}', number(["m"], "1e400")],
  ['{"m":{"__proto__":1e400}}', number(["m", "__proto__"], "1e400")],
  ['{"other":1e400,"m":{"a":"1e400","1e400":[]}}', undefined],
  ['{"other":{"m":1e400}}', undefined],
  ["[1e400]", { path: [], rule: "object" }],
  ['{"m":{"a":01e400}}', undefined], // This is no JSON, and JSON.parse says so.
  ['{"m":"unterminated \\"', undefined],
  ['{"m":{"a":', undefined],
  ["", undefined],
])("inspectJson: finds in %s the number that a double does not keep", (text, expected) => {
  expect(inspect(text)).toEqual(expected);
});

it("inspectJson: with a root, takes the text for the value of that name", () => {
  const limitsOf = (): { bytes: number } => ({ bytes: 10 });
  expect(inspectJson('{"a":[1e400]}', limitsOf, { depth: 9, root: "metadata" })).toEqual(
    number(["metadata", "a", "0"], "1e400"),
  );
  expect(inspectJson('["12345678"]', limitsOf, { depth: 9, root: "tags" })?.rule).toBe("bytes");
  expect(inspectJson("[[]]", limitsOf, { depth: 1, root: "tags" })?.rule).toBe("depth");
});

it("inspectJson: counts the elements of the member's value, and no others", () => {
  expect(inspect('{"m":["a","b","c"]}', { items: 2 })?.rule).toBe("items");
  expect(inspect('{"m":["a","b"],"n":[1,2,3]}', { items: 2 })).toBeUndefined();
  expect(inspect('{"m":{"a":[1,2,3]}}', { items: 2 })).toBeUndefined();
});

it("inspectJson: stops at the member that passes the limit, and not at the end of the text", () => {
  const text = `{"m":{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join(",")}}}`;
  expect(inspect(text, { bytes: 2 + 10 * 6 })).toEqual({ path: ["m", "k10"], rule: "bytes" });
});

const value = fc.jsonValue({ maxDepth: 5 });
const withSpace = (text: string): string => text.replace(/([,:{}[\]])(?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)/g, " $1\n");

it("inspectJson: refuses for its size no value that would fit, however it is written", () => {
  fc.assert(
    fc.property(value, fc.boolean(), (m, escaped) => {
      const compact = JSON.stringify({ m });
      const size = Buffer.byteLength(JSON.stringify(m));
      const text = escaped
        ? compact.replace(/[a-z](?=[^"]*"[,:}\]])/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`)
        : compact;
      let sent: string;
      try {
        sent = JSON.stringify((JSON.parse(text) as { m: unknown }).m);
      } catch {
        return; // The escapes are in a literal.
      }
      expect(inspect(text, { bytes: Math.max(size, Buffer.byteLength(sent)) })).toBeUndefined();
      expect(inspect(withSpace(compact), { bytes: size })).toBeUndefined();
    }),
    { numRuns: 1_000 },
  );
});

it("inspectJson: refuses for its depth every value that nests deeper, and no other", () => {
  fc.assert(
    fc.property(value, fc.integer({ min: 0, max: 6 }), (m, depth) => {
      const found = inspect(JSON.stringify({ m }), { depth });
      expect(found?.rule === "depth").toBe(nestsDeeper(m, depth));
    }),
    { numRuns: 1_000 },
  );
});

it("inspectJson: does not count what a merge patch removes", () => {
  const nulls = `{"m":{${Array.from({ length: 100 }, (_, i) => `"k${i}":null`).join(",")},"a":{"b":null}}}`;
  expect(inspect(nulls, { bytes: 100 })?.rule).toBe("bytes");
  expect(inspect(nulls, { bytes: 10, nullRemoves: true })).toBeUndefined();
  expect(inspect('{"m":[null,null]}', { bytes: 3, nullRemoves: true })?.rule).toBe("bytes");
});

it("inspectJson: ends on any text", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...'{}[]",:\\ 1e-.tn\n\u00e9'.split(""), '"m":'), { maxLength: 40 }),
      (pieces) => {
        inspect(pieces.join(""), { bytes: 20, depth: 3, items: 3 });
      },
    ),
    { numRuns: 3_000 },
  );
});
