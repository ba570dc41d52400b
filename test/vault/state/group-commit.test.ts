/**
 * Group commit, and the path of a write from there: commit and resolve of an upload, the relay to D1, and what a vault
 * does when D1 or its own storage has lost history.
 */

import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { newAssetId } from "../../../src/model/id.ts";
import type { Vault } from "../../../src/vault/vault.ts";
import { Watchdog } from "../../../src/runtime/wait.ts";
import { commitUpload } from "../../../src/upload/commit.ts";
import { VaultDatabase } from "../../../src/vault/state/database.ts";
import { claim, copyPage } from "../../../src/vault/sync/rebuild.ts";
import { GroupCommit } from "../../../src/vault/state/group-commit.ts";
import { BoundedD1 } from "../../../src/d1/bounded.ts";
import { OPERATOR, admin, bearer, PATH, send, TestVault, textFile } from "../../support/api.ts";
import { amend, state, wipe } from "../../support/history.ts";
import { newAsset } from "../../support/new-asset.ts";
import { down, flaky, withD1 } from "../../support/outage.ts";
import { expectDerived } from "../../support/stores.ts";

vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../../support/short-retries.ts")),
}));

const never = (): never => {
  throw new Error("the vault has a row");
};

describe("group commit", () => {
  it("puts operations that arrive together into one transaction", async () => {
    const vault = await TestVault.create();
    await vault.list();
    const transactions = await runInDurableObject(vault.stub, async (instance: Vault, { storage }) => {
      const original = storage.transactionSync.bind(storage);
      let depth = 0;
      let outer = 0;
      storage.transactionSync = (work) => {
        if (depth++ === 0) outer++;
        try {
          return original(work);
        } finally {
          depth--;
        }
      };
      await Promise.all(Array.from({ length: 32 }, () => instance.commitUpload(OPERATOR, newAsset(vault))));
      return outer;
    });
    expect(transactions).toBe(1);
    expect((await vault.list()).data).toHaveLength(32);
  });

  it("writes no more than so many rows of tags in one transaction, but for its last operation", async () => {
    const vault = await TestVault.create();
    await vault.list();
    const tags = JSON.stringify(Array.from({ length: 1_000 }, (_, i) => `tag ${i}`));
    const groups = await runInDurableObject(vault.stub, async (instance: Vault, { storage }) => {
      const original = storage.sql.exec.bind(storage.sql);
      const sizes: number[] = [];
      let size = 0;
      // A group ends with the vault's row.
      storage.sql.exec = (...args: Parameters<typeof original>) => {
        if (args[0].startsWith("INSERT INTO tags")) size++;
        if (args[0].startsWith("INSERT OR REPLACE INTO vault")) size = (sizes.push(size), 0);
        return original(...args);
      };
      const uploads = Array.from({ length: 50 }, () => instance.commitUpload(OPERATOR, newAsset(vault, { tags })));
      const outcomes = await Promise.all(uploads);
      expect(outcomes.every(({ ok }) => ok)).toBe(true);
      storage.sql.exec = original;
      return sizes.filter((each) => each > 0);
    });
    expect(groups).toEqual([20, 20, 10]);
    expect(await state(vault, "SELECT count(*) AS n FROM tags")).toEqual([{ n: 50_000 }]);
  });

  it("does not let one operation that throws spoil its group", async () => {
    const vault = await TestVault.create();
    await vault.list();
    const outcomes = await runInDurableObject(vault.stub, (instance: Vault) =>
      Promise.allSettled([
        instance.commitUpload(OPERATOR, newAsset(vault, { filename: "before" })),
        instance.commitUpload(OPERATOR, newAsset(vault, { filename: null as unknown as string })),
        instance.commitUpload(OPERATOR, newAsset(vault, { filename: "after" })),
      ]),
    );
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const { data } = await vault.list();
    expect(data.map((asset) => asset.filename)).toEqual(["after", "before"]);
    expect((await vault.recorded()).map((row) => row["seq"])).toEqual([1, 2]);
    expect(await state(vault, "SELECT assets, bytes, rev FROM vault")).toEqual([{ assets: 2, bytes: 20, rev: 2 }]);
  });

  it("takes back what an operation wrote before it threw, and only that", async () => {
    const vault = await TestVault.create();
    await vault.list();
    const result = await runInDurableObject(vault.stub, async (_, { storage }) => {
      const database = new VaultDatabase(storage);
      let row = database.vault();
      const before = row?.rev ?? 0;
      const writes = new GroupCommit({
        database,
        row: () => row ?? never(),
        persist: (next) => database.saveVault(next),
        expected: () => 0,
        committed: (next) => {
          row = next;
        },
      });
      const outcomes = await Promise.allSettled([
        writes.run((change) => {
          database.voids.add("half", 0);
          change.next();
          throw new Error("after it wrote");
        }),
        writes.run((change) => {
          database.voids.add("whole", 0);
          return { ok: true, rev: change.next() };
        }),
      ]);
      return {
        outcomes: outcomes.map((outcome) => outcome.status),
        voids: [database.voids.has("half"), database.voids.has("whole")],
        grown: (row?.rev ?? 0) - before,
      };
    });
    expect(result).toEqual({ outcomes: ["rejected", "fulfilled"], voids: [false, true], grown: 1 });
  });

  it("puts what weighs much into a transaction of its own, and gives others a turn after it", async () => {
    const vault = await TestVault.create();
    await vault.list();
    const order = await runInDurableObject(vault.stub, async (_, { storage }) => {
      const database = new VaultDatabase(storage);
      const seen: string[] = [];
      let row = database.vault();
      const writes = new GroupCommit({
        database,
        row: () => row ?? never(),
        persist: (next) => {
          seen.push("group");
          database.saveVault(next);
        },
        // Nothing has to be waited for.
        expected: () => 1,
        committed: (next) => {
          row = next;
        },
      });
      const run = (name: string, weight: number): Promise<unknown> =>
        writes.run((change) => {
          seen.push(name);
          setTimeout(() => seen.push("turn"), 0);
          return { ok: true, rev: change.next() };
        }, weight);
      await Promise.all([
        run("light", 1),
        run("heavy", 1_000),
        run("heavy", 1_000),
        run("light", 1),
        run("light", 255),
      ]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return seen.join(" ").replaceAll(/(?: turn)+/g, " turn");
    });
    expect(order).toBe("light group heavy group turn heavy group turn light light group turn");
  });

  it("fails every waiter, and changes nothing, when the whole transaction fails", async () => {
    const vault = await TestVault.create();
    await vault.list();
    const outcomes = await runInDurableObject(vault.stub, async (instance: Vault, { storage }) => {
      const original = storage.transactionSync.bind(storage);
      storage.transactionSync = () => {
        throw new Error("disk full");
      };
      const settled = Promise.allSettled([1, 2].map(() => instance.commitUpload(OPERATOR, newAsset(vault))));
      await new Promise((resolve) => setTimeout(resolve, 20));
      storage.transactionSync = original;
      return settled;
    });
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["rejected", "rejected"]);
    expect((await vault.list()).data).toEqual([]);
    expect((await vault.upload()).size).toBe(5);
  });

  it("keeps the counters in step with the rows", async () => {
    const vault = await TestVault.create();
    const [a] = [await vault.upload({ partition: "one" }), await vault.upload({ partition: "two" })];
    await vault.upload({ partition: "one" });
    await vault.delete(a.id);
    expect(await state(vault, "SELECT assets, bytes FROM vault")).toEqual([{ assets: 2, bytes: 10 }]);
    expect(await state(vault, "SELECT * FROM folders ORDER BY level, parent, name")).toEqual([
      { level: 1, parent: "", name: "one", assets: 1, bytes: 5 },
      { level: 1, parent: "", name: "two", assets: 1, bytes: 5 },
      { level: 2, parent: "one", name: "blog", assets: 1, bytes: 5 },
      { level: 2, parent: "two", name: "blog", assets: 1, bytes: 5 },
      { level: 3, parent: "one/blog", name: "hero-images", assets: 1, bytes: 5 },
      { level: 3, parent: "two/blog", name: "hero-images", assets: 1, bytes: 5 },
    ]);
  });

  it("never lets time run backwards", async () => {
    const vault = await TestVault.create();
    const first = await vault.upload();
    await runInDurableObject(vault.stub, (_, { storage }) => {
      storage.sql.exec("UPDATE vault SET clock = '2099-01-01T00:00:00Z'");
    });
    await evictDurableObject(vault.stub);
    const second = await vault.upload();
    expect([first.created_at < second.created_at, second.created_at]).toEqual([true, "2099-01-01T00:00:00Z"]);
  });
});

