/**
 * Calls of the background work that never answer. Each must end by its time-out, the vault must go on, and later make
 * up for what the call did not do.
 */

import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { admin, bearer, PATH, refusal, send, TestVault, textFile } from "../../support/api.ts";
import {
  hourLater,
  position,
  putBack,
  record,
  restoreRecord,
  state,
  stored,
  wipe,
  work,
} from "../../support/history.ts";
import { down, silent, silentTo, withBucket, withD1 } from "../../support/outage.ts";
import { expectAgreement, indexed, reconcile, recorded, report, withoutGrace } from "../../support/stores.ts";
import { Alarm } from "../../../src/vault/alarm.ts";

/** How long a call may take: not long while some never answer, and else as long as a busy machine may need. Milliseconds. */
const times = vi.hoisted(() => ({ call: 10_000 }));

vi.mock(import("../../../src/vault/limits.ts"), async (original) => ({
  ...(await original()),
  ...(await import("../../support/short-retries.ts")),
  ALARM_DELAY_MS: 200,
}));
vi.mock(import("../../../src/runtime/timeouts.ts"), async (original) => ({
  ...(await original()),
  get CALL_TIMEOUT_MS() {
    return times.call;
  },
}));

/** Does something while some calls never answer. */
async function silently<T>(ms: number, act: () => Promise<T>): Promise<T> {
  const { call } = times;
  times.call = ms;
  try {
    return await act();
  } finally {
    times.call = call;
  }
}

/** Runs `act` while D1 answers nothing, or not all. */
const withSilentD1 = (vault: TestVault, batch: D1Database["batch"], act: () => Promise<void>): Promise<void> =>
  silently(100, () => withD1(vault, batch, act));

/** Runs `act` while a method of the bucket never answers. D1 does, however busy the machine is. */
const withSilentBucket = (name: keyof R2Bucket, value: unknown, act: () => Promise<void>): Promise<void> =>
  silently(300, () => withBucket(name, value, act));

withoutGrace();

const restart = (vault: TestVault): Promise<void> => evictDurableObject(vault.stub);

const upload = (vault: TestVault): Promise<Response> => vault.send({ ...PATH, file: textFile("new", "new.txt") });

const askFor = (vault: TestVault, what: string, method: string): Promise<Response> =>
  send(`${vault.path}${what}`, { method, headers: admin });

/** Deletes a vault, and makes the hour pass in which uploads may still come. */
async function destroyed(vault: TestVault): Promise<void> {
  await askFor(vault, "", "DELETE");
  await hourLater(vault);
}

interface Case {
  /** Matches a statement of the call that never answers. */
  sql: RegExp;
  before?: (vault: TestVault) => Promise<void>;
  /** What makes the call. */
  act: (vault: TestVault) => Promise<unknown>;
  after?: (vault: TestVault) => Promise<void>;
}

/** Asserts that the stores come to agree, and that nothing is left of the call that never answered. */
async function agree(vault: TestVault): Promise<void> {
  await work(vault);
  await reconcile(vault);
  await expectAgreement(vault);
  expect((await upload(vault)).headers.has("Strongroom-Durability")).toBe(false);
}

/** Asserts that nothing of a deleted vault is left. */
const gone = async (vault: TestVault): Promise<void> => {
  await work(vault, 3);
  expect(await position(vault)).toMatchObject({ status: "deleted" });
  expect([(await record(vault)).get("keys"), await recorded(vault), await vault.bodies()]).toEqual([[], [], []]);
};

