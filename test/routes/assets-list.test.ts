import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { Vault } from "../../src/vault/vault.ts";
import { leftOpen, watchSql } from "../support/meter.ts";
import { seed } from "../support/seed.ts";
import { OPERATOR, refusal, TestVault, patiently } from "../support/api.ts";

const FILTERS = [
  {},
  { partition: "p1" },
  { collection: "c1" },
  { channel: "h1" },
  { partition: "p1", collection: "c1" },
  { partition: "p1", channel: "h1" },
  { collection: "c1", channel: "h1" },
  { partition: "p1", collection: "c1", channel: "h1" },
];

describe("list", () => {
  it("answers an empty vault with an empty page", async () => {
    const vault = await TestVault.create();
    expect(await vault.list()).toEqual({ data: [], cursor: null, has_more: false });
  });

  it("pages through everything, newest first, without duplicates or gaps, in pages of the limit", async () => {
    const vault = await TestVault.create();
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) ids.unshift((await vault.upload()).id);
    const seen: string[] = [];
    let cursor: string | null = null;
    for (const expected of [3, 3, 1]) {
      const page = await vault.list({ limit: 3, ...(cursor ? { cursor } : {}) });
      expect(page.data).toHaveLength(expected);
      expect(page.has_more).toBe(expected === 3);
      seen.push(...page.data.map((asset) => asset.id));
      cursor = page.cursor;
    }
    expect(cursor).toBeNull();
    expect(seen).toEqual(ids);
  });

  it("hands out cursors that begin with created_at, as they always have", async () => {
    const vault = await TestVault.create();
    for (let i = 0; i < 2; i++) await vault.upload();
    expect((await vault.list({ limit: 1 })).cursor).toMatch(/^eyJjcmVhdGVkX2F0/);
  });

  it("has no more when the last page is exactly full", async () => {
    const vault = await TestVault.create();
    for (let i = 0; i < 2; i++) await vault.upload();
    expect(await vault.list({ limit: 2 })).toMatchObject({ cursor: null, has_more: false });
  });

  it("neither repeats nor skips an asset when others write between two pages", async () => {
    const vault = await TestVault.create();
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) ids.unshift((await vault.upload()).id);
    const first = await vault.list({ limit: 2 });
    await vault.upload();
    await vault.delete(ids[1] ?? ""); // This is the asset that the cursor points at.
    await vault.delete(ids[3] ?? "");
    const rest = await vault.list({ limit: 10, cursor: first.cursor ?? "" });
    expect([...first.data, ...rest.data].map((asset) => asset.id)).toEqual([ids[0], ids[1], ids[2], ids[4], ids[5]]);
  });

  it("filters by any combination of partition, collection and channel", async () => {
    const vault = await TestVault.create();
    const all = [];
    for (const partition of ["p1", "p2"]) {
      for (const collection of ["c1", "c2"]) {
        for (const channel of ["h1", "h2"]) all.unshift(await vault.upload({ partition, collection, channel }));
      }
    }
    for (const filter of FILTERS) {
      const expected = all.filter((asset) =>
        Object.entries(filter).every(([name, value]) => asset[name as "channel"] === value),
      );
      expect((await vault.list(filter)).data).toEqual(expected);
    }
    expect(await vault.list({ partition: "nothing-here" })).toEqual({ data: [], cursor: null, has_more: false });
  });

  it("defaults to 50 and goes up to 200", async () => {
    const vault = await TestVault.create();
    await seed(vault, 201);
    expect((await vault.list()).data).toHaveLength(50);
    expect((await vault.list({ limit: 200 })).data).toHaveLength(200);
    expect((await vault.list({ limit: 1 })).data).toHaveLength(1);
  });

  it.each(["0", "201", "-1", "1.5", "1e2", "abc", "", " 5", "+5", "0x10", "9".repeat(20)])(
    "refuses the limit %j",
    async (limit) => {
      const vault = await TestVault.create();
      const response = await vault.request("GET", `${vault.assets}?limit=${encodeURIComponent(limit)}`);
      expect(await refusal(response, 400, "INVALID_PARAMS")).toBe("limit: must be a number from 1 to 200");
    },
  );

  it.each(["partition", "collection", "channel"])("refuses a %s that breaks the pattern", async (name) => {
    const vault = await TestVault.create();
    for (const value of ["A", "", "a_b", "a".repeat(65)]) {
      const response = await vault.request("GET", `${vault.assets}?${name}=${value}`);
      expect(await refusal(response, 400, "INVALID_PARAMS")).toMatch(new RegExp(`^${name}: must be 1 to 64`));
    }
    await refusal(await vault.request("GET", `${vault.assets}?${name}=a&${name}=b`), 400, "INVALID_PARAMS");
  });

  it("refuses a cursor that does not parse, or that belongs to other filters", async () => {
    const vault = await TestVault.create();
    for (let i = 0; i < 3; i++) await vault.upload();
    const { cursor } = await vault.list({ limit: 1, partition: "marketing" });
    const request = (query: string) => vault.request("GET", `${vault.assets}?${query}`);
    for (const bad of [
      "x",
      "eyJjcmVhdGVkX2F0",
      "%00",
      "",
      btoa('{"created_at":"x"}'),
      btoa('{"created_at":"x","seq":-1}'),
      "e30",
      `${cursor}!`,
    ]) {
      expect(await refusal(await request(`cursor=${encodeURIComponent(bad)}`), 400, "INVALID_PARAMS")).toMatch(
        /^cursor: /,
      );
    }
    expect(await refusal(await request(`cursor=${cursor}`), 400, "INVALID_PARAMS")).toContain("partition");
    expect(
      await refusal(await request(`cursor=${cursor}&partition=marketing&channel=x`), 400, "INVALID_PARAMS"),
    ).toContain("channel");
    expect((await request(`cursor=${cursor}&partition=marketing`)).status).toBe(200);
  });

  it("delivers the page of 200 assets with the largest metadata and tags", async () => {
    const vault = await TestVault.create();
    // Quotes are escaped when the JSON is put into JSON, so an asset takes about 256 KiB.
    const metadata = JSON.stringify({ a: '"'.repeat(32_764) });
    const tags = JSON.stringify(['"'.repeat(32_766)]);
    await seed(vault, 200, { metadata, tags });
    // The vault reads 50 MB from D1 first, which may take longer than a request waits.
    await patiently(() => vault.request("GET", `${vault.assets}?limit=1`));
    const page = await vault.list({ limit: 200 });
    expect(page.data).toHaveLength(200);
    expect(new Set(page.data.map((asset) => asset.id)).size).toBe(200);
    for (const asset of page.data) expect(asset.metadata === metadata && asset.tags === tags).toBe(true);
    expect(page).toMatchObject({ cursor: null, has_more: false });
  });
});