describe("commit", () => {
  it("is idempotent by asset id", async () => {
    const vault = await TestVault.create();
    const asset = newAsset(vault);
    const [a, b] = [await vault.rpc.commitUpload(OPERATOR, asset), await vault.rpc.commitUpload(OPERATOR, asset)];
    expect(a).toMatchObject({ ok: true, body: expect.any(String) });
    expect(b).toEqual({ ...a, waited: expect.any(Number), queued: expect.any(Number) });
    expect((await vault.list()).data).toHaveLength(1);
    expect(await vault.recorded()).toHaveLength(1);
  });

  it("refuses an upload past its deadline", async () => {
    const vault = await TestVault.create();
    const late = newAsset(vault, { id: newAssetId(Date.now() - 60 * 60 * 1000 - 1000) });
    expect(await vault.rpc.commitUpload(OPERATOR, late)).toMatchObject({ ok: false, code: "REQUEST_TIMEOUT" });
  });
});

describe("resolve", () => {
  it("answers with the record of an upload that was committed", async () => {
    const vault = await TestVault.create();
    const asset = newAsset(vault);
    const committed = await vault.rpc.commitUpload(OPERATOR, asset);
    expect(await vault.rpc.resolveUpload(OPERATOR, asset.id, asset.r2_key)).toEqual({
      ok: true,
      record: { ...committed, ok: undefined, waited: expect.any(Number), queued: expect.any(Number) },
    });
  });

  it("of an upload that was not committed: voids the id, deletes the body, and a late commit is refused", async () => {
    const vault = await TestVault.create();
    const asset = newAsset(vault);
    await env.BUCKET.put(asset.r2_key, "body");
    for (let i = 0; i < 2; i++)
      expect(await vault.rpc.resolveUpload(OPERATOR, asset.id, asset.r2_key)).toEqual({ ok: true, record: null });
    expect(await vault.rpc.commitUpload(OPERATOR, asset)).toMatchObject({ ok: false, code: "UNAVAILABLE" });
    await vi.waitFor(async () => expect(await vault.bodies()).toEqual([]), 5_000);
    expect((await vault.list()).data).toEqual([]);
  });

  it("leaves a void that is forgotten once no upload with its id can be committed", async () => {
    const vault = await TestVault.create();
    await vault.rpc.resolveUpload(OPERATOR, newAssetId(Date.now() - 3 * 60 * 60 * 1000), `${vault.id}/x`);
    await vault.rpc.resolveUpload(OPERATOR, newAssetId(), `${vault.id}/y`);
    await runDurableObjectAlarm(vault.stub);
    expect(await state(vault, "SELECT count(*) AS n FROM voids")).toEqual([{ n: 1 }]);
  });
});

