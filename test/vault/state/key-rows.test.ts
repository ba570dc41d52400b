/**
 * Keys as rows: how many a vault may have, when dead ones are forgotten, and how vault and D1 come to agree on them.
 * The numbers are large, because every step that touches keys is bounded.
 */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { newKeyId } from "../../../src/model/id.ts";
import { MAX_KEY_ROWS, MAX_LIVE_KEYS } from "../../../src/model/limits.ts";
import { timestamp } from "../../../src/model/time.ts";
import type { Vault } from "../../../src/vault/vault.ts";
import { OPERATOR, admin, bearer, post, refusal, send, TestVault } from "../../support/api.ts";
import { amend, state, wipe, work } from "../../support/history.ts";
import { flaky, losing, withD1 } from "../../support/outage.ts";
import { reconcile, report, withoutGrace } from "../../support/stores.ts";

vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../../support/short-retries.ts")),
}));

withoutGrace();

const DAY = 24 * 60 * 60 * 1000;
const ago = (days: number): string => timestamp(Date.now() - days * DAY);

/** Rows of keys as JSON, for json_each. The keys were revoked `days` ago, or are live without it. */
const rows = (count: number, days?: number): string =>
  JSON.stringify(
    Array.from({ length: count }, () => ({ id: newKeyId(), revoked_at: days === undefined ? null : ago(days) })),
  );

const COLUMNS = "id, rev, label, type, kid, created_at, expires_at, revoked_at";
const VALUES =
  "value ->> 'id', 1, NULL, 'secret', 'kid', '2026-01-01T00:00:00Z', NULL, value ->> 'revoked_at' FROM json_each";

/** Puts keys into D1. */
async function keysInD1(vault: TestVault, count: number, days?: number): Promise<void> {
  for (let left = count; left > 0; left -= 5_000) {
    await vault.db
      .prepare(`INSERT INTO keys (vault_id, ${COLUMNS}) SELECT ?1, ${VALUES}(?2)`)
      .bind(vault.id, rows(Math.min(left, 5_000), days))
      .run();
  }
}

/** Puts keys into the vault's own storage. */
async function keysInVault(vault: TestVault, count: number, days?: number): Promise<void> {
  for (let left = count; left > 0; left -= 5_000) {
    await amend(vault, `INSERT INTO keys (${COLUMNS}) SELECT ${VALUES}(?)`, rows(Math.min(left, 5_000), days));
  }
}

/** How many keys the vault and D1 have. */
const counted = async (vault: TestVault): Promise<[vault: number, d1: number]> => {
  const [here] = await state<{ n: number }>(vault, "SELECT count(*) AS n FROM keys");
  const there = await vault.db
    .prepare("SELECT count(*) AS n FROM keys WHERE vault_id = ?")
    .bind(vault.id)
    .first<{ n: number }>();
  return [here?.n ?? 0, there?.n ?? 0];
};

const newKey = () =>
  ({ id: newKeyId(), label: null, type: "secret", scope: null, kid: "kid", expires_at: null }) as const;

const idOf = async (vault: TestVault, type: string): Promise<string> =>
  (await state<{ id: string }>(vault, "SELECT id FROM keys WHERE type = ? LIMIT 1", type))[0]?.id ?? "";

const revoke = (vault: TestVault, id: string): Promise<Response> =>
  send(`${vault.path}/keys/${id}`, { method: "DELETE", headers: admin });

describe("keys: create", () => {
  it("creates exactly as many live keys as a vault may have, however many are asked for at once", async () => {
    const vault = await TestVault.create();
    await vault.list();
    const outcomes = await runInDurableObject(vault.stub, (instance: Vault) =>
      Promise.all(Array.from({ length: 1_100 }, () => instance.createKey(OPERATOR, newKey()))),
    );
    // The vault was created with two.
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(MAX_LIVE_KEYS - 2);
    expect(new Set(outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.code])))).toEqual(new Set(["CONFLICT"]));
    expect(await counted(vault)).toEqual([MAX_LIVE_KEYS, MAX_LIVE_KEYS]);
    expect((await revoke(vault, await idOf(vault, "public"))).status).toBe(204);
    expect((await post(`${vault.path}/keys`, admin, {})).status, "revoking one makes room").toBe(201);
  });

  it("answers 409 when there are too many dead keys, and keys can still be revoked", async () => {
    const vault = await TestVault.create();
    await vault.list();
    await keysInVault(vault, MAX_KEY_ROWS - 3, 1);
    expect((await post(`${vault.path}/keys`, admin, {})).status).toBe(201);
    expect(await refusal(await post(`${vault.path}/keys`, admin, {}), 409, "CONFLICT")).toMatch(/37 days/);
    expect((await revoke(vault, await idOf(vault, "public"))).status).toBe(204);
    await refusal(await send(vault.assets, { headers: bearer(vault.publicKey) }), 401, "UNAUTHORIZED");
  });
});