describe("a page whose client does not read it", () => {
  /** A page in the form in which the vault hands it out. */
  const inVault = <T>(vault: TestVault, use: (body: string | ReadableStream<Uint8Array>) => Promise<T>): Promise<T> =>
    runInDurableObject(vault.stub, async (instance: Vault, { storage }) => {
      const { cursors, stop } = watchSql(storage.sql);
      try {
        const outcome = await instance.listAssets(OPERATOR, { filter: {}, limit: 200 });
        if (!outcome.ok) throw new Error(outcome.message);
        return await use(outcome.body);
      } finally {
        stop();
        // Nobody else reads in this vault: a page of 100 rows is read twice, and some of it again with each piece.
        expect(cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0)).toBeLessThanOrEqual(500);
        expect(leftOpen(cursors)).toBe(0);
      }
    });

  it("is one string when 200 assets have no large metadata", async () => {
    const vault = await TestVault.create();
    await seed(vault, 200, { filename: `${"n".repeat(250)}.txt`, metadata: JSON.stringify({ alt: "a".repeat(100) }) });
    expect(await vault.list({ limit: 200 })).toMatchObject({ cursor: null, has_more: false });
    expect((await vault.list({ limit: 199 })).has_more).toBe(true);
    expect(await inVault(vault, async (body) => typeof body)).toBe("string");
  });

  it("holds no more than 64 Ki characters and a row of a large page, and reads on when these were taken", async () => {
    const vault = await TestVault.create();
    await seed(vault, 100, { metadata: JSON.stringify({ a: "a".repeat(10_000) }) });
    await vault.list();
    const pieces = await inVault(vault, async (body) => {
      if (typeof body === "string") throw new Error("not a stream");
      const lengths: number[] = [];
      for await (const piece of body) lengths.push(piece.length);
      return lengths;
    });
    expect(Math.max(...pieces)).toBeLessThan(64 * 1024 + 12_000);
    expect(pieces.length).toBeGreaterThan(10);
  });
});

describe("list in a vault of 20,000 assets", () => {
  let vault: TestVault;

  beforeAll(async () => {
    vault = await TestVault.create();
    await seed(vault, 20_000);
    // The request brings the vault to life, which may take longer than a request waits.
    expect((await patiently(() => vault.request("GET", vault.assets))).status).toBe(200);
  }, 120_000);

  /** Lists through the object's own method and counts the rows that SQLite read for it. */
  const rowsRead = (request: Parameters<Vault["listAssets"]>[1]): Promise<number> =>
    runInDurableObject(vault.stub, async (instance: Vault, state) => {
      const { cursors, stop } = watchSql(state.storage.sql);
      try {
        const outcome = await instance.listAssets(OPERATOR, request);
        expect(outcome.ok && JSON.parse(outcome.body as string).data.length).toBe(request.limit);
      } finally {
        stop();
      }
      const read = cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0);
      expect(leftOpen(cursors)).toBe(0);
      return read;
    });

  it.each(FILTERS)("reads at most limit + 1 rows for %j, on the first page and in the middle", async (filter) => {
    for (const from of [undefined, 10_000]) {
      expect(await rowsRead({ filter, limit: 50, from })).toBeLessThanOrEqual(51);
    }
  });
});
