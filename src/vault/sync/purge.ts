/** Purge: removes a deleted vault from R2, D1 and its own tables, and keeps it removed when D1 is restored. */

import { SESSION_KEPT_MS, UPLOAD_DEADLINE_MS } from "../../model/limits.ts";
import type { BoundedD1 } from "../../d1/bounded.ts";
import { position } from "../../d1/record.ts";
import { buryVault, purgeAssets } from "../../d1/vaults.ts";
import { timestamp } from "../../model/time.ts";
import { breathe } from "../../runtime/wait.ts";
import type { Bucket } from "../../r2/bucket.ts";
import { vaultPrefix } from "../../r2/keys.ts";
import type { VaultDatabase } from "../state/database.ts";
import { MAX_CALLS, RETRY_MIN_MS } from "../limits.ts";
import { removeRemains, SWEEP_CALLS } from "./sweep-sessions.ts";
import type { VaultRow } from "../state/schema.ts";

/** Rows that one statement deletes. With the bound on calls it keeps a run of the alarm far below a second of work. */
const ROWS = 5_000;
/** Sessions that one step removes. */
const SESSIONS = 2;
/** The calls of a step that finds no session: a list and a deletion of bodies, and one to D1. */
const STEP_CALLS = 3;

/**
 * How long after its deletion a vault's bodies are looked for once more. An upload that was under way then may bring
 * its body until the upload deadline, and is refused after that. Milliseconds.
 */
const LAST_SWEEP_MS = UPLOAD_DEADLINE_MS + 60_000;

/**
 * One bounded run of a deleted vault's removal, which resumes where the last one ended. It removes bodies, rows in D1
 * and rows in the index. When no upload can be under way any more it removes the bodies that have come since, and
 * leaves a tombstone in D1. Returns when to run again, in milliseconds from now. Undefined means that nothing is left
 * but the object's own tables, which are the caller's to drop.
 */
export async function purge(
  vault: VaultRow,
  stores: { database: VaultDatabase; db: BoundedD1; bucket: Bucket },
): Promise<number | undefined> {
  const { database, db, bucket } = stores;
  for (let calls = 0; calls + STEP_CALLS + SESSIONS * SWEEP_CALLS <= MAX_CALLS; calls += STEP_CALLS) {
    const { objects } = await bucket.list(vaultPrefix(vault.id));
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
    const recorded = await purgeAssets(db, vault.id, ROWS);
    const { tags, outbox, receipts, tickets } = database;
    const { sessions, swept } = await purgeSessions(vault.id, database, bucket);
    calls += swept * SWEEP_CALLS;
    const rows = [tags, outbox, receipts, tickets].reduce((sum, table) => sum + table.purge(ROWS), 0);
    const indexed = sessions + database.purgeAssets(ROWS) + rows;
    if (objects.length > 0 || recorded > 0 || indexed > 0) {
      await breathe();
      continue;
    }

    const deletedAt = vault.deleted_at ?? vault.clock;
    const wait = Date.parse(deletedAt) + LAST_SWEEP_MS - Date.now();
    if (wait > 0) return wait;
    await buryVault(db, vault.id, deletedAt);
    return undefined;
  }
  return RETRY_MIN_MS;
}

/**
 * Ends a few sessions, and removes what R2 has of them. R2 lists no multipart uploads: only these rows know them. Returns
 * how many rows it changed, and of how many sessions R2 was asked.
 */
async function purgeSessions(
  vaultId: string,
  database: VaultDatabase,
  bucket: Bucket,
): Promise<{ sessions: number; swept: number }> {
  const { sessions } = database;
  const ids = sessions.underWay(SESSIONS);
  database.transaction(() => {
    for (const id of ids) sessions.end(id, Date.now() + SESSION_KEPT_MS);
  });
  const unswept = sessions.unswept(SESSIONS);
  for (const remains of unswept) {
    await removeRemains(vaultId, database, bucket, remains);
    sessions.update(remains.id, { is_swept: 1 });
  }
  const swept = unswept.length;
  return { sessions: ids.length + swept + sessions.purge(ROWS), swept };
}

/**
 * One bounded run of what keeps a buried vault buried. A D1 that went back to a time before the vault was deleted has
 * its row, keys and assets again, and they are removed. Returns when to run again, in milliseconds from now, or
 * undefined when D1 has nothing but the tombstone.
 */
export async function buryAgain(vaultId: string, db: BoundedD1): Promise<number | undefined> {
  const found = await position(db, vaultId);
  if (!found || found.status === "deleted") return undefined;
  // One call was made already, and one is left for the burial.
  for (let calls = 2; calls < MAX_CALLS; calls++) {
    if ((await purgeAssets(db, vaultId, ROWS)) > 0) continue;
    await buryVault(db, vaultId, timestamp(Date.now()));
    return undefined;
  }
  return RETRY_MIN_MS;
}
