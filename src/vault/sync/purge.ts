import { UPLOAD_DEADLINE_MS } from "../../model/limits.ts";
import type { BoundedD1 } from "../../d1/bounded.ts";
import { position } from "../../d1/record.ts";
import { buryVault, purgeAssets } from "../../d1/vaults.ts";
import { timestamp } from "../../model/time.ts";
import { breathe } from "../../runtime/wait.ts";
import type { Bucket } from "../../r2/bucket.ts";
import { vaultPrefix } from "../../r2/keys.ts";
import type { VaultDatabase } from "../state/database.ts";
import { RETRY_MIN_MS } from "../limits.ts";
import type { VaultRow } from "../state/schema.ts";

/** Rows deleted in one statement, and steps in one run of the alarm: each run stays far below a second of work. */
const ROWS = 5_000;
const STEPS = 10;

/** Uploads under way when the vault was deleted are refused at the deadline; their bodies may come until then. */
const LAST_SWEEP_MS = UPLOAD_DEADLINE_MS + 60_000;

/**
 * One bounded, resumable run of a deleted vault's removal: bodies, D1 rows, index rows; then, when no upload can still
 * be under way, the bodies that came since, and the tombstone. Returns when to run again (milliseconds from now), or
 * undefined when nothing is left but the caller's storage.
 */
export async function purge(
  vault: VaultRow,
  stores: { database: VaultDatabase; db: BoundedD1; bucket: Bucket },
): Promise<number | undefined> {
  const { database, db, bucket } = stores;
  for (let step = 0; step < STEPS; step++) {
    const bodies = await bucket.list(vaultPrefix(vault.id));
    if (bodies.objects.length > 0) await bucket.delete(bodies.objects.map((body) => body.key));
    const recorded = await purgeAssets(db, vault.id, ROWS);
    const indexed = database.purgeAssets(ROWS);
    if (bodies.objects.length > 0 || recorded > 0 || indexed > 0) {
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
 * One bounded run of what keeps a buried vault buried: a D1 that went back to a time before the vault was deleted has its
 * row, keys and assets again. Returns when to run again, or undefined when D1 has nothing but the tombstone.
 */
export async function buryAgain(vaultId: string, db: BoundedD1): Promise<number | undefined> {
  const found = await position(db, vaultId);
  if (!found || found.status === "deleted") return undefined;
  for (let step = 0; step < STEPS; step++) {
    if ((await purgeAssets(db, vaultId, ROWS)) > 0) continue;
    await buryVault(db, vaultId, timestamp(Date.now()));
    return undefined;
  }
  return RETRY_MIN_MS;
}
