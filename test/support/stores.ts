/** Looks into the three stores of a vault, brings its background work to an end, and asserts that the stores agree. */

import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, expect } from "vitest";
import type { VaultReport } from "../../src/model/vault.ts";
import { Lifecycle } from "../../src/vault/lifecycle.ts";
import { admin, patiently, send, type TestVault } from "./api.ts";

const COLUMNS =
  "seq, rev, id, partition, collection, channel, filename, r2_key, size, mime_type, width, height, metadata, tags, sha256, created_at, updated_at";

/** The assets in the vault's own index, the oldest first. */
export const indexed = (vault: TestVault): Promise<Record<string, unknown>[]> =>
  runInDurableObject(vault.stub, (_, { storage }) => {
    const exists = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'assets'").toArray().length > 0;
    return exists ? storage.sql.exec(`SELECT ${COLUMNS} FROM assets ORDER BY seq`).toArray() : [];
  });

/** The assets in D1, in the same shape. */
export async function recorded(vault: TestVault): Promise<Record<string, unknown>[]> {
  const { results } = await vault.db
    .prepare(`SELECT ${COLUMNS} FROM assets WHERE vault_id = ? ORDER BY seq`)
    .bind(vault.id)
    .all();
  return results;
}

export async function report(vault: TestVault): Promise<VaultReport> {
  return (await patiently(() => send(vault.path, { headers: admin }))).json<VaultReport>();
}

/**
 * Says for a test file that no body is too young to be deleted when no asset names it. The object reads that setting
 * when it starts.
 */
export function withoutGrace(): void {
  beforeAll(() => {
    env.RECONCILE_GRACE_SECONDS = "0";
  });
  afterAll(() => {
    delete env.RECONCILE_GRACE_SECONDS;
  });
}