describe("keys: forget", () => {
  it("happens 37 days after a key was revoked or expired, in the vault and in D1", async () => {
    const vault = await TestVault.create();
    await vault.list();
    const ids = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const created = await post(`${vault.path}/keys`, admin, {});
        return (await created.json<{ id: string }>()).id;
      }),
    );
    const [revokedLongAgo, expiredLongAgo, revoked, expired] = ids;
    for (const [field, id, days] of [
      ["revoked_at", revokedLongAgo, 38],
      ["expires_at", expiredLongAgo, 38],
      ["revoked_at", revoked, 36],
      ["expires_at", expired, 36],
    ] as const) {
      await amend(vault, `UPDATE keys SET ${field} = ? WHERE id = ?`, ago(days), id);
    }
    await work(vault, 2);
    const left = await state<{ id: string }>(vault, "SELECT id FROM keys");
    expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining([revoked, expired]));
    expect(await counted(vault)).toEqual([4, 4]);
    await refusal(await revoke(vault, revokedLongAgo ?? ""), 404, "NOT_FOUND");
  });

  it("takes some keys at a time, and a crash before D1 has heard of it leaves none in D1 for good", async () => {
    const vault = await TestVault.create();
    await vault.list();
    await work(vault);
    await keysInVault(vault, 2_500, 40);
    await keysInD1(vault, 1_200, 40);
    const { batch } = flaky(vault, () => true);
    await work(vault, 1);
    await withD1(vault, batch, async () => {
      await work(vault, 2);
      await evictDurableObject(vault.stub);
    });
    await work(vault, 4);
    expect((await counted(vault))[0]).toBe(2);
    await reconcile(vault);
    await work(vault, 2);
    expect(await counted(vault)).toEqual([2, 2]);
  });

  it("is told to D1 by a guarded flush: one that arrives late deletes nothing", async () => {
    const vault = await TestVault.create();
    await vault.list();
    await work(vault);
    await keysInVault(vault, 1, 40);
    const { batch, lost } = losing(vault, /DELETE FROM keys/);
    await withD1(vault, batch, async () => {
      await work(vault);
      await vi.waitFor(() => expect(lost()).not.toEqual([]), 1_000);
    });
    const late = lost();
    await work(vault, 2);
    const [id] = await state<{ id: string }>(vault, "SELECT id FROM keys WHERE type = 'public'");
    // The key is put into D1 again, which never happens by itself. It shows whether the late flush acts.
    const forgotten = /key_[0-9a-z]{26}/.exec(JSON.stringify(late))?.[0];
    await vault.db
      .prepare(
        `INSERT INTO keys (vault_id, ${COLUMNS})
         SELECT vault_id, ?1, rev, label, type, kid, created_at, expires_at, revoked_at FROM keys WHERE id = ?2`,
      )
      .bind(forgotten, id?.id)
      .run();
    await vault.db.batch(late);
    expect((await counted(vault))[1]).toBe(3);
  });
});

describe("keys: a lost vault", () => {
  it("is rebuilt page by page, with all keys but those that died long ago", async () => {
    const vault = await TestVault.create();
    await keysInD1(vault, 2_500, 10);
    await keysInD1(vault, 700, 40);
    const { batch, calls } = flaky(vault, () => false);
    await withD1(vault, batch, async () => {
      expect((await vault.list()).data).toEqual([]);
    });
    expect((await counted(vault))[0]).toBe(2_502);
    expect(calls()).toBeLessThan(12);
    await wipe(vault);
    expect((await send(vault.assets, { headers: bearer(vault.publicKey) })).status).toBe(200);
    expect((await counted(vault))[0]).toBe(2_502);
    // A reconciliation removes from D1 what the rebuild did not copy.
    await reconcile(vault);
    await work(vault);
    expect(await counted(vault)).toEqual([2_502, 2_502]);
  });

  it("goes on with its keys where its rebuild was cut off", async () => {
    const vault = await TestVault.create();
    await keysInD1(vault, 2_500, 10);
    const { batch } = flaky(vault, (call) => call > 3);
    await withD1(vault, batch, async () => {
      await refusal(await send(vault.assets, { headers: bearer(vault.secretKey) }), 503, "UNAVAILABLE");
    });
    expect((await counted(vault))[0]).toBeGreaterThan(0);
    await evictDurableObject(vault.stub);
    expect((await vault.list()).data).toEqual([]);
    expect((await counted(vault))[0]).toBe(2_502);
  });
});

describe("keys: D1", () => {
  it("loses the keys that the vault does not know when it is told everything again", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    await keysInD1(vault, 5);
    await vault.db.prepare("UPDATE vaults SET rev = 0 WHERE id = ?").bind(vault.id).run();
    await vault.upload();
    // The first flush has done it, and not the reconciliation that follows.
    expect(await counted(vault)).toEqual([2, 2]);
  });

  it("is made to agree with the vault in both directions by a reconciliation", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    await work(vault);
    await keysInVault(vault, 1_500);
    await reconcile(vault);
    await work(vault);
    expect(await counted(vault)).toEqual([1_502, 1_502]);
    const id = await idOf(vault, "public");
    await vault.db.prepare("DELETE FROM keys WHERE id = ?").bind(id).run();
    await keysInD1(vault, 3);
    expect(await reconcile(vault)).toMatchObject({ restored: 1, removed: 3 });
    await work(vault);
    expect(await counted(vault)).toEqual([1_502, 1_502]);
    expect(await reconcile(vault)).toMatchObject({ restored: 0, removed: 0 });
  });
});

describe("keys: a vault of an earlier version", () => {
  it("with 30,000 dead keys: starts, answers, records, and has nothing to record again after a rebuild", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    await work(vault);
    await keysInVault(vault, 30_000, 10);
    await keysInVault(vault, 1_500, 50);
    expect((await vault.list()).data).toHaveLength(1);
    const uploaded = await vault.send({ partition: "p", collection: "c", channel: "h", file: new File(["x"], "x") });
    expect([uploaded.status, uploaded.headers.has("Strongroom-Durability")]).toEqual([201, false]);
    await work(vault, 3);
    expect((await counted(vault))[0]).toBe(30_002);
    await wipe(vault);
    expect((await vault.list()).data).toHaveLength(2);
    const { rev, recorded_rev } = await report(vault);
    expect(recorded_rev).toBe(rev);
  });
});
