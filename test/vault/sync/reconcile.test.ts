/** Reconciliation: what it finds and repairs when the three stores differ, and what the operator sees of a vault. */

import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { version } from "../../../package.json";
import { newAssetId } from "../../../src/model/id.ts";
import { OPERATOR, admin, bearer, refusal, send, TestVault, textFile } from "../../support/api.ts";
import { wipe } from "../../support/history.ts";
import { newAsset } from "../../support/new-asset.ts";
import { expectAgreement, indexed, reconcile, recorded, report } from "../../support/stores.ts";

vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../../support/short-retries.ts")),
}));

/** Sets the grace period, in seconds. The object reads it when it starts, so it starts anew. */
const grace = async (vault: TestVault, seconds: number): Promise<void> => {
  env.RECONCILE_GRACE_SECONDS = String(seconds);
  await vault.list();
  await evictDurableObject(vault.stub);
};

beforeEach(() => {
  env.RECONCILE_GRACE_SECONDS = "0";
});
afterEach(() => {
  delete env.RECONCILE_GRACE_SECONDS;
});

const CLEAN = {
  restored: 0,
  removed: 0,
  orphans_deleted: 0,
  orphans_waiting: 0,
  orphans_kept: 0,
  foreign: 0,
  missing: 0,
};

describe("reconcile", () => {
  it("changes nothing in a clean vault", async () => {
    const vault = await TestVault.create();
    for (let i = 0; i < 3; i++) await vault.upload();
    await vault.delete((await vault.upload()).id);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = [await indexed(vault), await recorded(vault), await vault.bodies(), (await report(vault)).rev];
    expect(await reconcile(vault)).toMatchObject({ ...CLEAN, finished_at: expect.any(String) });
    expect([await indexed(vault), await recorded(vault), await vault.bodies(), (await report(vault)).rev]).toEqual(
      before,
    );
  });

  it("restores what D1 lacks or has in an older state, and removes what D1 should not have", async () => {
    const vault = await TestVault.create();
    const assets = [await vault.upload(), await vault.upload(), await vault.upload()];
    await vault.patch(assets[2]?.id ?? "", { tags: ["x"] });
    const ghost = newAssetId();
    await vault.db.batch([
      vault.db.prepare("DELETE FROM assets WHERE vault_id = ? AND id = ?").bind(vault.id, assets[0]?.id),
      vault.db
        .prepare("UPDATE assets SET rev = 3, tags = '[]' WHERE vault_id = ? AND id = ?")
        .bind(vault.id, assets[2]?.id),
      vault.db
        .prepare(
          `INSERT INTO assets SELECT vault_id, 99, 99, ?, partition, collection, channel, filename, r2_key, size,
             mime_type, width, height, metadata, tags, sha256, created_at, updated_at
           FROM assets WHERE vault_id = ? AND id = ?`,
        )
        .bind(ghost, vault.id, assets[1]?.id),
    ]);
    expect(await reconcile(vault)).toMatchObject({ ...CLEAN, restored: 2, removed: 1 });
    await expectAgreement(vault);
    expect(await reconcile(vault)).toMatchObject(CLEAN);
  });

  it("deletes bodies that no asset names, but not before the grace period", async () => {
    const vault = await TestVault.create();
    const kept = await vault.upload();
    const orphans = [
      `${vault.id}/a/b/c/${newAssetId()}_x_y.txt`,
      `${vault.id}/.staging/${newAssetId()}`,
      `${vault.id}/.staging/${kept.id}`,
    ];
    for (const key of orphans) await env.BUCKET.put(key, "x");
    await env.BUCKET.put(`${vault.id}/not-ours`, "x");
    await grace(vault, 3600);
    expect(await reconcile(vault)).toMatchObject({ ...CLEAN, orphans_waiting: 3, foreign: 1 });
    expect(await vault.bodies()).toHaveLength(5);
    await grace(vault, 0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await reconcile(vault)).toMatchObject({ ...CLEAN, orphans_deleted: 3, foreign: 1 });
    expect((await vault.bodies()).toSorted()).toEqual([kept.r2_key, `${vault.id}/not-ours`].toSorted());
  });

  it("makes the vault refuse the commit of an upload whose body it has deleted", async () => {
    const vault = await TestVault.create();
    const id = newAssetId();
    const r2_key = `${vault.id}/p/c/h/${id}_f`;
    await env.BUCKET.put(r2_key, "x");
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await reconcile(vault)).toMatchObject({ orphans_deleted: 1 });
    const late = newAsset(vault, { id, r2_key });
    expect(await vault.rpc.commitUpload(OPERATOR, late)).toMatchObject({ ok: false, code: "UNAVAILABLE" });
  });

  it("reports an asset whose body is missing, and keeps it", async () => {
    const vault = await TestVault.create();
    const [lost] = [await vault.upload(), await vault.upload()];
    await env.BUCKET.delete(lost.r2_key);
    expect(await reconcile(vault)).toMatchObject({ ...CLEAN, missing: 1, missing_ids: [lost.id] });
    expect((await vault.get(lost.id)).status).toBe(200);
  });

  it("goes on where it was cut off", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    await send(`${vault.path}/reconcile`, { method: "POST", headers: admin });
    await evictDurableObject(vault.stub);
    expect(await reconcile(vault)).toMatchObject(CLEAN);
  });

  it("may be asked for by the admin and with the vault's secret key", async () => {
    const vault = await TestVault.create();
    const as = (token: string) => send(`${vault.path}/reconcile`, { method: "POST", headers: bearer(token) });
    expect((await as(vault.secretKey)).status).toBe(202);
    await refusal(await as(vault.publicKey), 403, "FORBIDDEN");
  });
});