/** Begins a reconciliation, and runs the alarm until it is done. Returns what it found. */
export async function reconcile(vault: TestVault): Promise<NonNullable<VaultReport["reconcile"]>> {
  const response = await send(`${vault.path}/reconcile`, { method: "POST", headers: admin });
  expect(response.status).toBe(202);
  const { reconcile: before } = await response.json<VaultReport>();
  for (let i = 0; i < 200; i++) {
    await runDurableObjectAlarm(vault.stub);
    const { reconcile: now, outbox } = await report(vault);
    const isNew = now?.finished_at && (now !== before || before?.finished_at === null);
    if (isNew && outbox === 0) return now;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("the reconciliation does not end");
}

/** What the tables that are derived from the assets must hold, each as a query of the assets and one of the table. */
const DERIVED = {
  tags: [
    "SELECT DISTINCT value AS tag, seq FROM assets, json_each(tags) ORDER BY tag, seq",
    "SELECT tag, seq FROM tags ORDER BY tag, seq",
  ],
  folders: [
    `SELECT level, parent, name, count(*) AS assets, sum(size) AS bytes FROM (
       SELECT 1 AS level, '' AS parent, partition AS name, size FROM assets
       UNION ALL SELECT 2, partition, collection, size FROM assets
       UNION ALL SELECT 3, partition || '/' || collection, channel, size FROM assets
     ) GROUP BY level, parent, name ORDER BY level, parent, name`,
    "SELECT level, parent, name, assets, bytes FROM folders ORDER BY level, parent, name",
  ],
  totals: ["SELECT count(*) AS assets, coalesce(sum(size), 0) AS bytes FROM assets", "SELECT assets, bytes FROM vault"],
  feed: [
    "SELECT rev, seq FROM assets WHERE rev <> seq ORDER BY rev",
    `SELECT o.rev, o.seq FROM outbox o JOIN assets a ON a.seq = o.seq AND a.rev = o.rev
     WHERE o.r2_key IS NULL ORDER BY o.rev`,
  ],
} as const;

/** Asserts that the tags, the counters of folders, the totals and the feed of a vault are what its assets say. */
export async function expectDerived(vault: TestVault): Promise<void> {
  const found = await runInDurableObject(vault.stub, (_, { storage }) => {
    if (storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'assets'").toArray().length === 0) return {};
    return Object.fromEntries(
      Object.entries(DERIVED).map(([name, queries]) => [
        name,
        queries.map((query) => storage.sql.exec(query).toArray()),
      ]),
    );
  });
  for (const [name, [expected, actual]] of Object.entries(found)) expect(actual, name).toEqual(expected);
}

/**
 * Asserts that index, D1 and R2 hold the same assets, field for field and body for record, and that the vault's other
 * tables say the same.
 *
 * @param missing keys of bodies that were taken away
 */
export async function expectAgreement(vault: TestVault, missing: readonly string[] = []): Promise<void> {
  const [index, record, objects] = await Promise.all([indexed(vault), recorded(vault), vault.bodies()]);
  expect(record).toEqual(index);
  const named = index.map((asset) => String(asset["r2_key"])).filter((key) => !missing.includes(key));
  expect(objects.toSorted()).toEqual(named.toSorted());
  await expectDerived(vault);
}

/** Makes a vault forget its lost windows, if it has some. Until then it keeps all bodies from those times. */
export async function clearLostWindows(vault: TestVault): Promise<void> {
  if ((await report(vault)).lost_windows.length === 0) return;
  const cleared = await patiently(() => send(`${vault.path}/lost-windows`, { method: "DELETE", headers: admin }));
  expect(cleared.status).toBe(204);
}

/** Loses the vault's own storage. */
export async function lose(stub: TestVault["stub"]): Promise<void> {
  await runInDurableObject(stub, async (_, { storage }) => {
    await storage.deleteAlarm();
    await storage.deleteAll();
  });
  await evictDurableObject(stub);
}

const KEY_COLUMNS = "id, rev, label, type, kid, created_at, expires_at, revoked_at, scope";

/** Asserts that index and D1 hold the same keys, and returns these. */
export async function expectSameKeys(vault: TestVault): Promise<Record<string, unknown>[]> {
  const { results } = await vault.db
    .prepare(`SELECT ${KEY_COLUMNS} FROM keys WHERE vault_id = ? ORDER BY id`)
    .bind(vault.id)
    .all();
  const keys = await runInDurableObject(vault.stub, (_, { storage }) =>
    storage.sql.exec(`SELECT ${KEY_COLUMNS} FROM keys ORDER BY id`).toArray(),
  );
  expect(results).toEqual(keys);
  return results;
}

/**
 * An alarm that is further away than this is not for what was left over, but for a reconciliation or for the end of a
 * deletion. Milliseconds.
 */
const SOON_MS = 30 * 60 * 1000;

/**
 * How many runs of the alarm the work that is left over may take, where each failure is one more. And how many pauses,
 * of 5 ms each, may be made while the alarm runs by itself.
 */
const MOST_ALARMS = 25;
const MOST_PAUSES = 1_000;

/** The objects whose alarm runs at this moment. What the platform tells is the same when no alarm is set. */
const running = new Set<unknown>();
const alarmFired = Reflect.get(Lifecycle.prototype, "alarmFired");
Lifecycle.prototype.alarmFired = async function (): Promise<void> {
  running.add(this);
  await alarmFired.call(this).finally(() => running.delete(this));
};

/**
 * Lets a vault's background work come to its end. The stub is the caller's. None is made here, where calls may be
 * failing.
 */
export async function rest(stub: TestVault["stub"]): Promise<void> {
  let alarms = 0;
  for (let pauses = 0; pauses < MOST_PAUSES && alarms <= MOST_ALARMS; pauses++) {
    const { due, gone } = await runInDurableObject(stub, async (instance, { storage }) => {
      const exists = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'vault'").toArray().length > 0;
      const buried = exists && storage.sql.exec("SELECT 1 FROM vault WHERE status = 'buried'").toArray().length > 0;
      return { due: await storage.getAlarm(), gone: buried && !running.has(Reflect.get(instance, "life")) };
    });
    if (due === null ? gone : due > Date.now() + SOON_MS) return;
    if (due !== null && (await runDurableObjectAlarm(stub))) alarms++;
    // If no alarm is set, it is running at this moment.
    else await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`the background work does not end: ${alarms} alarms`);
}
