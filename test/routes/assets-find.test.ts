/** What the list of assets finds by anything but the path, compared with a model in memory. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, inject, it, vi } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { OPERATOR, refusal, TestVault } from "../support/api.ts";
import { newAsset } from "../support/new-asset.ts";

// So few rows are looked at for a page that short and empty pages come up in a vault of some dozen assets. A list by five
// tags and a path reads at least 24 at its beginning.
vi.mock(import("../../src/model/limits.ts"), async (original) => ({
  ...(await original()),
  MAX_LIST_ROWS: 40,
}));

type Query = [name: string, value: string][];

const PLACES = ["a", "a-b"];
const NAMES = ["Cat.PNG", "cat one.txt", "dog_ä.txt", 'no "quote"', "%_", "CÄT"];
const TYPES = ["image/png", "image/svg+xml", "text/plain; charset=utf-8", "text/html"];
const TAGS = ["red", "Blue", "blue sky", "ä", 'a "q" b', "back\\slash", "line\nend"];
const KEYS = ["n", "__proto__", "constructor", "a.b", 'k"', "ä"];
const VALUES = [1, "1", 1.5, true, "true", null, "null", { x: [1] }, '{"x":[1]}', [], 'A "b"', "ä", "a/b", 1e21];
const TEXTS = [...VALUES.map((value) => (typeof value === "string" ? value : JSON.stringify(value))), "nothing"];
const PARTS = ["cat", "CAT", "lue", "E S", "ä.t", '"q"', "k\\s", "e\ne", "zzz", "quote", "CÄT"];

const some = <T>(items: readonly T[]) => fc.constantFrom(...items);
const fields = fc.record({
  partition: some(PLACES),
  collection: some(PLACES),
  channel: some(PLACES),
  filename: some(NAMES),
  mime_type: some(TYPES),
  tags: fc.array(some(TAGS), { maxLength: 5 }).map((tags) => JSON.stringify(tags)),
  metadata: fc
    .array(fc.tuple(some(KEYS), some(VALUES)), { maxLength: 3 })
    .map((entries) => JSON.stringify(Object.fromEntries(entries))),
});

/** The seconds of the assets' times of creation, and those that are asked for. */
const SECONDS = 20;
const time = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const moment = fc.oneof(
  fc.integer({ min: -1, max: SECONDS + 1 }).map(time),
  fc.integer({ min: 0, max: SECONDS }).map((second) => time(second).replace(".000Z", ".500Z")),
  fc.integer({ min: 0, max: SECONDS }).map((second) => `2026-01-01T02:00:${String(second).padStart(2, "0")}+02:00`),
);

/** Up to `most` parameters of a name. */
const parameters = (name: string, value: fc.Arbitrary<string>, most = 1): fc.Arbitrary<Query> =>
  fc.uniqueArray(value, { maxLength: most }).map((values) => values.map((each) => [name, each]));

/** Of each filter mostly nothing, so that something is found. */
const rarely = (query: fc.Arbitrary<Query>): fc.Arbitrary<Query> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant<Query>([]) }, { weight: 1, arbitrary: query });

const queries = (ids: readonly string[]): fc.Arbitrary<Query> =>
  fc
    .tuple(
      ...["partition", "collection", "channel"].map((name) => rarely(parameters(name, some(PLACES)))),
      rarely(parameters("tag", some(TAGS), 3)),
      rarely(parameters("filename_prefix", some(["C", "c", "cat ", "%", "d"]))),
      rarely(parameters("mime_type", some(["image/*", "IMAGE/png", "text/plain", "text/*", "image/svg+xml"]))),
      rarely(parameters("created_since", moment)),
      rarely(parameters("created_before", moment)),
      rarely(fc.tuple(some(KEYS), some(TEXTS)).map(([key, text]) => (text === "" ? [] : [[`metadata.${key}`, text]]))),
      rarely(parameters("q", some(PARTS))),
      parameters("order", some(["newest", "oldest"])),
      rarely(parameters("id", some([...ids, "asset_01k2m8z4v9c7r5t3n1w6x0y8qb"]), 8)),
    )
    .map((parts) => parts.flat());

