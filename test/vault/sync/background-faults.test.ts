/**
 * What the vault's background work leaves when one of its calls goes wrong. Each kind of work runs again and again,
 * each time with another of its calls to R2, D1 or the vault failing. In the end the three stores must agree.
 */

import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";
import { shards } from "../../../src/d1/shards.ts";
import type { AssetRecord } from "../../../src/model/asset.ts";
import { newAssetId } from "../../../src/model/id.ts";
import { OPERATOR, admin, bearer, patiently, ORIGIN, PATH, TestVault, textFile, sendTo } from "../../support/api.ts";
import { eachCall } from "../../support/fault-loop.ts";
import { seed } from "../../support/seed.ts";
import {
  clearLostWindows,
  expectAgreement,
  expectSameKeys,
  indexed,
  lose,
  reconcile,
  recorded,
  report,
  rest,
} from "../../support/stores.ts";
import { record, restoreRecord } from "../../support/history.ts";
import { withoutD1 } from "../../support/outage.ts";

// A call that hangs ends at one of these bounds. They are short, so that many faults take seconds.
vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../../support/short-waits.ts")),
}));
vi.mock(import("../../../src/upload/limits.ts"), async (original) => ({
  ...(await original()),
  STORE_MS: 600,
  COMMIT_MS: 1_000,
  RESOLVE_MS: 1_000,
  DISCARD_MS: 300,
}));
vi.mock(import("../../../src/runtime/timeouts.ts"), () => import("../../support/short-times.ts"));

beforeAll(() => {
  env.RECONCILE_GRACE_SECONDS = "0";
});
afterAll(() => {
  delete env.RECONCILE_GRACE_SECONDS;
});
afterEach(async () => {
  for (const db of shards(env)) await db.prepare("DROP TRIGGER IF EXISTS poison").run();
});

/** One kind of background work. */
interface Scene {
  /** Does the work, while one call goes wrong. */
  work(): Promise<void>;
  /** Asserts what must hold when the work is done. */
  check(): Promise<void>;
}

const request = (vault: TestVault, path: string, init: RequestInit = {}): Promise<Response> =>
  sendTo(new Request(ORIGIN + path, { ...init, headers: init.headers ?? bearer(vault.secretKey) }), env);

const named = (name: string): { file: File } => ({ file: textFile(name, name) });

/** Uploads while a call may go wrong. Returns the record if the upload was acknowledged. */
async function attempt(vault: TestVault, name: string): Promise<AssetRecord | undefined> {
  const form = new FormData();
  for (const [field, value] of Object.entries({ ...PATH, ...named(name) })) form.append(field, value);
  const response = await request(vault, vault.assets, { method: "POST", body: form });
  expect([201, 503]).toContain(response.status);
  return response.status === 201 ? response.json<AssetRecord>() : undefined;
}

const sql = (vault: TestVault, ...statements: string[]): Promise<void> =>
  runInDurableObject(vault.stub, (_, { storage }) => {
    for (const statement of statements) storage.sql.exec(statement);
  });

/** Ends the object and its timers. It starts again with the next call, or with the alarm, which is due soon. */
async function restart(vault: TestVault): Promise<void> {
  await runInDurableObject(vault.stub, (_, { storage }) => storage.setAlarm(Date.now() + 60_000));
  await evictDurableObject(vault.stub);
}

async function keyId(vault: TestVault, type: "public" | "secret"): Promise<string> {
  const row = await vault.db
    .prepare("SELECT id FROM keys WHERE vault_id = ? AND type = ?")
    .bind(vault.id, type)
    .first();
  return String(row?.["id"]);
}

const revoke = async (vault: TestVault, id: string): Promise<void> => {
  expect((await patiently(() => vault.request("DELETE", `${vault.path}/keys/${id}`))).status).toBe(204);
};

/**
 * Asserts that the three stores agree, and that a reconciliation finds nothing to do.
 *
 * @param missing keys of bodies that were taken away
 */
