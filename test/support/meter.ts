/** Counts what Cloudflare bills for some work of a vault. */

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { TestVault } from "./api.ts";

/** What Cloudflare bills for some work, counted in the place where it happens. */
export interface Bill {
  /** Rows of the vault's own SQLite. */
  vaultRead: number;
  vaultWritten: number;
  d1Calls: number;
  d1Read: number;
  d1Written: number;
  r2Puts: number;
  r2Gets: number;
  r2Deletes: number;
}

type Method = (...args: unknown[]) => unknown;

/** Puts `spy` in front of a method and hands it the method. Returns a function that takes it away again. */
function lay(target: object, name: string, spy: (original: Method, args: unknown[]) => unknown): () => void {
  const original = (Reflect.get(target, name) as Method).bind(target);
  Object.defineProperty(target, name, {
    configurable: true,
    writable: true,
    value: (...args: unknown[]) => spy(original, args),
  });
  return () => delete (target as Record<string, unknown>)[name];
}

/**
 * Collects the cursors of all statements that a vault's SQLite runs, until `stop`. A cursor knows which rows it read
 * and wrote.
 */
export function watchSql(sql: SqlStorage): {
  cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[];
  stop: () => void;
} {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const stop = lay(sql, "exec", (original, args) => {
    const cursor = original(...args) as (typeof cursors)[number];
    cursors.push(cursor);
    return cursor;
  });
  return { cursors, stop };
}

/** How many of these cursors have not been read to their end. It reads on, so each can be asked once. */
export const leftOpen = (cursors: ReturnType<typeof watchSql>["cursors"]): number =>
  cursors.filter((cursor) => {
    try {
      return cursor.next().done !== true;
    } catch {
      return true; // The same statement was run again before this one was at its end.
    }
  }).length;

/**
 * Does some work on a vault, and counts the rows and calls that it takes. What was left to the background is done
 * first.
 */
export async function meter(vault: TestVault, work: () => Promise<void>): Promise<Bill> {
  const bill = {
    vaultRead: 0,
    vaultWritten: 0,
    d1Calls: 0,
    d1Read: 0,
    d1Written: 0,
    r2Puts: 0,
    r2Gets: 0,
    r2Deletes: 0,
  };
  await runDurableObjectAlarm(vault.stub);
  const undo = [
    lay(vault.db, "batch", async (original, args) => {
      const results = (await original(...args)) as D1Result[];
      bill.d1Calls++;
      for (const { meta } of results) {
        bill.d1Read += meta.rows_read;
        bill.d1Written += meta.rows_written;
      }
      return results;
    }),
    ...(["put", "get", "delete"] as const).map((name) =>
      lay(env.BUCKET, name, (original, args) => {
        bill[name === "put" ? "r2Puts" : name === "get" ? "r2Gets" : "r2Deletes"]++;
        return original(...args);
      }),
    ),
  ];
  const statements = await runInDurableObject(vault.stub, (_, state) => watchSql(state.storage.sql));
  try {
    await work();
  } finally {
    await runInDurableObject(vault.stub, () => {
      statements.stop();
      for (const cursor of statements.cursors) {
        bill.vaultRead += cursor.rowsRead;
        bill.vaultWritten += cursor.rowsWritten;
      }
      for (const each of undo) each();
    });
  }
  return bill;
}