const lower = (text: string): string =>
  Array.from(text, (char) => (char >= "A" && char <= "Z" ? char.toLowerCase() : char)).join("");

/** Whether an asset matches one parameter, as the documentation says it. */
function matches(asset: AssetRecord, [name, value]: Query[number], all: Query): boolean {
  const tags = JSON.parse(asset.tags) as string[];
  const created = Date.parse(asset.created_at);
  if (name === "partition" || name === "collection" || name === "channel") return asset[name] === value;
  if (name === "tag") return tags.includes(value);
  if (name === "filename_prefix") return asset.filename.startsWith(value);
  if (name === "mime_type") {
    const [type, subtype] = value.toLowerCase().split("/");
    const [ownType, ownSubtype] = asset.mime_type.replace(/;.*/, "").split("/");
    return type === ownType && (subtype === "*" || subtype === ownSubtype);
  }
  if (name === "created_since") return created >= Date.parse(value);
  if (name === "created_before") return created < Date.parse(value);
  if (name === "q") return [asset.filename, ...tags].some((text) => lower(text).includes(lower(value)));
  if (name === "id") return all.some(([other, id]) => other === "id" && id === asset.id);
  if (name === "order") return true;
  const entries = new Map(Object.entries(JSON.parse(asset.metadata) as Record<string, unknown>));
  const key = name.slice("metadata.".length);
  if (!entries.has(key)) return false;
  const own = entries.get(key);
  return (typeof own === "string" ? own : JSON.stringify(own)) === value;
}

const isExact = (asked: Query): boolean => {
  const names = asked.map(([name]) => name).filter((name) => name !== "order" && !name.startsWith("created_"));
  const isPath = names.every((name) => ["partition", "collection", "channel"].includes(name));
  return isPath || names.includes("id") || (names.length === 1 && names[0] === "tag");
};

const textOf = (asked: Query): string =>
  asked.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");

async function listAll(
  vault: TestVault,
  asked: Query,
  limit: number,
  onPage = (_length: number): unknown => undefined,
): Promise<AssetRecord[]> {
  const seen: AssetRecord[] = [];
  let cursor: string | null = null;
  for (let pages = 0; ; pages++) {
    expect(pages, "a list that does not end").toBeLessThan(200);
    const more: Query = cursor === null ? [] : [["cursor", cursor]];
    const response = await vault.request("GET", `${vault.assets}?limit=${limit}&${textOf([...asked, ...more])}`);
    expect(response.status, await response.clone().text()).toBe(200);
    const page = await response.json<{ data: AssetRecord[]; cursor: string | null; has_more: boolean }>();
    expect(page.has_more).toBe(page.cursor !== null);
    if (isExact(asked) && page.has_more) expect(page.data).toHaveLength(limit);
    onPage(page.data.length);
    seen.push(...page.data);
    ({ cursor } = page);
    if (cursor === null) return seen;
  }
}

/** Gives the assets times of creation that lie some seconds apart. */
async function spread(vault: TestVault): Promise<void> {
  await runInDurableObject(vault.stub, (_, { storage }) => {
    const seqs = storage.sql.exec<{ seq: number }>("SELECT seq FROM assets ORDER BY seq").toArray();
    for (const [i, { seq }] of seqs.entries()) {
      const second = Math.floor((i / seqs.length) * SECONDS);
      storage.sql.exec("UPDATE assets SET created_at = ? WHERE seq = ?", time(second).replace(".000", ""), seq);
    }
  });
  await evictDurableObject(vault.stub);
}

