/** Folders: their counters are exact whatever is written, and a reconciliation proves it. */

import { runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import type { Asset } from "../../../src/model/asset.ts";
import { insertAsset, removeAsset, updateAsset } from "../../../src/vault/state/asset-writes.ts";
import { VaultDatabase } from "../../../src/vault/state/database.ts";
import type { VaultRow } from "../../../src/vault/state/schema.ts";
import { FolderCounts } from "../../../src/vault/state/folders.ts";
import { Change } from "../../../src/vault/state/group-commit.ts";
import { OPERATOR, refusal, TestVault, textFile } from "../../support/api.ts";
import { amend, wipe } from "../../support/history.ts";
import { watchSql } from "../../support/meter.ts";
import { newAsset } from "../../support/new-asset.ts";
import { reconcile, report } from "../../support/stores.ts";

interface Folder {
  name: string;
  assets: number;
  bytes: number;
}

/** A list of folders, read page by page. */
async function folders(vault: TestVault, query = "", limit = 50): Promise<Folder[]> {
  const all: Folder[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page: string = `?limit=${limit}&${query}${cursor && `&cursor=${cursor}`}`;
    const response = await vault.request("GET", `${vault.path}/folders${page}`);
    expect(response.status, await response.clone().text()).toBe(200);
    const answer = await response.json<{ data: Folder[]; cursor: string | null; has_more: boolean }>();
    expect(answer.has_more).toBe(answer.cursor !== null);
    if (answer.has_more) expect(answer.data).toHaveLength(limit);
    all.push(...answer.data);
    ({ cursor } = answer);
  }
  return all;
}

const LEVELS = ["partition", "collection", "channel"] as const;

/** The folders that assets make, by `partition=…&collection=…`. */
function counted(assets: readonly Pick<Asset, (typeof LEVELS)[number] | "size">[]): Map<string, Folder[]> {
  const lists = new Map<string, Folder[]>([["", []]]);
  for (const asset of assets) {
    for (const [level, component] of LEVELS.entries()) {
      const query = LEVELS.slice(0, level)
        .map((name) => `${name}=${asset[name]}`)
        .join("&");
      const list = lists.get(query) ?? [];
      lists.set(query, list);
      const folder = list.find(({ name }) => name === asset[component]);
      if (folder) {
        folder.assets++;
        folder.bytes += asset.size;
      } else list.push({ name: asset[component], assets: 1, bytes: asset.size });
    }
  }
  for (const list of lists.values()) list.sort((a, b) => (a.name < b.name ? -1 : 1));
  return lists;
}

/** Asserts that the folders are those of the assets that the vault lists, at every level. */
async function expectExact(vault: TestVault): Promise<void> {
  const { data } = await vault.list({ limit: 200 });
  for (const [query, expected] of counted(data))
    expect([query, await folders(vault, query, 3)]).toEqual([query, expected]);
  const bytes = data.reduce((sum, { size }) => sum + size, 0);
  expect(await report(vault)).toMatchObject({ assets: data.length, bytes });
}

/** Some assets in ten folders of a name that sorts before a slash and after it. */
async function filled(): Promise<{ vault: TestVault; ids: string[] }> {
  const vault = await TestVault.create();
  const ids: string[] = [];
  for (let i = 0; i < 24; i++) {
    const path = {
      partition: ["a", "a-b", "a0", "b", "z"][i % 5],
      collection: ["c", "c-d"][i % 2],
      channel: `h${i % 3}`,
    };
    const { id } = await vault.upload({ ...path, file: textFile("x".repeat(i)) });
    ids.push(id);
  }
  return { vault, ids };
}

describe("folders", () => {
  it("are exact after uploads, changes, moves and deletions, and after a rebuild; one without assets is gone", async () => {
    const { vault, ids } = await filled();
    await expectExact(vault);
    for (const id of ids.slice(0, 4)) expect((await vault.delete(id)).status).toBe(204);
    for (const [i, id] of ids.slice(4, 8).entries()) {
      const change = [{ partition: "moved" }, { collection: "c" }, { channel: "h0", filename: "n" }, { tags: ["x"] }][
        i
      ];
      expect((await vault.patch(id, change)).status).toBe(200);
    }
    await vault.upload({ partition: "alone" });
    expect(await folders(vault)).toContainEqual({ name: "alone", assets: 1, bytes: 5 });
    await vault.request("DELETE", `${vault.assets}?partition=alone`);
    expect((await folders(vault)).map(({ name }) => name)).not.toContain("alone");
    expect(await folders(vault, "partition=alone")).toEqual([]);
    await expectExact(vault);
    await wipe(vault);
    await expectExact(vault);
    expect(await reconcile(vault)).toMatchObject({ recounted: 0 });
  });

  it("refuses a collection without its partition, and a cursor of another folder", async () => {
    const { vault } = await filled();
    const request = (query: string) => vault.request("GET", `${vault.path}/folders?${query}`);
    expect(await refusal(await request("collection=c"), 400, "INVALID_PARAMS")).toBe(
      "collection: needs the partition that it is in",
    );
    const { cursor } = await (await request("limit=1")).json<{ cursor: string }>();
    expect((await request(`cursor=${cursor}`)).status).toBe(200);
    for (const other of ["partition=a", "partition=a&collection=c"]) {
      expect(await refusal(await request(`${other}&cursor=${cursor}`), 400, "INVALID_PARAMS")).toContain("cursor: ");
    }
    const { cursor: list } = await vault.list({ limit: 1 });
    expect(await refusal(await request(`cursor=${list}`), 400, "INVALID_PARAMS")).toContain("cursor: ");
  });

  it("are not listed before old assets are indexed", async () => {
    const { vault } = await filled();
    await amend(vault, "INSERT INTO unindexed VALUES (1, 0, 5)");
    for (const path of [`${vault.path}/folders`, `${vault.assets}?tag=x`]) {
      const response = await vault.request("GET", path);
      expect(response.headers.get("Retry-After")).toMatch(/^\d+$/);
      await refusal(response, 503, "UNAVAILABLE");
    }
    expect(
      (await vault.list({ q: "hello", order: "oldest", created_since: "2020-01-01T00:00:00Z" })).data,
    ).toHaveLength(24);
  });
});

describe("a reconciliation", () => {
  it("mends counters that are wrong, at every level, and the totals", async () => {
    const { vault } = await filled();
    for (const statement of [
      "UPDATE folders SET assets = assets + 1 WHERE level = 1 AND name = 'a'",
      "UPDATE folders SET bytes = 0 WHERE level = 2 AND parent = 'b'",
      "DELETE FROM folders WHERE level = 3 AND parent = 'z/c'",
      "INSERT INTO folders VALUES (1, '', 'gone', 1, 1), (2, 'a', 'gone', 1, 1), (3, 'gone/x', 'y', 5, 5)",
      "UPDATE vault SET assets = 99",
    ]) {
      await amend(vault, statement);
    }
    const { recounted } = await reconcile(vault);
    // One partition, two collections, the channels of one, three folders that there are not, and the totals.
    const { data } = await vault.list({ limit: 200 });
    const channels = counted(data).get("partition=z&collection=c")?.length ?? 0;
    expect(recounted).toBe(1 + 2 + channels + 3 + 1);
    await expectExact(vault);
    expect(await reconcile(vault)).toMatchObject({ recounted: 0 });
  });

  it("counts exactly although assets come, move and go between its steps, and after a restart", async () => {
    const component = fc.constantFrom("a", "a-b", "b");
    const path = fc.record({ partition: component, collection: component, channel: component });
    const write = fc.record({
      kind: fc.constantFrom("insert", "move", "remove", "fail", "restart", "step"),
      path,
      at: fc.nat(),
      size: fc.integer({ min: 0, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(path, { maxLength: 4 }),
        async (writes, most, wrong) => {
          const vault = await TestVault.create();
          await vault.list();
          await runInDurableObject(vault.stub, (_, { storage }) => {
            let database = new VaultDatabase(storage);
            let rev = 1;
            const assets: Asset[] = [];
            /** One write, in a transaction of its own like that of a group. */
            const apply = (work: (change: Change) => void): void =>
              database.transaction(() => {
                const change = new Change({ rev, assets: 0, bytes: 0 }, {} as VaultRow, "2026-01-01T00:00:00Z");
                work(change);
                const counts = new FolderCounts();
                for (const { folder, assets: n, bytes } of change.counts) counts.add(folder, n, bytes);
                counts.save(database.folders);
                database.recount.settle();
                ({ rev } = change);
              });
            const insert = (place: (typeof writes)[number]): void =>
              apply((change) => {
                const seq = change.next();
                const at = { created_at: change.now, updated_at: change.now };
                const asset = { ...newAsset(vault, { ...place.path, size: place.size }), ...at, seq, rev: seq };
                insertAsset(database, change, asset);
                assets.push(asset);
              });
            for (const each of writes.filter(({ kind }) => kind !== "step")) insert(each);
            for (const { partition, collection, channel } of wrong) {
              database.folders.add(1, "", partition, 3, -1);
              database.folders.add(2, partition, collection, 1, 5);
              database.folders.add(3, `${partition}/${collection}`, channel, 2, 0);
            }
            let emptied: string | undefined = "";
            for (const each of writes) {
              const index = each.at % Math.max(1, assets.length);
              const old = assets[index];
              if (each.kind === "step") {
                if (emptied === undefined) database.recount.step(most);
                else ({ after: emptied } = database.recount.removeEmpty(emptied, most));
              } else if (each.kind === "restart") database = new VaultDatabase(storage);
              else if (each.kind === "insert" || !old) insert(each);
              else if (each.kind === "move") {
                apply((change) => {
                  assets[index] = { ...old, ...each.path, rev: change.next() };
                  updateAsset(database, change, old, assets[index]);
                });
              } else if (each.kind === "remove") {
                apply((change) => removeAsset(database, change, old));
                assets.splice(index, 1);
              } else {
                const failing = (change: Change): void => {
                  removeAsset(database, change, old);
                  throw new Error("rolled back");
                };
                expect(() => apply(failing)).toThrow("rolled back");
              }
            }
            // The recount that is under way comes to its end, and it knows the totals.
            while (emptied !== undefined) ({ after: emptied } = database.recount.removeEmpty(emptied, most));
            let totals: unknown;
            while (!totals) ({ totals } = database.recount.step(most));
            const bytes = assets.reduce((sum, { size }) => sum + size, 0);
            expect(totals).toEqual({ assets: assets.length, bytes });
            for (const [query, expected] of counted(assets)) {
              const of = Object.fromEntries(new URLSearchParams(query));
              expect([query, database.folders.in({ ...of, after: "", limit: 99 })]).toEqual([query, expected]);
            }
          });
        },
      ),
      { numRuns: Math.ceil(inject("fuzzRuns") / 8) },
    );
  }, 600_000);
});

describe("an upload", () => {
  it("with tags costs one row more for each of them, and nothing without", async () => {
    const vault = await TestVault.create();
    await vault.list();
    const cost = (tags: string[]): Promise<number> =>
      runInDurableObject(vault.stub, async (instance, { storage }) => {
        const { cursors, stop } = watchSql(storage.sql);
        await instance.commitUpload(OPERATOR, newAsset(vault, { tags: JSON.stringify(tags) }));
        stop();
        return cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0);
      });
    await cost([]); // The first one makes its folders.
    const plain = await cost([]);
    expect(await cost([])).toBe(plain);
    expect(await cost(["a", "b", "a", "c"])).toBe(plain + 3);
  });
});