describe("the loss of one store", () => {
  it("D1: everything is restored from the vault, record for record", async () => {
    const vault = await TestVault.create();
    for (let i = 0; i < 4; i++) await vault.upload({ tags: `["${i}"]` });
    const [before, keys] = [
      await recorded(vault),
      () => vault.db.prepare("SELECT * FROM keys WHERE vault_id = ? ORDER BY id").bind(vault.id).all(),
    ];
    const keysBefore = (await keys()).results;
    await vault.db.batch([
      vault.db.prepare("DELETE FROM vaults WHERE id = ?").bind(vault.id),
      vault.db.prepare("DELETE FROM keys WHERE vault_id = ?").bind(vault.id),
      vault.db.prepare("DELETE FROM assets WHERE vault_id = ?").bind(vault.id),
    ]);
    await reconcile(vault);
    expect(await recorded(vault)).toEqual(before);
    await expectAgreement(vault);
    await vault.delete((await vault.upload()).id); // These writes find that the vault's row is gone too.
    expect((await keys()).results).toEqual(keysBefore);
  });

  it("the vault: what D1 never had is lost, the report says so, and no body of it is deleted", async () => {
    const vault = await TestVault.create();
    const kept = await vault.upload({ file: textFile("recorded") });
    const { db } = vault;
    const batch = db.batch.bind(db);
    Object.defineProperty(db, "batch", {
      configurable: true,
      writable: true,
      value: () => Promise.reject(new Error("down")),
    });
    const queued = await vault.send({ partition: "a", collection: "b", channel: "c", file: textFile("queued") });
    expect(queued.headers.get("Strongroom-Durability")).toBe("queued");
    Object.defineProperty(db, "batch", { configurable: true, writable: true, value: batch });
    await wipe(vault);
    expect((await vault.list()).data).toEqual([kept]);
    const { r2_key } = await queued.json<{ r2_key: string }>();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await reconcile(vault)).toMatchObject({ ...CLEAN, orphans_kept: 1 });
    expect((await vault.bodies()).toSorted()).toEqual([kept.r2_key, r2_key].toSorted());
    const { lost_since, lost_until } = await report(vault);
    expect([lost_since !== null, lost_until !== null]).toEqual([true, true]);
    // A body that is written from now on lies in no lost window.
    const key = `${vault.id}/a/b/c/${newAssetId()}_late`;
    await env.BUCKET.put(key, "x");
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await reconcile(vault)).toMatchObject({ orphans_kept: 1, orphans_deleted: 1 });
  });
});

describe("a row that D1 refuses for what it holds", () => {
  it("is parked and reported, and the rest is recorded", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    const { db } = vault;
    await db
      .prepare(
        `CREATE TRIGGER poison BEFORE INSERT ON assets WHEN NEW.filename = 'poison'
           BEGIN SELECT RAISE(ABORT, 'refused'); END`,
      )
      .run();
    try {
      const [poison, other] = [await vault.upload({ filename: "poison" }), await vault.upload({ filename: "fine" })];
      for (let i = 0; i < 20 && (await report(vault)).parked.length === 0; i++) {
        await runInDurableObject(vault.stub, (instance) => instance.alarm());
      }
      await runInDurableObject(vault.stub, (instance) => instance.alarm());
      const { parked, recorded_rev, rev } = await report(vault);
      expect(parked).toEqual([{ id: poison.id, error: expect.stringContaining("refused") }]);
      // D1 does not have what it refuses, nor counts what comes after as recorded.
      expect([recorded_rev, rev]).toEqual([1, 3]);
      const ids = (await recorded(vault)).map((row) => row["id"]);
      expect(ids).toContain(other.id);
      expect(ids).not.toContain(poison.id);
      expect((await vault.get(poison.id)).status).toBe(200);
      expect(
        (await vault.send({ partition: "a", collection: "b", channel: "c", file: textFile() })).headers.has(
          "Strongroom-Durability",
        ),
      ).toBe(false);
      // An asset that has changed is tried again.
      await db.prepare("DROP TRIGGER poison").run();
      await vault.patch(poison.id, { tags: ["again"] });
      expect((await recorded(vault)).map((row) => row["id"])).toContain(poison.id);
      expect((await report(vault)).parked).toEqual([]);
    } finally {
      await db.prepare("DROP TRIGGER IF EXISTS poison").run();
    }
  });
});

describe("what an operator sees", () => {
  it("the counts and watermarks of a vault", async () => {
    const vault = await TestVault.create();
    for (const partition of ["a", "a", "b"]) await vault.upload({ partition });
    const { id } = await vault.upload();
    await vault.delete(id);
    expect(await report(vault)).toMatchObject({
      assets: 3,
      bytes: 15,
      partitions: [
        { name: "a", assets: 2, bytes: 10 },
        { name: "b", assets: 1, bytes: 5 },
      ],
      rev: 5,
      recorded_rev: 5,
      parked: [],
      reconcile: null,
    });
  });

  it("liveness, which needs no key and tells no more than the version", async () => {
    const response = await send("/healthz");
    expect([response.status, await response.json()]).toEqual([200, { status: "ok", version }]);
    expect((await send("/healthz", { method: "HEAD" })).status).toBe(200);
  });

  it("where a request's time went", async () => {
    const vault = await TestVault.create();
    const response = await vault.send({ partition: "a", collection: "b", channel: "c", file: textFile() });
    expect(response.headers.get("Server-Timing")).toMatch(/^total;dur=\d+, vault;dur=\d+, durable;dur=\d+$/);
  });
});