async function expectSettled(vault: TestVault, missing: readonly string[] = []): Promise<void> {
  await clearLostWindows(vault);
  await reconcile(vault);
  await expectAgreement(vault, missing);
  await expectSameKeys(vault);
  expect(await reconcile(vault)).toMatchObject({
    restored: 0,
    removed: 0,
    orphans_deleted: 0,
    orphans_waiting: 0,
    orphans_kept: 0,
    missing: missing.length,
  });
  for (const { id, r2_key } of await indexed(vault)) {
    const content = await vault.request("GET", `${vault.assets}/${String(id)}/content`);
    expect(content.status).toBe(missing.includes(String(r2_key)) ? 503 : 200);
    await content.arrayBuffer();
  }
}

const expectThere = async (vault: TestVault, ...records: (AssetRecord | undefined)[]): Promise<void> => {
  for (const asset of records) if (asset) expect(await (await vault.get(asset.id)).json()).toEqual(asset);
};

const expectGone = async (vault: TestVault, ...records: AssetRecord[]): Promise<void> => {
  for (const { id } of records) expect((await vault.get(id)).status).toBe(404);
};

/** Deletes a vault and lets its background work rest. */
async function deleted(vault: TestVault, restSoon: () => Promise<void>): Promise<void> {
  const { status } = await patiently(() => request(vault, vault.path, { method: "DELETE", headers: admin }));
  expect([202, 404]).toContain(status);
  await restSoon();
}

/** Asserts that nothing of a vault is left but the knowledge that it is gone. */
async function expectBuried(vault: TestVault): Promise<void> {
  expect(await vault.bodies()).toEqual([]);
  expect(await recorded(vault)).toEqual([]);
  const row = await vault.db.prepare("SELECT status, name FROM vaults WHERE id = ?").bind(vault.id).first();
  expect({ ...row }).toEqual({ status: "deleted", name: "" });
  const keys = await vault.db.prepare("SELECT id FROM keys WHERE vault_id = ?").bind(vault.id).all();
  expect(keys.results).toEqual([]);
  await runInDurableObject(vault.stub, async (_, { storage }) => {
    const tables = storage.sql
      .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
      .toArray();
    expect(tables).toEqual([{ name: "vault" }]);
    expect(await storage.getAlarm()).toBeNull();
  });
  expect((await request(vault, vault.path, { headers: admin })).status).toBe(404);
  expect((await request(vault, vault.assets)).status).toBe(401);
}

/** Makes a deletion long past, so that the last sweep for bodies is due. */
const HOUR_PASSES = "UPDATE vault SET deleted_at = '2026-01-01T00:00:00Z' WHERE status = 'deleting'";

/** Has D1 refuse an asset with this filename. */
const POISON = `CREATE TRIGGER poison BEFORE INSERT ON assets WHEN NEW.filename = 'poison'
  BEGIN SELECT RAISE(ABORT, 'refused'); END`;

