/** What is typed of an asset: its name, its metadata as rows of a form, and the numbers in them. */

import { expect, it } from "vitest";
import { readNumber, readObject } from "../../src/console/asset/json.ts";
import { nameProblem } from "../../src/console/filename.ts";
import { textOf } from "../../src/console/asset/preview.ts";
import { visible } from "../../src/console/ui/format.ts";
import { formOf, newRow, rowsOf } from "../../src/console/asset/rows.ts";

const formed = (rows: Parameters<typeof formOf>[0]): unknown[] => {
  const { metadata, problems } = formOf(rows);
  return [metadata, [...problems.values()]];
};

it("rows: say what the record says, whatever its keys are, until somebody types", () => {
  for (const metadata of [
    { "": "", a: "1" },
    { "": null, a: "1" },
    { "": "e" },
    JSON.parse('{ "__proto__": "", "a": [1, { "": 2 }], "b": 1e21, "c": false, "d": null }') as Record<string, unknown>,
  ]) {
    const rows = rowsOf(metadata);
    expect(formed(rows)).toEqual([metadata, []]);
    // A row that was added, and not filled in, is none yet.
    expect(formed([...rows, newRow()])).toEqual([metadata, []]);
    expect(formed([...rows, { ...newRow(), text: "x" }])).toEqual([metadata, ["Give it a name."]]);
  }
  const [empty, a] = rowsOf({ "": "", a: "" });
  if (!empty || !a) throw new Error("two keys, two rows");
  expect(formed([empty, { ...a, text: "2" }])).toEqual([{ "": "", a: "2" }, []]);
  // A key that is wiped out is not one that is taken away: for that there is a button.
  expect(formed([{ ...a, key: "" }])).toEqual([{}, ["Give it a name."]]);
});

it("numbers: are refused if they would become others, as the server refuses them", () => {
  const kept = (text: string): boolean => {
    const inJson = readObject(`{"a": ${text}}`).problem === undefined;
    expect(readNumber(text).problem === undefined, text).toBe(inJson);
    return inJson;
  };
  expect(["0", "-12.50", "1e2", "0e-400", "1.7976931348623157e308", "100000000000000000000"].filter(kept)).toHaveLength(
    6,
  );
  expect(["1e-400", "1e400", "9007199254740993", "0.1000000000000000000001"].filter(kept)).toEqual([]);
});

it("names: are refused in the words of the server, which counts bytes", () => {
  expect(["a.png", "é".repeat(127), ".b"].map(nameProblem)).toEqual([undefined, undefined, undefined]);
  expect(["", "..", "a/b", "a\u0007", "\ud800", "é".repeat(128), "a".repeat(256)].map(nameProblem)).toEqual([
    "The name must not be empty.",
    'The name must not be "." or "..".',
    "The name must not contain / or \\.",
    "The name must not contain control characters.",
    "The name must be valid Unicode.",
    "The name must be at most 255 bytes of UTF-8.",
    "The name must be at most 255 bytes of UTF-8.",
  ]);
});

it("names: what turns the order of what is read is shown", () => {
  expect(visible("\u202egnp.evil.txt")).toBe("\\u202egnp.evil.txt");
  expect(visible("\u2066a\u2069\u200f \u05d0 \u200d é.txt")).toBe("\\u2066a\\u2069\\u200f \u05d0 \u200d é.txt");
});

it("text: is read by its mark, by what its record says, as UTF-8, or as Windows writes it", () => {
  const read = (bytes: Iterable<number>, charset?: string) => textOf(Uint8Array.from(bytes), charset);
  const utf16 = [0xff, 0xfe, 0x63, 0, 0x61, 0, 0x66, 0, 0xe9, 0];
  expect([read(utf16), read(utf16, "utf-8")]).toEqual(["café", "café"]);
  expect(read([0xfe, 0xff, 0, 0x63, 0x20, 0xac])).toBe("c€");
  expect(read([0xef, 0xbb, 0xbf, 0x63, 0xc3, 0xa9])).toBe("cé");
  expect(read([0x63, 0x61, 0x66, 0xe9])).toBe("café");
  expect(read([0x80, 0x20, 0x93, 0xe4, 0x94])).toBe("€ “ä”");
  expect(read([0xcf, 0xf0, 0xe8], "windows-1251")).toBe("При");
  // Cut in the middle of a character; and one that is broken, in what is UTF-8 else.
  expect(read([0x63, 0xc3, 0xa9, 0xe2, 0x82])).toBe("cé");
  expect(read(new TextEncoder().encode("é".repeat(200)).with(0, 0xff))?.slice(0, 4)).toBe("\ufffd\ufffdéé");
  expect(read([0, 1, 2, 0xff, 0xfe, 3])).toBeUndefined();
  expect(read(Uint8Array.from({ length: 4096 }, (_, n) => (n * 167 + (n >> 3)) % 256))).toBeUndefined();
});
