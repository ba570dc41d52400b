/** What keys that are narrowed to a folder see of a vault: what a key of all of it sees, filtered. */

import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import type { KeyScope } from "../../src/api/types.ts";
import type { AssetRecord } from "../../src/model/asset.ts";
import { admin, bearer, OPERATOR, type Page, PATH, post, refusal, send, TestVault } from "../support/api.ts";
import { meter } from "../support/meter.ts";
import { newAsset } from "../support/new-asset.ts";
import { askChanges, listed, Replica } from "../support/replica.ts";

const LEVELS = ["partition", "collection", "channel"] as const;
type Folder = Record<(typeof LEVELS)[number], string>;

const narrowedKey = async (vault: TestVault, scope: KeyScope, type = "secret"): Promise<string> =>
  (await (await post(`${vault.path}/keys`, admin, { type, scope })).json<{ token: string }>()).token;

const isIn = (scope: Partial<Folder>, asset: Folder): boolean =>
  LEVELS.every((level) => scope[level] === undefined || scope[level] === asset[level]);

/** All pages of a list, as whoever has the token sees them. */
async function paged<T>(path: string, token: string, query: [string, string][], limit = 2): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | null = null; ;) {
    const more: [string, string][] = cursor === null ? [] : [["cursor", cursor]];
    const params = new URLSearchParams([...query, ["limit", String(limit)], ...more]).toString();
    const response = await send(`${path}?${params}`, { headers: bearer(token) });
    expect(response.status, await response.clone().text()).toBe(200);
    const page = await response.json<Page<T>>();
    items.push(...page.data);
    ({ cursor } = page);
    expect(page.has_more).toBe(cursor !== null);
    if (cursor === null) return items;
  }
}

