/** How many rows a list reads for each kind of filter, which is what it costs and how long it takes. */

import { runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { MAX_LIST_ROWS } from "../../src/model/limits.ts";
import type { AssetRecord } from "../../src/model/asset.ts";
import { TestVault } from "../support/api.ts";
import { fill, FILLED_FROM } from "../support/fill.ts";
import { leftOpen, watchSql } from "../support/meter.ts";
import { rest } from "../support/stores.ts";

/** As many as `npm run test:long` asks for. */
const SIZE = inject("fuzzRuns") > 1_000 ? 100_000 : 20_000;
const at = (seq: number): string => new Date(FILLED_FROM + seq * 1000).toISOString();
const MIDDLE = `created_since=${at(SIZE / 2)}`;
const IDS = Array.from({ length: 100 }, (_, i) => `id=asset_01kf${(i * 7 + 1).toString(16).padStart(22, "0")}`).join(
  "&",
);

/** Rows of a page of 50 and the one beyond. */
const EXACT = 51;
/** What it takes to find the place of a time: a row for each bit of the seqs, and the first and the last. */
const BISECTION = Math.ceil(Math.log2(SIZE)) + 3;

let vault: TestVault;
beforeAll(async () => {
  vault = await TestVault.create();
  await fill(vault, SIZE);
  await rest(vault.stub); // What the vault does when it starts is not the list's.
}, 120_000);

interface Answer {
  data: AssetRecord[];
  cursor: string | null;
}

async function measured(query: string): Promise<Answer & { rows: number }> {
  await vault.list({ limit: 1 });
  const { cursors, stop } = await runInDurableObject(vault.stub, (_, { storage }) => watchSql(storage.sql));
  const response = await vault.request("GET", `${vault.assets}?limit=50&${query}`);
  expect(response.status, await response.clone().text()).toBe(200);
  const answer = await response.json<Answer>();
  const rows = await runInDurableObject(vault.stub, () => {
    stop();
    const read = cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0);
    expect(leftOpen(cursors)).toBe(0);
    return read;
  });
  return { ...answer, rows };
}

describe.each(["newest", "oldest"])("%s first", (order) => {
  it.each([
    ["", EXACT],
    ["partition=p1", EXACT],
    ["partition=p1&collection=c1&channel=h", EXACT],
    // An entry of the index of tags, and the asset's own row.
    ["tag=all", 2 * EXACT],
    ["tag=t7", 2 * EXACT],
    [MIDDLE, EXACT + BISECTION],
    [`created_before=${at(SIZE / 2)}`, EXACT + BISECTION],
    [`partition=p0&${MIDDLE}&created_before=${at(SIZE - 1)}`, EXACT + 2 * BISECTION],
    [`tag=all&${MIDDLE}`, 2 * EXACT + BISECTION],
  ])("%s: a full page reads no more than it shows", async (query, most) => {
    const { data, cursor, rows } = await measured(`order=${order}&${query}`);
    expect([data.length, cursor === null]).toEqual([50, false]);
    expect(rows).toBeLessThanOrEqual(most);
    const next = await measured(`order=${order}&${query}&cursor=${cursor}`);
    expect(next.data).toHaveLength(50);
    expect(next.rows).toBeLessThanOrEqual(most);
  });

  it("ids: reads each asset twice, its index included once", async () => {
    const { data, rows } = await measured(`order=${order}&${IDS}`);
    expect(data).toHaveLength(50);
    expect(rows).toBeLessThanOrEqual(100 + 3 * EXACT);
  });

  it.each([
    // The rare tag sets the pace. Of the other source some rows are read for each of its assets.
    ["tag=rare&tag=all", (SIZE / 1000) * 12],
    ["tag=rare&partition=p0", (SIZE / 1000) * 12],
    ["tag=rare&q=f10", (SIZE / 1000) * 4],
    ["tag=all&tag=t7&partition=p1", 2_500],
    // Every hundredth matches.
    ["metadata.n=1", 51 * 100 + 2 * EXACT + 1],
  ])("%s: a page of several reads little more than its rarest", async (query, most) => {
    expect((await measured(`order=${order}&${query}`)).rows).toBeLessThanOrEqual(most);
  });

  it.each(["q=nowhere", "q=needle&mime_type=image/*", "filename_prefix=x", "metadata.n=none", "tag=all&q=nowhere"])(
    "%s: looks at no more rows than it may, and goes on from there",
    async (query) => {
      let cursor: string | null = "";
      let found = 0;
      for (let pages = 0; cursor !== null; pages++) {
        expect(pages).toBeLessThanOrEqual((2 * SIZE) / MAX_LIST_ROWS + 1);
        const page = await measured(`order=${order}&${query}${cursor && `&cursor=${cursor}`}`);
        // The page's own records, and one for the time in the cursor.
        expect(page.rows).toBeLessThanOrEqual(MAX_LIST_ROWS + 50 + 2);
        ({ cursor } = page);
        found += page.data.length;
      }
      expect(found).toBe(query.includes("needle") ? SIZE / 5_000 : 0);
    },
  );
});