describe("relay to D1", () => {
  it("records many writes with few calls, because what arrives during a flush goes with the next one", async () => {
    const vault = await TestVault.create();
    await vault.list();
    let calls = 0;
    const batch = vault.db.batch.bind(vault.db);
    const counting = ((statements: D1PreparedStatement[]) => {
      calls++;
      return batch(statements);
    }) as D1Database["batch"];
    await withD1(vault, counting, async () => {
      await Promise.all(Array.from({ length: 64 }, () => vault.rpc.commitUpload(OPERATOR, newAsset(vault))));
    });
    expect(await vault.recorded()).toHaveLength(64);
    expect(calls).toBeLessThanOrEqual(10);
  });

  it("tells D1 of an asset with each flush that goes beyond a change of it, though it changed again", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    await runDurableObjectAlarm(vault.stub);
    await amend(vault, "UPDATE vault SET flush_rows = 1");
    const metadataInD1 = async (): Promise<unknown> =>
      (await vault.recorded()).find((asset) => asset["id"] === id)?.["metadata"];
    await withD1(vault, down, async () => {
      await vault.patch(id, { metadata: { n: 1 } });
      await vault.upload();
      await vault.patch(id, { metadata: { n: 2 } });
    });
    const { batch, calls } = flaky(vault, (call) => call > 1);
    await withD1(vault, batch, async () => {
      await runDurableObjectAlarm(vault.stub);
      expect(calls()).toBeGreaterThan(1);
    });
    // One flush has landed, of one change: D1 has come to the revision of the first patch.
    expect(await metadataInD1()).toBe('{"n":2}');
    await runDurableObjectAlarm(vault.stub);
    await expectDerived(vault);
    expect(await state(vault, "SELECT count(*) AS n FROM outbox")).toEqual([{ n: 1 }]);
  });

  it("while D1 is down: writes are acknowledged as queued and reads served, and D1 catches up by itself", async () => {
    const vault = await TestVault.create();
    const before = await vault.upload();
    await withD1(vault, down, async () => {
      const response = await vault.send({
        partition: "p",
        collection: "c",
        channel: "h",
        file: new File(["x"], "queued.txt"),
      });
      expect([response.status, response.headers.get("Strongroom-Durability")]).toEqual([201, "queued"]);
      const patched = await vault.patch(before.id, { tags: ["t"] });
      expect([patched.status, patched.headers.get("Strongroom-Durability")]).toEqual([200, "queued"]);
      expect((await vault.list()).data).toHaveLength(2);
      expect(await vault.recorded()).toHaveLength(1);
      const gone = await vault.upload();
      const deleted = await vault.delete(gone.id);
      expect([deleted.status, deleted.headers.get("Strongroom-Durability")]).toEqual([204, "queued"]);
      expect(await vault.bodies(), "the body stays until D1 has the deletion").toContain(gone.r2_key);
    });
    await runDurableObjectAlarm(vault.stub);
    const { data } = await vault.list();
    expect((await vault.recorded()).map((row) => [row["id"], row["tags"]]).toReversed()).toEqual(
      data.map((asset) => [asset.id, asset.tags]),
    );
    expect((await vault.bodies()).toSorted()).toEqual(data.map((asset) => asset.r2_key).toSorted());
    // What is left is for the feed: the patched asset and the tombstone.
    const left =
      "SELECT seq IS NOT NULL AS seq, r2_key IS NOT NULL AS body, id IS NOT NULL AS gone FROM outbox ORDER BY rev";
    expect(await state(vault, left)).toEqual([
      { seq: 1, body: 0, gone: 0 },
      { seq: 1, body: 1, gone: 1 },
    ]);
    expect(await state(vault, "SELECT recorded = rev AND erased = rev AS told FROM vault")).toEqual([{ told: 1 }]);
    const response = await vault.patch(before.id, { tags: [] });
    expect(response.headers.has("Strongroom-Durability")).toBe(false);
  });

  it("is woken by the alarm after a crash between commit and flush", async () => {
    const vault = await TestVault.create();
    await vault.list();
    await withD1(vault, down, async () => {
      await vault.rpc.commitUpload(OPERATOR, newAsset(vault));
      await evictDurableObject(vault.stub);
    });
    expect(await vault.recorded()).toEqual([]);
    // The commit itself has set the alarm. Nothing else calls the vault.
    expect(await runDurableObjectAlarm(vault.stub)).toBe(true);
    expect(await vault.recorded()).toHaveLength(1);
  });

  it("a flush that arrives late changes nothing", async () => {
    const vault = await TestVault.create();
    await vault.list();
    let late: D1PreparedStatement[] = [];
    const batch = vault.db.batch.bind(vault.db);
    const losing = ((statements: D1PreparedStatement[]) => {
      late = statements;
      return Promise.reject(new Error("lost on the way"));
    }) as D1Database["batch"];
    const asset = newAsset(vault);
    await withD1(vault, losing, () => vault.rpc.commitUpload(OPERATOR, asset));
    expect(late.length).toBeGreaterThan(0);
    expect((await vault.delete(asset.id)).status).toBe(204);
    await runDurableObjectAlarm(vault.stub);
    await batch(late);
    expect(await vault.recorded()).toEqual([]);
  });

  it("records everything again when D1 has lost the vault", async () => {
    const vault = await TestVault.create();
    const kept = [await vault.upload(), await vault.upload()];
    const keys = () => vault.db.prepare("SELECT * FROM keys WHERE vault_id = ? ORDER BY id").bind(vault.id).all();
    const before = { assets: await vault.recorded(), keys: (await keys()).results };
    await vault.db.batch(
      ["vaults", "keys", "assets"].map((table) =>
        vault.db.prepare(`DELETE FROM ${table} WHERE ${table === "vaults" ? "id" : "vault_id"} = ?`).bind(vault.id),
      ),
    );
    const next = await vault.upload();
    expect((await vault.recorded()).map((row) => row["id"])).toEqual([...kept, next].map((asset) => asset.id));
    expect((await vault.recorded()).slice(0, 2)).toEqual(before.assets);
    expect((await keys()).results).toEqual(before.keys);
  });
});