const SCENES: Record<string, () => Promise<Scene>> = {
  "what was queued while D1 was down": async () => {
    const vault = await TestVault.create();
    const [patched, removed] = [await vault.upload(named("a")), await vault.upload(named("b"))];
    const { stub } = vault;
    const id = await keyId(vault, "public");
    const { created, changed } = await withoutD1(vault, async () => {
      const answer = await vault.send({ ...PATH, ...named("queued") });
      expect([answer.status, answer.headers.get("Strongroom-Durability")]).toEqual([201, "queued"]);
      const change = await vault.patch(patched.id, { tags: ["x"] });
      expect((await vault.delete(removed.id)).status).toBe(204);
      expect((await vault.request("DELETE", `${vault.path}/keys/${id}`)).status).toBe(503);
      await restart(vault);
      return { created: await answer.json<AssetRecord>(), changed: await change.json<AssetRecord>() };
    });
    return {
      work: () => rest(stub),
      check: async () => {
        await expectAgreement(vault);
        await expectSettled(vault);
        await expectThere(vault, created, changed);
        await expectGone(vault, removed);
        expect((await vault.request("GET", vault.assets, undefined, bearer(vault.publicKey))).status).toBe(401);
      },
    };
  },

  reconciliation: async () => {
    const vault = await TestVault.create();
    const [lacking, older, bodiless] = [
      await vault.upload(named("a")),
      await vault.upload(named("b")),
      await vault.upload(named("c")),
    ];
    await vault.patch(older.id, { tags: ["newer"] });
    const { stub, db, id } = vault;
    const orphans = [`${id}/a/b/c/${newAssetId()}_x`, `${id}/.staging/${newAssetId()}`];
    for (const key of orphans) await env.BUCKET.put(key, "x");
    await env.BUCKET.delete(bodiless.r2_key);
    await db.batch([
      db.prepare("DELETE FROM assets WHERE vault_id = ? AND id = ?").bind(id, lacking.id),
      db.prepare("UPDATE assets SET rev = 2, tags = '[]' WHERE vault_id = ? AND id = ?").bind(id, older.id),
      db
        .prepare(
          `INSERT INTO assets SELECT vault_id, 99, 99, ?, partition, collection, channel, filename, r2_key, size,
             mime_type, width, height, metadata, tags, sha256, created_at, updated_at
           FROM assets WHERE vault_id = ? AND id = ?`,
        )
        .bind(newAssetId(), id, bodiless.id),
      db.prepare("DELETE FROM keys WHERE vault_id = ? AND type = 'public'").bind(id),
      db
        .prepare(
          `INSERT INTO keys (vault_id, id, rev, type, kid, created_at)
           VALUES (?, 'key_01arz3ndektsv4rrffq69g5fav', 0, 'public', 'k', '2026-01-01T00:00:00Z')`,
        )
        .bind(id),
    ]);
    await restart(vault);
    return {
      work: async () => {
        const asked = await patiently(() =>
          request(vault, `${vault.path}/reconcile`, { method: "POST", headers: admin }),
        );
        expect(asked.status).toBe(202);
        await rest(stub);
      },
      check: async () => {
        expect((await report(vault)).reconcile).toMatchObject({ missing: 1, missing_ids: [bodiless.id] });
        await expectAgreement(vault, [bodiless.r2_key]);
        await expectSettled(vault, [bodiless.r2_key]);
        expect(await indexed(vault)).toHaveLength(3);
      },
    };
  },

  "deletion of the vault, to its end": async () => {
    const vault = await TestVault.create();
    const { stub, id } = vault;
    for (const name of ["a", "b"]) await vault.upload(named(name));
    return {
      work: async () => {
        await deleted(vault, () => rest(stub));
        await runInDurableObject(stub, (_, { storage }) => storage.sql.exec(HOUR_PASSES).toArray());
        await evictDurableObject(stub);
        await runInDurableObject(stub, (_, { storage }) => storage.setAlarm(Date.now() + 60_000));
        await rest(stub);
      },
      check: async () => {
        expect(await env.BUCKET.list({ prefix: `${id}/` })).toMatchObject({ objects: [] });
        await expectBuried(vault);
      },
    };
  },

  "second deletion of a vault that a restored D1 has again": async () => {
    const vault = await TestVault.create();
    const { stub } = vault;
    for (const name of ["a", "b"]) await vault.upload(named(name));
    const before = await record(vault);
    await deleted(vault, () => rest(stub));
    await sql(vault, HOUR_PASSES);
    await restart(vault);
    await rest(stub);
    await restoreRecord(vault, before);
    await evictDurableObject(stub);
    return {
      work: async () => {
        const answer = await patiently(() => request(vault, vault.path, { headers: admin }));
        expect(answer.status).toBe(404);
        await rest(stub);
      },
      check: () => expectBuried(vault),
    };
  },

  "rebuild of two pages": async () => {
    const vault = await TestVault.create();
    const { stub } = vault;
    await seed(vault, 1_001);
    return {
      work: async () => {
        const list = await patiently(() => request(vault, `${vault.assets}?limit=1`));
        expect(list.status).toBe(200);
        await rest(stub);
      },
      check: async () => {
        const index = await indexed(vault);
        expect(index).toHaveLength(1_001);
        expect(await recorded(vault)).toEqual(index);
        await expectSameKeys(vault);
        const { assets, outbox, recorded_rev, rev } = await report(vault);
        expect([assets, outbox, recorded_rev]).toEqual([1_001, 0, rev]);
      },
    };
  },

  "recording again in a D1 that went back in time": async () => {
    const vault = await TestVault.create();
    const { stub } = vault;
    const [kept, removed] = [await vault.upload(named("a")), await vault.upload(named("b"))];
    const before = await record(vault);
    const later = await vault.upload(named("c"));
    expect((await vault.delete(removed.id)).status).toBe(204);
    await revoke(vault, await keyId(vault, "public"));
    await restoreRecord(vault, before);
    await restart(vault);
    const made: (AssetRecord | undefined)[] = [];
    return {
      work: async () => {
        made.push(await attempt(vault, "d"));
        await rest(stub);
      },
      check: async () => {
        await expectSettled(vault);
        await expectThere(vault, kept, later, ...made);
        await expectGone(vault, removed);
        expect((await vault.request("GET", vault.assets, undefined, bearer(vault.publicKey))).status).toBe(401);
      },
    };
  },

  "recording again in a D1 that has lost everything": async () => {
    const vault = await TestVault.create();
    const { stub, db, id } = vault;
    const [kept, removed] = [await vault.upload(named("a")), await vault.upload(named("b"))];
    expect((await vault.delete(removed.id)).status).toBe(204);
    await db.batch(
      ["assets WHERE vault_id", "keys WHERE vault_id", "vaults WHERE id"].map((rows) =>
        db.prepare(`DELETE FROM ${rows} = ?`).bind(id),
      ),
    );
    await restart(vault);
    return {
      work: () => rest(stub),
      check: async () => {
        await expectSettled(vault);
        await expectThere(vault, kept);
        await expectGone(vault, removed);
      },
    };
  },

  "takeover of an old storage": async () => {
    const vault = await TestVault.create();
    const { stub } = vault;
    const early = await vault.upload(named("a"));
    const orphan = newAssetId();
    const key = `${vault.id}/a/b/c/${orphan}_x`;
    await env.BUCKET.put(key, "x");
    await vault.rpc.resolveUpload(OPERATOR, orphan, key);
    const [later, removed] = [await vault.upload(named("b")), await vault.upload(named("c"))];
    const patched = await (await vault.patch(early.id, { tags: ["x"] })).json<AssetRecord>();
    expect((await vault.delete(removed.id)).status).toBe(204);
    await revoke(vault, await keyId(vault, "public"));
    await rest(stub);
    // The storage goes back to the second change. Then a body was still to be deleted, and two assets were not there
    // yet.
    await env.BUCKET.put(key, "x");
    await sql(
      vault,
      "DELETE FROM assets WHERE seq > 2",
      "UPDATE assets SET rev = 1, tags = '[]'",
      "UPDATE keys SET rev = 0, revoked_at = NULL",
      "UPDATE vault SET rev = 2, recorded = 2, erased = 1, assets = 1, bytes = 1, loaded = NULL",
      "UPDATE folders SET assets = 1, bytes = 1",
      "DELETE FROM tags",
      `DELETE FROM outbox`,
      `INSERT INTO outbox (rev, seq, r2_key) VALUES (2, NULL, '${key}')`,
    );
    await restart(vault);
    const made: (AssetRecord | undefined)[] = [];
    return {
      work: async () => {
        made.push(await attempt(vault, "d"));
        await rest(stub);
      },
      check: async () => {
        await expectSettled(vault);
        await expectThere(vault, patched, later);
        await expectGone(vault, removed);
        expect(await vault.bodies()).not.toContain(key);
        // An asset that the takeover applies again gets the time of the takeover.
        for (const asset of made) {
          if (!asset) continue;
          const now = await (await vault.get(asset.id)).json();
          expect(now).toEqual({ ...asset, created_at: expect.any(String), updated_at: expect.any(String) });
        }
        expect((await vault.request("GET", vault.assets, undefined, bearer(vault.publicKey))).status).toBe(401);
      },
    };
  },

  "clearing of lost windows": async () => {
    const vault = await TestVault.create();
    const { stub } = vault;
    const kept = await vault.upload(named("a"));
    const queued = await withoutD1(vault, async () => {
      const asset = await vault.upload(named("lost"));
      await lose(stub);
      return asset;
    });
    await reconcile(vault);
    expect(await vault.bodies()).toContain(queued.r2_key);
    return {
      work: async () => {
        const path = `${vault.path}/lost-windows`;
        const cleared = await patiently(() => request(vault, path, { method: "DELETE", headers: admin }));
        expect(cleared.status).toBe(204);
        await patiently(() => request(vault, `${vault.path}/reconcile`, { method: "POST", headers: admin }));
        await rest(stub);
      },
      check: async () => {
        await expectAgreement(vault);
        expect((await report(vault)).lost_windows).toEqual([]);
        await expectSettled(vault);
        await expectThere(vault, kept);
      },
    };
  },

  "forgetting of keys": async () => {
    const vault = await TestVault.create();
    const { stub } = vault;
    const key = await keyId(vault, "public");
    await revoke(vault, key);
    await rest(stub);
    const long = "SET revoked_at = '2020-01-01T00:00:00Z' WHERE type = 'public'";
    await vault.db.prepare(`UPDATE keys ${long} AND vault_id = ?`).bind(vault.id).run();
    await sql(vault, `UPDATE keys ${long}`);
    await restart(vault);
    return {
      work: () => rest(stub),
      check: async () => {
        const keys = await expectSameKeys(vault);
        expect(keys.map(({ type }) => type)).toEqual(["secret"]);
        await expectSettled(vault);
      },
    };
  },

  "parking of an asset that D1 refuses": async () => {
    const vault = await TestVault.create();
    const { stub, db } = vault;
    const kept = await vault.upload(named("a"));
    await db.prepare(POISON).run();
    const [poison, other] = await withoutD1(vault, async () => {
      const records = [await vault.upload({ ...named("b"), filename: "poison" }), await vault.upload(named("c"))];
      await restart(vault);
      return records;
    });
    return {
      work: () => rest(stub),
      check: async () => {
        const { parked, rev, recorded_rev } = await report(vault);
        expect(parked).toMatchObject([{ id: poison?.id }]);
        expect(recorded_rev).toBeLessThan(rev);
        expect((await recorded(vault)).map((row) => row["id"])).toEqual([kept.id, other?.id]);
        await db.prepare("DROP TRIGGER poison").run();
        await expectSettled(vault);
        await expectThere(vault, kept, poison, other);
        expect((await report(vault)).parked).toEqual([]);
      },
    };
  },

  "retry of a parked asset": async () => {
    const vault = await TestVault.create();
    const { stub, db } = vault;
    await db.prepare(POISON).run();
    const poison = await vault.upload({ ...named("b"), filename: "poison" });
    await rest(stub);
    expect((await report(vault)).parked).toMatchObject([{ id: poison.id }]);
    await db.prepare("DROP TRIGGER poison").run();
    await sql(vault, "UPDATE parked SET retry_at = 0");
    await restart(vault);
    return {
      work: () => rest(stub),
      check: async () => {
        expect((await report(vault)).parked).toEqual([]);
        await expectAgreement(vault);
        await expectSettled(vault);
        await expectThere(vault, poison);
      },
    };
  },
};

eachCall(Object.keys(SCENES), async (name, faults) => {
  const scene = await SCENES[name]?.();
  if (!scene) throw new Error(name);
  await faults.during(() => scene.work());
  await scene.check();
  return "";
});
