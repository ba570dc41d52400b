import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearest, shown, unknownName } from "../../src/model/names.ts";

const LIST = ["partition", "collection", "channel", "limit", "cursor"];
const KEY = ["label", "type", "expires_at"];

describe("nearest: the known name", () => {
  it.each([
    ["partitoin", LIST, "partition"],
    ["Partition", LIST, "partition"],
    ["part", LIST, "partition"],
    ["chanel", LIST, "channel"],
    ["collections", LIST, "collection"],
    ["cursro", LIST, "cursor"],
    ["limt", LIST, "limit"],
    ["expire_at", KEY, "expires_at"],
    ["expiresAt", KEY, "expires_at"],
    ["expires-at", KEY, "expires_at"],
    ["expire", KEY, "expires_at"],
    ["lable", KEY, "label"],
    ["typ", KEY, "type"],
    ["nme", ["name"], "name"],
    ["offset", LIST, undefined],
    ["q", LIST, undefined],
    ["", LIST, undefined],
    ["filename", ["metadata", "tags"], undefined],
    ["__proto__", KEY, undefined],
    [`${"x".repeat(60)}limit`, LIST, undefined],
  ])("of %j among %j is %j", (name, known, expected) => {
    expect(nearest(name, known)).toBe(expected);
  });

  it("is found by every spelling of it with one slip", () => {
    const position = fc.nat(20);
    fc.assert(
      fc.property(fc.constantFrom(...LIST, ...KEY), position, fc.constantFrom("", "x", "swap"), (name, at, slip) => {
        const i = at % (name.length - 1);
        const chars = name.split("");
        if (slip === "swap") chars.splice(i, 2, ...chars.slice(i, i + 2).toReversed());
        else chars.splice(i, 1, slip);
        expect(nearest(chars.join(""), LIST.includes(name) ? LIST : KEY)).toBe(name);
      }),
    );
  });
});

describe("editDistance: the distance", () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });

  it("is symmetric, 0 between equals only, and at most the longer length", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });

  it.each([
    ["ab", "ba", 1],
    ["kitten", "sitting", 3],
    ["", "abc", 3],
  ])("of %j and %j is %i", (a, b, distance) => expect(editDistance(a, b)).toBe(distance));
});

describe("unknownName: the message", () => {
  it("names the first unknown name, and is undefined when all are known", () => {
    expect(unknownName(KEY, ["type", "label"])).toBeUndefined();
    expect(unknownName(KEY, ["type", "expire_at", "foo"])).toBe("expire_at: unknown; did you mean expires_at?");
    expect(unknownName(KEY, ["foo"])).toBe("foo: unknown; known are label, type, expires_at");
    expect(unknownName(["name"], ["foo"])).toBe("foo: unknown; known is name");
    expect(unknownName(KEY, [""])).toBe('"": unknown; known are label, type, expires_at');
  });

  it("repeats at most 64 characters of a name, and none that cannot be seen", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (name) => {
        const text = shown(name);
        expect(Array.from(text).length).toBeLessThanOrEqual(64);
        expect(text).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(text.isWellFormed()).toBe(true);
      }),
    );
    expect(shown("a\r\nb\u202ec\ud800")).toBe("a\ufffd\ufffdb\ufffdc\ufffd");
    expect(shown("😀".repeat(65))).toBe("😀".repeat(64));
  });
});