describe("D1 that went back in time", () => {
  it("is told everything again, even if that takes more than one flush", async () => {
    const vault = await TestVault.create();
    const { id } = await vault.upload();
    // These are more changes than one flush carries.
    await runInDurableObject(vault.stub, async (instance: Vault) => {
      await Promise.all(Array.from({ length: 1_500 }, () => instance.commitUpload(OPERATOR, newAsset(vault))));
    });
    const before = await vault.recorded();
    await vault.patch(id, { tags: ["patched"] });
    await vault.db.batch([
      vault.db.prepare("UPDATE vaults SET rev = 1200 WHERE id = ?").bind(vault.id),
      vault.db.prepare("UPDATE assets SET tags = '[]' WHERE vault_id = ? AND id = ?").bind(vault.id, id),
      vault.db.prepare("DELETE FROM assets WHERE vault_id = ? AND seq > 1200").bind(vault.id),
    ]);
    const last = await vault.upload();
    await vi.waitFor(async () => expect(await vault.recorded()).toHaveLength(before.length + 1), 5_000);
    const after = await vault.recorded();
    expect(after.map((row) => row["id"])).toEqual([...before.map((row) => row["id"]), last.id]);
    expect(after[0]?.["tags"]).toBe('["patched"]');
  });

  it("is told everything again after a claim that was given up has landed late", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    await vault.db
      .prepare("UPDATE vaults SET epoch = epoch + 1, rev = rev + 1000000 WHERE id = ?")
      .bind(vault.id)
      .run();
    const second = await vault.upload();
    await vi.waitFor(async () => expect((await vault.recorded()).map((row) => row["id"])).toContain(second.id), 5_000);
    expect((await vault.send({ ...PATH, file: textFile() })).headers.has("Strongroom-Durability")).toBe(false);
  });
});