describe("a list that an index does not have exactly", () => {
  it("finds all in pages that may be short or empty, by sources that agree seldom, at any place of the budget", async () => {
    const vault = await TestVault.create();
    const every = [1, 2, 3, 5, 7, 11];
    const assets = Array.from({ length: 300 }, (_, i) =>
      newAsset(vault, {
        partition: i % 13 === 0 ? "b" : "a",
        tags: JSON.stringify(every.filter((n) => i % n === 0).map((n) => `t${n}`)),
      }),
    );
    await Promise.all(assets.map((asset) => vault.rpc.commitUpload(OPERATOR, asset)));
    const all = await listAll(vault, [], 200);
    const short: boolean[] = [];
    const tags = (...numbers: number[]): Query => numbers.map((n) => ["tag", `t${n}`]);
    const cases: Query[] = [
      tags(2, 3),
      tags(11, 1),
      tags(1, 2, 3, 5, 7),
      tags(1, 2, 3, 5, 11),
      [...tags(2), ["partition", "b"]],
      [...tags(1, 2, 3, 5, 7), ["partition", "b"]],
      [...tags(2, 3), ["q", "t11"]],
      [...tags(1), ["q", "t11"]],
      [
        ["partition", "a"],
        ["q", "t11"],
      ],
      [["filename_prefix", "nothing"]],
    ];
    for (const asked of cases) {
      for (const order of ["newest", "oldest"]) {
        const pages: number[] = [];
        const seen = await listAll(vault, [...asked, ["order", order]], 7, (length) => pages.push(length));
        const expected = all.filter((asset) => asked.every((each) => matches(asset, each, asked)));
        const wanted = order === "oldest" ? expected.toReversed() : expected;
        expect([textOf(asked), order, seen.map(({ id }) => id)]).toEqual([
          textOf(asked),
          order,
          wanted.map(({ id }) => id),
        ]);
        short.push(pages.slice(0, -1).some((length) => length < 7));
      }
    }
    expect(short).toContain(true);
  });
});

describe("find", () => {
  it(
    "lists exactly what a model finds, for any filters, in both orders, in pages of any size",
    async () => {
      const step = fc.record({ at: fc.nat(), tags: fields.map((each) => each.tags), isGone: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fields, { minLength: 1, maxLength: 70 }),
          fc.array(step, { maxLength: 15 }),
          fc.infiniteStream(fc.tuple(fc.nat(), fc.integer({ min: 2, max: 30 }))),
          async (assets, steps, choices) => {
            const vault = await TestVault.create();
            const made = await Promise.all(
              assets.map(async (each) => {
                const asset = newAsset(vault, each);
                expect((await vault.rpc.commitUpload(OPERATOR, asset)).ok).toBe(true);
                return asset.id;
              }),
            );
            for (const { at, tags, isGone } of steps) {
              const id = made[at % made.length] ?? "";
              const change = `{"tags":${tags},"metadata":{"__proto__":${at}}}`;
              await (isGone ? vault.delete(id) : vault.patch(id, change));
            }
            await spread(vault);
            const all = (await vault.list({ limit: 200 })).data;
            for (let i = 0; i < 8; i++) {
              const [seed, limit] = choices.next().value as [number, number];
              const [asked = []] = fc.sample(queries(made), { numRuns: 1, seed });
              const expected = all.filter((asset) => asked.every((each) => matches(asset, each, asked)));
              const isOldest = asked.some(([name, value]) => name === "order" && value === "oldest");
              const seen = await listAll(vault, asked, limit);
              const wanted = isOldest ? expected.toReversed() : expected;
              expect([textOf(asked), seen.map(({ id }) => id)]).toEqual([textOf(asked), wanted.map(({ id }) => id)]);
              expect(seen).toEqual(wanted);
            }
          },
        ),
        { numRuns: Math.ceil(inject("fuzzRuns") / 40) },
      );
    },
    60 * 60 * 1000,
  );
});

