import { UPLOAD_DEADLINE_MS } from "../model/limits.ts";
import { buryVault, purgeAssets } from "../d1/record.ts";
import { breathe } from "../model/time.ts";
import type { Index } from "./index.ts";
import { ERASE_KEYS, RETRY_MIN_MS } from "./limits.ts";
import type { VaultRow } from "./schema.ts";

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
  stores: { index: Index; db: D1Database; bucket: R2Bucket },
): Promise<number | undefined> {
  const { index, db, bucket } = stores;
  for (let step = 0; step < STEPS; step++) {
    const bodies = await bucket.list({ prefix: `${vault.id}/`, limit: ERASE_KEYS });
    if (bodies.objects.length > 0) await bucket.delete(bodies.objects.map((body) => body.key));
    const recorded = await purgeAssets(db, vault.id, ROWS);
    const indexed = index.purgeAssets(ROWS);
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