/** The folders in a folder, of these assets. */
function foldersOf(assets: readonly AssetRecord[], above: Partial<Folder>) {
  const level = LEVELS.find((each) => above[each] === undefined) ?? "channel";
  const sums = new Map<string, { name: string; assets: number; bytes: number }>();
  for (const asset of assets.filter((each) => isIn(above, each))) {
    const sum = sums.get(asset[level]) ?? { name: asset[level], assets: 0, bytes: 0 };
    sums.set(asset[level], { ...sum, assets: sum.assets + 1, bytes: sum.bytes + asset.size });
  }
  return [...sums.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

// Few names, and one that begins with another, so that paths often meet and are easily mistaken.
const name = fc.constantFrom("a", "ab");
const folder: fc.Arbitrary<Folder> = fc.record({ partition: name, collection: name, channel: name });

const scope: fc.Arbitrary<KeyScope> = fc.oneof(
  fc.record({ partition: name }),
  fc.record({ partition: name, collection: name }),
  folder,
);

const filter = fc.record(
  { partition: name, collection: name, channel: name, tag: fc.constant("t"), order: fc.constant("oldest") },
  { requiredKeys: [] },
);

type Step =
  | { do: "create"; at: Folder; tags: string }
  | { do: "move"; which: number; to: Partial<Folder> }
  | { do: "tag"; which: number }
  | { do: "delete"; which: number }
  | { do: "read" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("create" as const), at: folder, tags: fc.constantFrom("[]", '["t"]') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("move" as const),
      which: fc.nat(),
      to: fc.record({ partition: name, collection: name, channel: name }, { requiredKeys: [] }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.oneof(
      fc.record({ do: fc.constant("tag" as const), which: fc.nat() }),
      fc.record({ do: fc.constant("delete" as const), which: fc.nat() }),
    ),
  },
  { weight: 2, arbitrary: fc.constant({ do: "read" as const }) },
);

async function perform(vault: TestVault, made: Step, assets: string[]): Promise<void> {
  if (made.do === "read") return;
  if (made.do === "create") {
    const asset = newAsset(vault, { ...made.at, tags: made.tags, size: assets.length + 1 });
    expect(await vault.rpc.commitUpload(OPERATOR, asset)).toMatchObject({ ok: true });
    assets.push(asset.id);
    return;
  }
  const id = assets[made.which % (assets.length || 1)];
  if (id === undefined) return;
  if (made.do === "delete") await vault.delete(id);
  else if (made.do === "tag") await vault.patch(id, { tags: ["t", "u"] });
  else if (Object.keys(made.to).length > 0) await vault.patch(id, made.to);
}

describe("a narrowed key", () => {
  it(
    "sees by lists, ids, folders and changes what a key of the whole vault sees, filtered",
    { timeout: 600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(scope, filter, fc.array(step, { maxLength: 25 }), async (within, asked, steps) => {
          const vault = await TestVault.create();
          const token = await narrowedKey(vault, within, "public");
          const [early, late] = [new Replica(vault, token), new Replica(vault, token)];
          const made: string[] = [];
          for (const each of steps) {
            await perform(vault, each, made);
            if (each.do === "read") await early.read(3);
          }
          const everything = await listed(vault);
          const visible = everything.filter((asset) => isIn(within, asset));

          const query = Object.entries(asked);
          const full = await paged<AssetRecord>(vault.assets, vault.publicKey, query);
          expect(await paged(vault.assets, token, query)).toEqual(full.filter((asset) => isIn(within, asset)));
          expect(
            await paged(
              vault.assets,
              token,
              made.slice(-100).map((id) => ["id", id]),
            ),
          ).toEqual(visible.filter(({ id }) => made.slice(-100).includes(id)));

          const folders = `${vault.path}/folders`;
          for (const depth of [0, 1, 2]) {
            const above = Object.fromEntries(
              LEVELS.slice(0, depth).map((level, i) => [
                level,
                (asked[level] ?? Object.values(within)[i] ?? "a") as string,
              ]),
            );
            expect(await paged(folders, token, Object.entries(above), 1)).toEqual(foldersOf(visible, above));
          }

          for (const replica of [early, late]) {
            await replica.drain(3);
            const copy = [...replica.copy.values()].toSorted((a, b) => (a.id < b.id ? 1 : -1));
            expect(copy).toEqual(visible.toSorted((a, b) => (a.id < b.id ? 1 : -1)));
          }
        }),
        { numRuns: Math.max(8, inject("fuzzRuns") / 10) },
      );
    },
  );

  it("is told that an asset left its folder, by a move or a deletion, and nothing of what was never in it", async () => {
    const vault = await TestVault.create();
    const token = await narrowedKey(vault, { partition: "marketing", collection: "blog" });
    const [gone, moved, away] = [
      await vault.upload(),
      await vault.upload(),
      await vault.upload({ collection: "shop" }),
    ];
    const first = await (await askChanges(vault, {}, token)).json<{ data: unknown[]; cursor: string }>();
    expect(first.data).toHaveLength(2);
    const waiting = askChanges(vault, { cursor: first.cursor, wait: 20 }, token);
    // What happens elsewhere does not end the waiting.
    await vault.patch(away.id, { tags: ["x"] });
    await vault.delete(away.id);
    await vault.patch(moved.id, { collection: "shop" });
    const second = await (await waiting).json<{ data: unknown[]; cursor: string }>();
    expect(second.data).toEqual([{ type: "deleted", id: moved.id, deleted_at: expect.any(String) }]);
    await vault.delete(gone.id);
    await vault.patch(moved.id, { filename: "elsewhere" });
    await vault.delete(moved.id);
    const third = await (await askChanges(vault, { cursor: second.cursor }, token)).json<{ data: unknown[] }>();
    expect(third.data).toEqual([{ type: "deleted", id: gone.id, deleted_at: expect.any(String) }]);
  });

  it("takes no cursor of a key with another scope, and gives none to it", async () => {
    const vault = await TestVault.create();
    for (const channel of ["x", "y", "z"]) await vault.upload({ channel });
    const tokens = [
      vault.publicKey,
      await narrowedKey(vault, { partition: "marketing" }),
      await narrowedKey(vault, { partition: "marketing", collection: "blog" }),
    ];
    const twin = await narrowedKey(vault, { partition: "marketing", collection: "blog" }, "public");
    const lists = [
      `${vault.assets}?limit=1`,
      `${vault.assets}?limit=1&order=oldest`,
      `${vault.path}/folders?partition=marketing&collection=blog&limit=1`,
      `${vault.path}/changes?limit=1`,
    ];
    for (const list of lists) {
      const cursors = [];
      for (const token of tokens) {
        const page = await (await send(list, { headers: bearer(token) })).json<Page<object>>();
        cursors.push(page.cursor);
      }
      for (const [i, cursor] of cursors.entries()) {
        for (const [j, token] of tokens.entries()) {
          const response = await send(`${list}&cursor=${cursor}`, { headers: bearer(token) });
          if (i === j) expect([list, response.status]).toEqual([list, 200]);
          else
            expect(await refusal(response, 400, "INVALID_PARAMS")).toBe("cursor: belongs to a key with another scope");
        }
      }
      expect((await send(`${list}&cursor=${cursors[2]}`, { headers: bearer(twin) })).status).toBe(200);
    }
  });

  it("deletes of a folder what is in its own, and counts no more", async () => {
    const vault = await TestVault.create();
    const token = await narrowedKey(vault, { partition: "marketing", collection: "blog" });
    await vault.upload();
    const shop = await vault.upload({ collection: "shop" });
    const response = await send(`${vault.assets}?partition=marketing`, { method: "DELETE", headers: bearer(token) });
    expect(await response.json()).toEqual({ deleted: 1, has_more: false });
    expect((await vault.list()).data.map(({ id }) => id)).toEqual([shop.id]);
    expect((await vault.upload(PATH)).collection).toBe("blog");
  });

  it("reads no more rows for its list than the list has", async () => {
    const vault = await TestVault.create();
    const token = await narrowedKey(vault, { partition: "p", collection: "c" });
    for (let i = 0; i < 50; i++) {
      await vault.rpc.commitUpload(OPERATOR, newAsset(vault, { collection: i % 10 === 0 ? "c" : "d" }));
    }
    const bill = await meter(vault, async () => {
      expect(await paged(vault.assets, token, [], 200)).toHaveLength(5);
    });
    expect(bill.vaultRead).toBeLessThanOrEqual(10);
  });
});
