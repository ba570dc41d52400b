/** What happens when D1 refuses a row for what it holds: the row is parked, and nothing else is held up. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AssetRecord } from "../../../src/model/asset.ts";
import type { Vault } from "../../../src/vault/vault.ts";
import { OPERATOR, admin, PATH, post, send, TestVault, textFile } from "../../support/api.ts";
import { position, state, wipe, work } from "../../support/history.ts";
import { failing, failingAt, flaky, withD1 } from "../../support/outage.ts";
import { newAsset } from "../../support/new-asset.ts";
import { indexed, reconcile, recorded, report, withoutGrace } from "../../support/stores.ts";

vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../../support/short-retries.ts")),
}));

withoutGrace();

const HOUR = 60 * 60 * 1000;

/** Runs `meanwhile` while D1 refuses what `when` describes, in the terms of a trigger. */
async function refusing<T>(vault: TestVault, when: string, meanwhile: () => Promise<T>): Promise<T> {
  await vault.db.prepare(`CREATE TRIGGER refuse BEFORE ${when} BEGIN SELECT RAISE(ABORT, 'refused'); END`).run();
  try {
    return await meanwhile();
  } finally {
    await vault.db.prepare("DROP TRIGGER refuse").run();
  }
}

const BAD = "ON assets WHEN NEW.filename LIKE 'bad%'";

const send201 = async (vault: TestVault, name: string): Promise<{ asset: AssetRecord; durability: string | null }> => {
  const response = await vault.send({ ...PATH, file: textFile(name, name) });
  expect(response.status).toBe(201);
  return { asset: await response.json(), durability: response.headers.get("Strongroom-Durability") };
};

const inD1 = async (vault: TestVault): Promise<unknown[]> => (await recorded(vault)).map((row) => row["filename"]);

const parked = (vault: TestVault): Promise<{ seq: number; tries: number; retry_at: number }[]> =>
  state(vault, "SELECT seq, tries, retry_at FROM parked ORDER BY seq");

let vault: TestVault;
beforeEach(async () => {
  vault = await TestVault.create();
  await vault.upload({ file: textFile("first", "first") });
});

