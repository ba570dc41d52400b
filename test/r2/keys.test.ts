import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import { PATH_COMPONENT } from "../../src/model/asset.ts";
import { checkFilename } from "../../src/model/filename.ts";
import { isAssetId, isVaultId } from "../../src/model/id.ts";
import { MAX_COMPONENT_LENGTH, MAX_FILENAME_BYTES } from "../../src/model/limits.ts";
import { bodyKey, type ParsedKey, parseKey, stagingKey, vaultPrefix } from "../../src/r2/keys.ts";

const ULID = "01arz3ndektsv4rrffq69g5fav";
const VAULT = `vault_${ULID}`;
const ID = `asset_${ULID}`;

const ulid = fc.stringMatching(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/);
const vaultId = ulid.map((text) => `vault_${text}`);
const assetId = ulid.map((text) => `asset_${text}`);
const component = fc.oneof(
  fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/),
  fc.constantFrom("asset", ULID, "a".repeat(MAX_COMPONENT_LENGTH)),
);

/** Filenames. Those that look like other parts of a key come up often enough to matter. */
const filename = fc
  .array(
    fc.oneof(fc.string({ unit: "grapheme", maxLength: 12 }), assetId, fc.constantFrom("_", "asset_", ".staging", ".")),
    { maxLength: 4 },
  )
  .map((pieces) => pieces.join(""))
  .filter((name) => checkFilename(name).ok);

const path = fc.record({ partition: component, collection: component, channel: component, filename });

const legal: fc.Arbitrary<ParsedKey> = fc.record({
  vaultId,
  id: assetId,
  path: fc.option(path, { nil: undefined }),
});

const write = ({ vaultId: vault, id, path: place }: ParsedKey): string =>
  place ? bodyKey(vault, place, id) : stagingKey(vault, id);

const runs = { numRuns: inject("fuzzRuns") };

describe("keys: a key that was written", () => {
  it("is parsed back, for every legal path, filename and id", () => {
    fc.assert(
      fc.property(legal, (said) => {
        expect(parseKey(write(said))).toEqual(said);
      }),
      runs,
    );
  });

  it("stands under its vault's prefix, and under no other vault's", () => {
    fc.assert(
      fc.property(legal, vaultId, (said, other) => {
        expect(write(said).startsWith(vaultPrefix(said.vaultId))).toBe(true);
        expect(write(said).startsWith(vaultPrefix(other))).toBe(other === said.vaultId);
      }),
      runs,
    );
  });

  it("is no longer than R2 takes", () => {
    const longest = "x".repeat(MAX_COMPONENT_LENGTH);
    const place = {
      partition: longest,
      collection: longest,
      channel: longest,
      filename: "f".repeat(MAX_FILENAME_BYTES),
    };
    expect(bodyKey(VAULT, place, ID)).toHaveLength(516);
  });
});

describe("keys: a text that was not written as a key", () => {
  /** Pieces of keys, in any order and number. Much of this is nearly a key. */
  const nearly = fc
    .array(
      fc.oneof(
        vaultId,
        assetId,
        component,
        filename,
        fc.tuple(assetId, filename).map((parts) => parts.join("_")),
        fc.constantFrom("", ".staging", "..", "A", "asset_", "_", "a_b", `${ID}_`, `${ID.toUpperCase()}_f`),
      ),
      { minLength: 1, maxLength: 7 },
    )
    .map((parts) => parts.join("/"));

  /** A key with one character taken out, put in or exchanged. */
  const damaged = fc
    .tuple(legal.map(write), fc.nat(), fc.nat(1), fc.constantFrom("", "/", "_", ".", "A", "a", "\u0000", "\u00e9"))
    .map(([key, at, removed, added]) => {
      const start = at % (key.length + 1);
      return key.slice(0, start) + added + key.slice(start + removed);
    });

  it("is not parsed, unless it is just what would be written", () => {
    fc.assert(
      fc.property(fc.oneof(nearly, damaged, fc.string()), (text) => {
        const said = parseKey(text);
        if (!said) return;
        expect(write(said)).toBe(text);
        expect([isVaultId(said.vaultId), isAssetId(said.id)]).toEqual([true, true]);
        if (!said.path) return;
        const { partition, collection, channel, filename: name } = said.path;
        for (const each of [partition, collection, channel]) expect(each).toMatch(PATH_COMPONENT);
        expect(checkFilename(name).ok).toBe(true);
      }),
      { numRuns: 10 * inject("fuzzRuns") },
    );
  });

  it.each([
    ["without a vault", `p/c/h/${ID}_f`],
    ["of what is no vault", `vault_x/p/c/h/${ID}_f`],
    ["with nothing behind the prefix", `${VAULT}/`],
    ["of another name", `${VAULT}/not-ours`],
    ["without a filename", `${VAULT}/p/c/h/${ID}_`],
    ["that ends with its id", `${VAULT}/p/c/h/${ID}`],
    ["whose id is none", `${VAULT}/p/c/h/asset_x_f`],
    ["whose id is in capitals", `${VAULT}/p/c/h/${ID.toUpperCase()}_f`],
    ["with something in front of the id", `${VAULT}/p/c/h/x${ID}_f`],
    ["with a component too few", `${VAULT}/p/c/${ID}_f`],
    ["with a component too many", `${VAULT}/p/c/h/i/${ID}_f`],
    ["with an empty component", `${VAULT}/p//h/${ID}_f`],
    ["with a component that is none", `${VAULT}/P/c/h/${ID}_f`],
    ["with something behind the filename", `${VAULT}/p/c/h/${ID}_f/x`],
    ["with a name that no file may have", `${VAULT}/p/c/h/${ID}_..`],
    ["that waits, without an id", `${VAULT}/.staging/late`],
    ["that waits, with something behind the id", `${VAULT}/.staging/${ID}/x`],
    ["that waits, with a filename", `${VAULT}/.staging/${ID}_f`],
    ["that waits and has a path", `${VAULT}/.staging/c/h/${ID}_f`],
  ])("is not parsed: one %s", (_, key) => {
    expect(parseKey(key)).toBeUndefined();
  });
});