describe("what a list is asked for", () => {
  const PART = "x".repeat(1_001);
  it.each([
    ["tag=", "tag: must be 1 to 1000 characters"],
    [`tag=${PART}`, "tag: must be 1 to 1000 characters"],
    [Array.from({ length: 6 }, (_, i) => `tag=${i}`).join("&"), "tag: must be given at most 5 times"],
    ["filename_prefix=", "filename_prefix: must be 1 to 1000 characters"],
    ["filename_prefix=a&filename_prefix=b", "filename_prefix: must be given only once"],
    ["mime_type=", "mime_type: must be a media type without parameters, such as image/png or image/*"],
    ["mime_type=*/*", "mime_type: must be a media type"],
    ["mime_type=text/plain;charset=utf-8", "mime_type: must be a media type"],
    ["created_since=", "created_since: must be an RFC 3339 time"],
    ["created_before=2026-02-30T00:00:00Z", "created_before: must be an RFC 3339 time"],
    ["metadata.=x", "metadata.: must be 1 to 1000 characters"],
    ["metadata.a=", "metadata.a: must be 1 to 1000 characters"],
    ["metadata.a.b=x&metadata.a=", "metadata.a: must be 1 to 1000 characters"],
    ["metadata.a=x&metadata.a=y", "metadata.a: must be given only once"],
    [Array.from({ length: 11 }, (_, i) => `metadata.${i}=1`).join("&"), "metadata.{key}: must be at most 10 keys"],
    ["metadata=x", "metadata: unknown; did you mean metadata.{key}?"],
    ["q=ab", "q: must be at least 3 characters"],
    ["q=", "q: must be at least 3 characters"],
    ["order=up", "order: must be newest or oldest"],
    ["id=x", "id: must be ids of assets, asset_…"],
    ["id=", "id: must be ids of assets, asset_…"],
    [
      Array.from({ length: 101 }, () => "id=asset_01k2m8z4v9c7r5t3n1w6x0y8qb").join("&"),
      "id: must be given at most 100 times",
    ],
    ["tag=%ff", "tag: must be UTF-8 in percent-encoding"],
    ["tags=x", "tags: unknown; did you mean tag?"],
  ])("%s: 400", async (query, message) => {
    const vault = await TestVault.create();
    const response = await vault.request("GET", `${vault.assets}?${query}`);
    expect(await refusal(response, 400, "INVALID_PARAMS")).toContain(message);
  });

  it("binds a cursor to all filters and to the order, however they are written", async () => {
    const vault = await TestVault.create();
    for (let i = 0; i < 3; i++) await vault.upload({ tags: '["a","b"]', metadata: '{"n":1}' });
    const asked = "tag=a&tag=b&metadata.n=1&q=HELLO&limit=1";
    const page = async (query: string) => vault.request("GET", `${vault.assets}?${query}`);
    const { cursor } = await (await page(asked)).json<{ cursor: string }>();
    expect((await page(`q=hello&limit=2&tag=b&metadata.n=1&tag=a&order=newest&cursor=${cursor}`)).status).toBe(200);
    const { cursor: plain } = await vault.list({ limit: 1 });
    for (const other of [
      `cursor=${cursor}`,
      `tag=a&metadata.n=1&q=hello&cursor=${cursor}`,
      `${asked}&order=oldest&cursor=${cursor}`,
      `${asked}&cursor=${plain}`,
      `order=oldest&cursor=${plain}`,
    ]) {
      expect(await refusal(await page(other), 400, "INVALID_PARAMS")).toBe(
        "cursor: belongs to a list with other filters, or in another order",
      );
    }
    expect(await refusal(await page(`${asked}&partition=marketing&cursor=${cursor}`), 400, "INVALID_PARAMS")).toContain(
      "partition",
    );
    // The order that a list has anyway may be said.
    expect((await page(`order=newest&cursor=${plain}`)).status).toBe(200);
  });

  it("streams a page of large records that was searched for, and looks at so much text and no more", async () => {
    const vault = await TestVault.create();
    const metadata = JSON.stringify({ find: "me", a: '"'.repeat(32_700) });
    const tags = JSON.stringify(Array.from({ length: 7 }, (_, i) => `${i}${'"'.repeat(4_600)}`));
    const ids: string[] = [];
    for (let i = 0; i < 36; i++) {
      const asset = newAsset(vault, { metadata, tags });
      await vault.rpc.commitUpload(OPERATOR, asset);
      ids.unshift(asset.id);
    }
    const asked: Query = [
      ["metadata.find", "me"],
      ["q", '"""'],
    ];
    const pages: number[] = [];
    const seen = await listAll(vault, asked, 200, (length) => pages.push(length));
    expect(seen.map(({ id }) => id)).toEqual(ids);
    for (const asset of seen) expect(asset.metadata === metadata && asset.tags === tags).toBe(true);
    // 4,000,000 characters are 31 assets.
    expect(pages).toEqual([31, 5]);
    expect(
      (await listAll(vault, [...ids.slice(0, 20).map((id) => ["id", id] as [string, string]), ...asked], 200)).length,
    ).toBe(20);
  });
});
