import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterAll, beforeAll, expect } from "vitest";
import type { VaultReport } from "../../src/vault/report.ts";
import { admin, send, type TestVault } from "./api.ts";

const COLUMNS =
  "seq, rev, id, partition, collection, channel, filename, r2_key, size, mime_type, width, height, metadata, tags, sha256, created_at, updated_at";

/** What the vault's own index holds, oldest first. */
export const indexed = (vault: TestVault): Promise<Record<string, unknown>[]> =>
  runInDurableObject(vault.stub, (_, { storage }) => {
    const exists = storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'assets'").toArray().length > 0;
    return exists ? storage.sql.exec(`SELECT ${COLUMNS} FROM assets ORDER BY seq`).toArray() : [];
  });

/** What D1 holds, in the same shape. */
export async function recorded(vault: TestVault): Promise<Record<string, unknown>[]> {
  const { results } = await vault.db
    .prepare(`SELECT ${COLUMNS} FROM assets WHERE vault_id = ? ORDER BY seq`)
    .bind(vault.id)
    .all();
  return results;
}

/** The keys of all bodies in R2. */
export async function bodies(vault: TestVault): Promise<string[]> {
  const keys: string[] = [];
  for (let startAfter: string | undefined; ;) {
    const page = await env.BUCKET.list({ prefix: `${vault.id}/`, ...(startAfter ? { startAfter } : {}) });
    keys.push(...page.objects.map(({ key }) => key));
    if (!page.truncated) return keys;
    startAfter = keys.at(-1);
  }
}

export async function report(vault: TestVault): Promise<VaultReport> {
  return (await send(vault.path, { headers: admin })).json<VaultReport>();
}

/** In this file no body is too young to be deleted when no asset names it. The object reads that when it starts. */
export function withoutGrace(): void {
  beforeAll(() => {
    env.RECONCILE_GRACE_SECONDS = "0";
  });
  afterAll(() => {
    delete env.RECONCILE_GRACE_SECONDS;
  });
}

/** Runs the alarm until a reconciliation that begins now is done. */
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

/** Index, D1 and R2 hold the same assets, field for field and body for record. */
export async function expectAgreement(vault: TestVault): Promise<void> {
  const [index, record, objects] = await Promise.all([indexed(vault), recorded(vault), bodies(vault)]);
  expect(record).toEqual(index);
  expect(objects.toSorted()).toEqual(index.map((asset) => String(asset["r2_key"])).toSorted());
}