describe("while D1 is far behind", () => {
  it("a vault refuses ordinary writes with 503, leaves no body of them, and still revokes keys", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    const keys = await (
      await send(`${vault.path}/keys`, { headers: admin })
    ).json<{ data: { id: string; type: string }[] }>();
    const publicKey = keys.data.find((key) => key.type === "public");
    await withD1(vault, down, async () => {
      await runInDurableObject(vault.stub, (_, { storage }) => {
        storage.sql.exec("UPDATE vault SET rev = rev + 60000");
      });
      await evictDurableObject(vault.stub);
      const refused = await vault.send({ ...PATH, file: textFile() });
      expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "5"]);
      const revoked = await send(`${vault.path}/keys/${publicKey?.id}`, { method: "DELETE", headers: admin });
      expect(revoked.status).toBe(503);
      expect((await send(vault.assets, { headers: bearer(vault.publicKey) })).status).toBe(401);
      expect((await vault.list()).data).toHaveLength(1);
    });
    expect(await vault.bodies()).toHaveLength(1);
  });
});

describe("commit by the router", () => {
  it("keeps the body when the first commit succeeded, its answer was lost, and the second was refused", async () => {
    const vault = await TestVault.create();
    const upload = newAsset(vault);
    await env.BUCKET.put(upload.r2_key, "body");
    const discard = vi.fn(() => env.BUCKET.delete(upload.r2_key));
    let calls = 0;
    const lossy = {
      ...env,
      VAULT: {
        getByName: () => ({
          commitUpload: async () => {
            if (calls++ > 0) return { ok: false, code: "UNAUTHORIZED", message: "this key has been revoked" };
            await vault.rpc.commitUpload(OPERATOR, upload);
            throw Object.assign(new Error("the answer was lost"), { retryable: true });
          },
          resolveUpload: (...args: Parameters<typeof vault.rpc.resolveUpload>) => vault.rpc.resolveUpload(...args),
        }),
      },
    } as unknown as typeof env;
    const outcome = await commitUpload(
      { env: lossy, vaultId: vault.id, id: "req_test", watchdog: new Watchdog() },
      OPERATOR,
      { upload, discard },
      { createOnly: false },
    );
    expect(outcome.ok).toBe(true);
    expect(discard).not.toHaveBeenCalled();
    expect(await vault.bodies()).toEqual([upload.r2_key]);
  });
});