describe("a batch", () => {
  it("is queued as a whole when D1 refuses one row of it, and holds up nothing that follows", async () => {
    const ids = (await Promise.all(["a", "b", "c"].map((name) => send201(vault, name)))).map(({ asset }) => asset.id);
    const batch = async (channel: string, middle: string): Promise<string> => {
      const operations = ids.map((id, i) => ({ op: "update", id, channel, ...(i === 1 ? { filename: middle } : {}) }));
      const response = await vault.request("POST", `${vault.assets}/batch`, { operations });
      expect(response.status).toBe(200);
      const { data, durability } = await response.json<{ data: { status: number }[]; durability: string }>();
      expect(data.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(response.headers.get("Strongroom-Durability")).toBe(durability === "queued" ? "queued" : null);
      return durability;
    };
    await refusing(vault, `INSERT ${BAD}`, async () => {
      expect(await batch("x", "bad")).toBe("queued");
      await work(vault, 5);
      expect((await parked(vault)).length).toBe(1);
      expect(await send201(vault, "next")).toMatchObject({ durability: null });
      const channels = (await recorded(vault)).map((row) => row["channel"]);
      expect(channels.filter((channel) => channel === "x")).toHaveLength(2);
    });
    expect(await batch("y", "good")).toBe("recorded");
    expect(await recorded(vault)).toEqual(await indexed(vault));
  });
});

describe("an error of D1 that is not about a row", () => {
  it.each([
    "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
    "D1_ERROR: Network connection lost.",
    "D1_ERROR: Exceeded maximum DB size",
    "D1_ERROR: internal error",
    "D1_ERROR: database or disk is full: SQLITE_FULL",
    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
  ])("parks nothing, however often it comes: %s", async (message) => {
    // Small writes pass. So a control write that passes does not show that the error is about a row.
    await withD1(vault, failingAt(vault, /INSERT INTO assets/, message), async () => {
      expect(await send201(vault, "queued")).toMatchObject({ durability: "queued" });
      await work(vault, 5);
      expect(await report(vault)).toMatchObject({ parked: [] });
    });
    await work(vault, 2);
    expect(await inD1(vault)).toEqual(["first", "queued"]);
    expect((await send201(vault, "next")).durability).toBeNull();
  });

  it("parks nothing when D1 refuses every write, even of the vault's own row", async () => {
    await withD1(vault, failing("D1_ERROR: CHECK constraint failed: x: SQLITE_CONSTRAINT"), async () => {
      await send201(vault, "queued");
      await work(vault, 3);
    });
    expect(await parked(vault)).toEqual([]);
    await work(vault, 2);
    expect(await inD1(vault)).toEqual(["first", "queued"]);
  });
});

describe("an asset that D1 refuses", () => {
  it("is parked alone: its upload is queued and counts as not recorded, and others are durable", async () => {
    await refusing(vault, `INSERT ${BAD}`, async () => {
      const bad = await send201(vault, "bad");
      expect(bad.durability).toBe("queued");
      await vi.waitFor(async () => expect(await parked(vault)).toHaveLength(1), 2_000);
      expect((await send201(vault, "good")).durability).toBeNull();
      expect(await inD1(vault)).toEqual(["first", "good"]);
      const { rev, recorded_rev, parked: reported } = await report(vault);
      expect([rev, recorded_rev]).toEqual([3, 1]);
      expect(reported).toEqual([{ id: bad.asset.id, error: expect.stringContaining("refused") }]);
    });
  });

  it.each(["SQLITE_TOOBIG", "SQLITE_MISMATCH", "SQLITE_CONSTRAINT"])("is told by the error: %s", async (code) => {
    const original = vault.db.batch.bind(vault.db);
    const batch = ((statements: D1PreparedStatement[]) =>
      JSON.stringify(statements).includes("bad.txt")
        ? Promise.reject(new Error(`D1_ERROR: no: ${code}`))
        : original(statements)) as D1Database["batch"];
    await withD1(vault, batch, async () => {
      await send201(vault, "bad.txt");
      await vi.waitFor(async () => expect(await parked(vault)).toHaveLength(1), 2_000);
    });
  });

  it("is tried again every hour, and every day after the first", async () => {
    await refusing(vault, `INSERT ${BAD}`, async () => {
      await send201(vault, "bad");
      await vi.waitFor(async () => expect(await parked(vault)).toHaveLength(1), 2_000);
      for (let tries = 1; tries <= 26; tries++) {
        const [row] = await parked(vault);
        expect(row?.tries).toBe(tries);
        const pause = (row?.retry_at ?? 0) - Date.now();
        expect(Math.round(pause / HOUR)).toBe(tries <= 24 ? 1 : 24);
        await work(vault);
        expect((await parked(vault))[0]?.tries, "not before its time").toBe(tries);
        await state(vault, "UPDATE parked SET retry_at = 0");
        await work(vault);
      }
    });
    await state(vault, "UPDATE parked SET retry_at = 0");
    await work(vault);
    expect(await inD1(vault)).toEqual(["first", "bad"]);
    expect(await report(vault)).toMatchObject({ parked: [], rev: 2, recorded_rev: 2 });
  });

  it("is tried again after a start, even if no alarm is left", async () => {
    await refusing(vault, `INSERT ${BAD}`, async () => {
      await send201(vault, "bad");
      await vi.waitFor(async () => expect(await parked(vault)).toHaveLength(1), 2_000);
      await work(vault);
    });
    await state(vault, "UPDATE parked SET retry_at = 0");
    await runInDurableObject(vault.stub, (_, { storage }) => storage.deleteAlarm());
    await evictDurableObject(vault.stub);
    await vault.list();
    await vi.waitFor(async () => expect(await inD1(vault)).toEqual(["first", "bad"]), 3_000);
  });

  it("is tried again by a reconciliation", async () => {
    await refusing(vault, `INSERT ${BAD}`, async () => {
      await send201(vault, "bad");
      await vi.waitFor(async () => expect(await parked(vault)).toHaveLength(1), 2_000);
    });
    await reconcile(vault);
    await work(vault);
    expect(await inD1(vault)).toEqual(["first", "bad"]);
  });

  it("is no longer parked once a change makes it acceptable, or it is deleted", async () => {
    await refusing(vault, "INSERT ON assets WHEN NEW.tags LIKE '%bad%'", async () => {
      const [a, b] = [
        await vault.upload({ tags: '["bad"]', file: textFile("a", "a") }),
        await vault.upload({ tags: '["bad"]', file: textFile("b", "b") }),
      ];
      await vi.waitFor(async () => expect(await parked(vault)).toHaveLength(2), 2_000);
      const patched = await vault.patch(a.id, { tags: ["good"] });
      expect([patched.status, patched.headers.get("Strongroom-Durability")]).toEqual([200, null]);
      expect((await vault.delete(b.id)).status).toBe(204);
      await work(vault);
      expect(await parked(vault)).toEqual([]);
      expect(await inD1(vault)).toEqual(["first", "a"]);
      const { rev, recorded_rev } = await report(vault);
      expect(recorded_rev).toBe(rev);
    });
  });

  it("is parked again if D1 refuses its changed state too, and D1 keeps the last state that it took", async () => {
    await refusing(vault, "UPDATE ON assets WHEN NEW.tags LIKE '%bad%'", async () => {
      const { id } = await vault.upload({ tags: '["good"]', file: textFile("a", "a") });
      for (const tags of [["bad"], ["bad", "worse"]]) {
        const response = await vault.patch(id, { tags });
        expect([response.status, response.headers.get("Strongroom-Durability")]).toEqual([200, "queued"]);
        await vi.waitFor(async () => expect((await report(vault)).parked).toHaveLength(1), 2_000);
      }
      expect((await recorded(vault))[1]?.["tags"]).toBe('["good"]');
    });
    await reconcile(vault);
    await work(vault);
    expect((await recorded(vault))[1]?.["tags"]).toBe('["bad","worse"]');
  });

  it("keeps its body when the vault's storage is lost: the lost window begins before its upload", async () => {
    await refusing(vault, `INSERT ${BAD}`, async () => {
      const { asset } = await send201(vault, "bad");
      await vi.waitFor(async () => expect(await parked(vault)).toHaveLength(1), 2_000);
      // The asset was parked long ago. It is changed now, and refused again.
      await state(vault, "UPDATE assets SET created_at = '2026-01-01T00:00:00Z' WHERE filename = 'bad'");
      await vault.db
        .prepare("UPDATE vaults SET complete_to = '2026-01-01T00:00:00Z' WHERE id = ?")
        .bind(vault.id)
        .run();
      await vault.patch(asset.id, { tags: ["still"] });
      await vi.waitFor(async () => expect((await report(vault)).parked).toHaveLength(1), 2_000);
      await send201(vault, "good");
      await work(vault);
      expect((await position(vault))?.complete_to).toBe("2026-01-01T00:00:00Z");
      await wipe(vault);
      expect(await reconcile(vault)).toMatchObject({ orphans_kept: 1, orphans_deleted: 0 });
      expect((await report(vault)).lost_since).toBe("2025-12-31T23:00:00Z");
      expect(await vault.bodies()).toContain(asset.r2_key);
    });
  });
});

describe("a refused change of a key, or a refused deletion", () => {
  it("key creation and revocation: answer 503, hold up no asset, and a repeated revocation is told again", async () => {
    const [row] = await state<{ id: string }>(vault, "SELECT id FROM keys WHERE type = 'public'");
    const key = `${vault.path}/keys/${row?.id}`;
    await refusing(vault, "INSERT ON keys", async () => {
      expect((await post(`${vault.path}/keys`, admin, {})).status).toBe(503);
      expect((await send(key, { method: "DELETE", headers: admin })).status).toBe(503);
      expect((await send201(vault, "good")).durability).toBeNull();
      // They do not hold up an asset when D1 is told of them once more, either.
      await reconcile(vault);
      expect((await send201(vault, "better")).durability).toBeNull();
    });
    expect((await send(key, { method: "DELETE", headers: admin })).status).toBe(204);
    const inRecord = await vault.db.prepare("SELECT revoked_at FROM keys WHERE id = ?").bind(row?.id).first();
    expect(inRecord?.["revoked_at"]).not.toBeNull();
    await reconcile(vault);
    const { results } = await vault.db.prepare("SELECT id FROM keys WHERE vault_id = ?").bind(vault.id).all();
    expect(results).toHaveLength((await state(vault, "SELECT id FROM keys")).length);
  });

  it("delete: is queued, holds up nothing, and is repeated by a reconciliation", async () => {
    const { asset } = await send201(vault, "gone");
    await refusing(vault, "DELETE ON assets WHEN OLD.filename = 'gone'", async () => {
      const response = await vault.delete(asset.id);
      expect([response.status, response.headers.get("Strongroom-Durability")]).toEqual([204, "queued"]);
      await vi.waitFor(async () => expect((await send201(vault, "good")).durability).toBeNull(), 3_000);
    });
    await reconcile(vault);
    expect(await inD1(vault)).not.toContain("gone");
  });
});

describe("a flush that D1 does not take", () => {
  /** Commits `count` assets of which D1 has none yet. */
  const many = async (count: number): Promise<void> => {
    await withD1(vault, failing("D1 is down"), async () => {
      await work(vault);
      await fill(vault, count);
    });
  };

  it("because it is too large: shrinks until it passes, over several starts of the object", async () => {
    await many(600);
    const original = vault.db.batch.bind(vault.db);
    const sizes: number[] = [];
    const batch = ((statements: D1PreparedStatement[]) => {
      const size = JSON.stringify(statements).split("asset_").length / 2;
      sizes.push(size);
      return size > 20 ? Promise.reject(new Error("D1_ERROR: too much at once")) : original(statements);
    }) as D1Database["batch"];
    await withD1(vault, batch, async () => {
      for (let i = 0; i < 30 && (await recorded(vault)).length < 601; i++) {
        await work(vault);
        await evictDurableObject(vault.stub);
      }
    });
    expect(await recorded(vault)).toHaveLength(601);
    expect(await parked(vault)).toEqual([]);
    expect(Math.max(...sizes)).toBeGreaterThan(20);
  });

  it("because of a few bad rows among many: finds them with few calls a run, and goes on where it was", async () => {
    await many(1_000);
    const bad = [3, 500, 501, 998];
    await state(vault, `UPDATE assets SET filename = 'bad' WHERE seq IN (${bad.join()})`);
    await refusing(vault, `INSERT ${BAD}`, async () => {
      const { batch, calls } = flaky(vault, () => false);
      await withD1(vault, batch, async () => {
        for (let run = 0; run < 40 && (await parked(vault)).length < bad.length; run++) {
          const before = calls();
          await work(vault);
          expect(calls() - before).toBeLessThanOrEqual(40);
          await evictDurableObject(vault.stub);
        }
      });
      expect((await parked(vault)).map(({ seq }) => seq)).toEqual(bad);
      await work(vault, 5);
      expect(await recorded(vault)).toHaveLength(1_001 - bad.length);
      expect(calls()).toBeLessThanOrEqual(150);
    });
    expect(await indexed(vault)).toHaveLength(1_001);
  });
});

/** Commits `count` assets at once, without bodies. */
const fill = (to: TestVault, count: number): Promise<unknown> =>
  runInDurableObject(to.stub, (instance: Vault) =>
    Promise.all(Array.from({ length: count }, () => instance.commitUpload(OPERATOR, newAsset(to)))),
  );