const D1_CALLS: Record<string, Case> = {
  "a flush": { sql: /INSERT INTO assets/, act: upload },
  "the question where D1 is, at a start": { sql: /^\s*SELECT status, epoch, rev/, before: restart, act: upload },
  "the control write after a refusal": {
    sql: /SET epoch = epoch WHERE/,
    before: async (vault) => {
      await vault.db
        .prepare(
          `CREATE TRIGGER refuse BEFORE INSERT ON assets WHEN NEW.filename = 'new.txt'
             BEGIN SELECT RAISE(ABORT, 'refused'); END`,
        )
        .run();
    },
    act: async (vault) => {
      await upload(vault);
      await work(vault);
      await vault.db.prepare("DROP TRIGGER refuse").run();
    },
  },
  "the retry of a parked asset": {
    sql: /INSERT INTO assets/,
    before: async (vault) => {
      await state(vault, "INSERT INTO parked SELECT seq, rev, 'refused', 1, 0 FROM assets LIMIT 1");
    },
    act: work,
  },
  "the note that D1 has nothing": {
    sql: /INSERT OR IGNORE INTO vaults/,
    before: async (vault) => {
      await vault.db.prepare("UPDATE vaults SET rev = 0 WHERE id = ?").bind(vault.id).run();
    },
    act: upload,
  },
  "the claim of a vault that is lost": { sql: /SET epoch = epoch \+ 1/, before: wipe, act: upload },
  "a rebuild's page of keys": { sql: /FROM keys WHERE/, before: wipe, act: upload },
  "a rebuild's page of assets": { sql: /bytes_before/, before: wipe, act: upload },
  ...Object.fromEntries(
    Object.entries({ claim: /SET epoch = epoch \+ 1/, keys: /FROM keys WHERE/, assets: /SELECT seq, rev, id/ }).map(
      ([what, sql]): [string, Case] => [
        `a takeover's ${what}`,
        {
          sql,
          before: async (vault) => {
            const copy = await stored(vault);
            await upload(vault);
            await putBack(vault, copy);
          },
          act: work,
        },
      ],
    ),
  ),
  "a reconciliation's page of keys": {
    sql: /FROM keys WHERE/,
    before: async (vault) => void (await askFor(vault, "/reconcile", "POST")),
    act: work,
  },
  "a reconciliation's page of assets": {
    sql: /SELECT seq, rev, id/,
    before: async (vault) => void (await askFor(vault, "/reconcile", "POST")),
    act: work,
  },
  "a purge's deletion of assets": { sql: /DELETE FROM assets WHERE rowid/, before: destroyed, act: work, after: gone },
  "a burial": { sql: /status = 'deleted', name/, before: destroyed, act: work, after: gone },
  ...Object.fromEntries(
    Object.entries({
      "question where D1 is": /SELECT status, epoch/,
      "deletion of assets": /DELETE FROM assets/,
      "last step": /SET status = 'deleted'|status = 'deleted', name/,
    }).map(([what, sql]): [string, Case] => [
      `a second burial's ${what}`,
      {
        sql,
        before: async (vault) => {
          const backup = await record(vault);
          await destroyed(vault);
          await gone(vault);
          await restoreRecord(vault, backup);
          await restart(vault);
        },
        act: work,
        after: gone,
      },
    ]),
  ),
};

describe("a call to D1 that never answers", () => {
  it.each(Object.keys(D1_CALLS))("%s: ends, and the vault makes up for it by itself", async (name) => {
    const { sql, before, act, after = agree } = D1_CALLS[name] as Case;
    const vault = await TestVault.create();
    await vault.upload();
    await work(vault);
    await before?.(vault);
    const { batch, hung } = silentTo(vault, sql);
    await withSilentD1(vault, batch, async () => {
      await act(vault);
      await vi.waitFor(() => expect(hung()).toBeGreaterThan(0), 10_000);
    });
    await after(vault);
  });
});

const R2_CALLS: Record<string, { method: keyof R2Bucket; before: (vault: TestVault) => Promise<void> }> = {
  "a reconciliation's list": {
    method: "list",
    before: async (vault) => void (await askFor(vault, "/reconcile", "POST")),
  },
  "a reconciliation's search for a missing body": {
    method: "head",
    before: async (vault) => {
      const { r2_key } = await vault.upload();
      const kept = await env.BUCKET.get(r2_key);
      const body = await kept?.text();
      await env.BUCKET.delete(r2_key);
      await askFor(vault, "/reconcile", "POST");
      await work(vault).then(() => env.BUCKET.put(r2_key, body ?? ""));
      await env.BUCKET.delete((await vault.upload()).r2_key);
      await askFor(vault, "/reconcile", "POST");
    },
  },
  "the relay's deletion of a body": {
    method: "delete",
    before: async (vault) => {
      await vault.delete((await vault.upload()).id);
    },
  },
  "a purge's list": { method: "list", before: destroyed },
  "a purge's deletion": { method: "delete", before: destroyed },
};

describe("a call to R2 that never answers", () => {
  it.each(Object.keys(R2_CALLS))("%s: ends, and holds up nothing in D1", async (name) => {
    const { method, before } = R2_CALLS[name] as (typeof R2_CALLS)[string];
    const vault = await TestVault.create();
    await vault.upload();
    let hung = 0;
    const hang = (): Promise<never> => {
      hung++;
      return silent();
    };
    await withSilentBucket(method, hang, async () => {
      await withBucket("put", env.BUCKET.put.bind(env.BUCKET), () => before(vault));
      await work(vault);
      // The alarm that the request has set may be at work too, and be the one that comes to the call.
      await vi.waitFor(() => expect(hung).toBeGreaterThan(0), 10_000);
      if (before === destroyed) return;
      expect((await upload(vault)).headers.has("Strongroom-Durability")).toBe(false);
    });
    if (before === destroyed) return gone(vault);
    await work(vault);
    await reconcile(vault);
    expect(await recorded(vault)).toEqual(await indexed(vault));
  });
});

describe("a delete whose body R2 does not delete", () => {
  it("is gone for every reader, and acknowledged as queued until R2 has answered", async () => {
    const vault = await TestVault.create();
    const { id, r2_key } = await vault.upload();
    await withSilentBucket("delete", silent, async () => {
      const response = await vault.delete(id);
      expect([response.status, response.headers.get("Strongroom-Durability")]).toEqual([204, "queued"]);
      expect((await vault.get(id)).status).toBe(404);
      expect(await recorded(vault), "D1 has the deletion").toEqual([]);
      expect(await vault.bodies()).toEqual([r2_key]);
    });
    await vi.waitFor(async () => expect(await vault.bodies()).toEqual([]), 5_000);
    const other = await vault.upload();
    expect((await vault.delete(other.id)).headers.has("Strongroom-Durability")).toBe(false);
  });
});