describe("rebuild", () => {
  it("is not undone by the late answer to a step that was given up", async () => {
    const vault = await TestVault.create();
    const claimed = await runInDurableObject(vault.stub, async (_, { storage }) => {
      const database = new VaultDatabase(storage);
      const db = new BoundedD1(vault.db);
      const row = await claim(database, db, vault.id);
      if (typeof row === "string") throw new Error(row);
      const keysCopied = await copyPage(database, db, row);
      await copyPage(database, db, keysCopied);
      const late = [copyPage(database, db, row), copyPage(database, db, keysCopied), claim(database, db, vault.id)];
      return {
        again: await Promise.allSettled(late),
        row: database.vault(),
      };
    });
    expect(claimed.again.map((outcome) => outcome.status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(claimed.row?.rebuilt_to).toBeNull();
  });

  it("brings a vault back from D1 record for record, and old cursors and keys stay good", async () => {
    const vault = await TestVault.create();
    for (let i = 0; i < 5; i++) await vault.upload({ tags: `["${i}"]`, partition: `p${i % 2}` });
    const [first] = [await vault.list({ limit: 2 })];
    await vault.delete(first.data[0]?.id ?? "");
    await vault.patch(first.data[1]?.id ?? "", { metadata: { patched: true } });
    const before = await vault.list();
    const rows = await state(vault, "SELECT * FROM assets ORDER BY seq");
    const counters = await state(vault, "SELECT * FROM folders ORDER BY level, parent, name");
    await wipe(vault);
    expect(await vault.list()).toEqual(before);
    expect(await state(vault, "SELECT * FROM assets ORDER BY seq")).toEqual(rows);
    expect(await state(vault, "SELECT * FROM folders ORDER BY level, parent, name")).toEqual(counters);
    expect((await vault.list({ limit: 9, cursor: first.cursor ?? "" })).data.map((asset) => asset.tags)).toEqual([
      '["2"]',
      '["1"]',
      '["0"]',
    ]);
    await vault.upload();
    const revisions = (await vault.recorded()).map((row) => Number(row["seq"]));
    expect(revisions.at(-1)).toBeGreaterThan(1_000_000);
  });
});
