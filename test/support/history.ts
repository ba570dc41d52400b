/** Takes a vault's storage, or what D1 has of a vault, away or back to an earlier moment. */

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import type { TestVault } from "./api.ts";
import type { Vault } from "../../src/vault/vault.ts";

type Row = Record<string, SqlStorageValue>;
type Tables = Map<string, Row[]>;

/** Runs a statement on a vault's own SQLite, and returns its rows. */
export const state = <T extends object = Row>(vault: TestVault, sql: string, ...values: unknown[]): Promise<T[]> =>
  runInDurableObject(vault.stub, (_, { storage }) => storage.sql.exec(sql, ...values).toArray() as T[]);

/**
 * Changes a vault's storage behind its object's back, and starts the object anew. The old object writes nothing any
 * more.
 */
async function rewrite(
  vault: TestVault,
  change: (storage: DurableObjectStorage) => Promise<void> | void,
): Promise<void> {
  await runInDurableObject(vault.stub, async (_, { storage }) => {
    await change(storage);
    const dead = (): never => {
      throw new Error("this object is no more");
    };
    storage.transactionSync = dead;
    Object.defineProperty(storage.sql, "exec", { value: dead });
  });
  await evictDurableObject(vault.stub);
}

/** Runs a statement on a vault's storage. The object is started anew, because it learns of the change only then. */
export const amend = (vault: TestVault, sql: string, ...values: unknown[]): Promise<void> =>
  rewrite(vault, ({ sql: storage }) => void storage.exec(sql, ...values));

/** Brings a vault that is being deleted past the hour in which uploads to it may still come. */
export const hourLater = (vault: TestVault): Promise<void> =>
  amend(vault, "UPDATE vault SET deleted_at = '2020-01-01T00:00:00Z'");

/** Loses the vault's storage. */
export const wipe = (vault: TestVault): Promise<void> =>
  rewrite(vault, async (storage) => {
    await storage.deleteAlarm();
    await storage.deleteAll();
  });

const tablesOf = (sql: SqlStorage): string[] =>
  sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    )
    .toArray()
    .map(({ name }) => name);

/** All that a vault's storage holds, in the form that {@link putBack} takes. */
export const stored = (vault: TestVault): Promise<Tables> =>
  runInDurableObject(
    vault.stub,
    (_, { storage: { sql } }) =>
      new Map(tablesOf(sql).map((name) => [name, sql.exec(`SELECT * FROM ${name}`).toArray()])),
  );

/** Brings the vault's storage back to what it was, and starts its object anew. */
export async function putBack(vault: TestVault, tables: Tables): Promise<void> {
  if (tables.size === 0) return wipe(vault);
  await rewrite(vault, (storage) => {
    storage.transactionSync(() => {
      for (const name of tablesOf(storage.sql)) {
        if (name === "migrations") continue;
        storage.sql.exec(`DELETE FROM ${name}`);
        for (const row of tables.get(name) ?? []) {
          const marks = Object.keys(row).map(() => "?");
          storage.sql.exec(
            `INSERT INTO ${name} (${Object.keys(row).join()}) VALUES (${marks.join()})`,
            ...Object.values(row),
          );
        }
      }
    });
  });
}

const RECORD = { vaults: "id", keys: "vault_id", assets: "vault_id" } as const;

/** All that D1 holds of a vault, in the form that {@link restoreRecord} takes. */
export async function record(vault: TestVault): Promise<Tables> {
  const tables: Tables = new Map();
  for (const [name, column] of Object.entries(RECORD)) {
    const { results } = await vault.db.prepare(`SELECT * FROM ${name} WHERE ${column} = ?`).bind(vault.id).all<Row>();
    tables.set(name, results);
  }
  return tables;
}

/** Brings D1 back to what it had of the vault. With an empty record, D1 has lost the vault. */
export async function restoreRecord(vault: TestVault, tables: Tables): Promise<void> {
  const statements = Object.entries(RECORD).flatMap(([name, column]) => [
    vault.db.prepare(`DELETE FROM ${name} WHERE ${column} = ?`).bind(vault.id),
    ...(tables.get(name) ?? []).map((row) =>
      vault.db
        .prepare(
          `INSERT INTO ${name} (${Object.keys(row).join()}) VALUES (${Object.keys(row)
            .map(() => "?")
            .join()})`,
        )
        .bind(...Object.values(row)),
    ),
  ]);
  await vault.db.batch(statements);
}

/** Runs the alarm's work `times`, whether or not it is due. */
export async function work(vault: TestVault, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) await runInDurableObject(vault.stub, (instance: Vault) => instance.alarm());
}

/**
 * Lets the alarm of a vault's object go off only when a test runs it, with {@link work}, until the object starts anew. By
 * itself it may go off at any time, and whoever counts what it does, or how often, would count that too.
 */
export const withoutAlarm = (vault: TestVault): Promise<void> =>
  runInDurableObject(vault.stub, async (_, { storage }) => {
    await storage.deleteAlarm();
    Object.defineProperty(storage, "setAlarm", { configurable: true, value: async () => {} });
  });

/** How far D1 is with the vault. */
export const position = (
  vault: TestVault,
): Promise<{
  name: string;
  status: string;
  rev: number;
  complete_to: string;
  lost_windows: string;
} | null> => vault.db.prepare("SELECT * FROM vaults WHERE id = ?").bind(vault.id).first();