describe("a stalled relay to D1", () => {
  it("tries again by a timer of its own while the object's other work is stuck", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    let release = (): void => {};
    const stuck = new Promise<void>((resolve) => {
      release = resolve;
    });
    // What is stuck is not a call, which would end, but the work as such.
    const stuckWork = runInDurableObject(vault.stub, () => stuck);
    await withD1(vault, down, async () => {
      expect((await upload(vault)).headers.get("Strongroom-Durability")).toBe("queued");
      await runInDurableObject(vault.stub, (_, { storage }) => storage.deleteAlarm());
    });
    await vi.waitFor(async () => expect(await recorded(vault)).toHaveLength(2), 2_000);
    release();
    await stuckWork;
  });

  it("goes on after a start, if the alarm was given up", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    await withD1(vault, down, async () => {
      expect((await upload(vault)).headers.get("Strongroom-Durability")).toBe("queued");
      await restart(vault);
      await work(vault, 4); // After this many failures no timer tries again.
      await runInDurableObject(vault.stub, (_, { storage }) => storage.deleteAlarm());
      await restart(vault);
      await vault.list();
    });
    expect(await runInDurableObject(vault.stub, (_, { storage }) => storage.getAlarm())).not.toBeNull();
    await vi.waitFor(async () => expect(await recorded(vault)).toHaveLength(2), 3_000);
    const { rev, recorded_rev } = await report(vault);
    expect(recorded_rev).toBe(rev);
  });

  it("serves reads and answers writes while D1 answers nothing", async () => {
    const vault = await TestVault.create();
    const asset = await vault.upload();
    await restart(vault);
    await withSilentD1(vault, silent, async () => {
      expect((await vault.get(asset.id)).status).toBe(200);
      const patched = await vault.patch(asset.id, { tags: ["x"] });
      expect([patched.status, patched.headers.get("Strongroom-Durability")]).toEqual([200, "queued"]);
      expect((await vault.delete(asset.id)).status).toBe(204);
      expect((await askFor(vault, "", "GET")).status).toBe(200);
    });
    await agree(vault);
  });

  it("makes a lost vault answer 503 with Retry-After while D1 answers nothing", async () => {
    const vault = await TestVault.create();
    await vault.upload();
    await wipe(vault);
    await withSilentD1(vault, silent, async () => {
      const response = await send(vault.assets, { headers: bearer(vault.secretKey) });
      expect(response.headers.get("Retry-After")).toMatch(/^\d+$/);
      await refusal(response, 503, "UNAVAILABLE");
    });
    expect((await vault.list()).data).toHaveLength(1);
  });
});

describe("alarm", () => {
  it("is set again when it is long overdue, and not when it is about to go off", async () => {
    const set: number[] = [];
    const storage = { setAlarm: async (due: number) => void set.push(due) } as unknown as DurableObjectStorage;
    const alarm = new Alarm(storage);
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000_000 });
    try {
      await alarm.set(1_000);
      vi.setSystemTime(1_000_000_000 + 60_000);
      await alarm.set(5_000);
      expect(set).toHaveLength(1);
      vi.setSystemTime(1_000_000_000 + 10 * 60_000);
      alarm.setInTransaction(5_000);
      alarm.confirm();
      await alarm.set(5_000);
      expect(set).toEqual([1_000_001_000, 1_000_605_000]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("reconcile: asked for twice while one is under way", () => {
  it("exactly one other follows, even after an eviction", async () => {
    const vault = await TestVault.create();
    const asset = await vault.upload();
    const backup = await record(vault);
    await vault.delete(asset.id);
    await work(vault);
    await withBucket(
      "list",
      () => Promise.reject(new Error("R2 is down")),
      async () => {
        await askFor(vault, "/reconcile", "POST");
        await work(vault); // The phases keys and rows are done, and bodies is not.
        await askFor(vault, "/reconcile", "POST");
        await askFor(vault, "/reconcile", "POST");
      },
    );
    // The row lies behind the point that the first reconciliation has come to.
    const [ghost] = backup.get("assets") ?? [];
    const names = Object.keys(ghost ?? {});
    await vault.db
      .prepare(`INSERT INTO assets (${names.join()}) VALUES (${names.map(() => "?").join()})`)
      .bind(...Object.values(ghost ?? {}))
      .run();
    await restart(vault);
    await work(vault, 4);
    expect(await recorded(vault)).toEqual([]);
    const { reconcile: last } = await report(vault);
    expect(last).toMatchObject({ removed: 1, finished_at: expect.any(String) });
    const due = await runInDurableObject(vault.stub, (_, { storage }) => storage.getAlarm());
    expect(due).toBeGreaterThan(Date.now() + 60 * 60 * 1000);
  });
});
