import { logError } from "../log.ts";
import type { Asset } from "../model/asset.ts";
import { type Flush, ping, record, tryAssets } from "../d1/record.ts";
import type { Index } from "./index.ts";
import { FLUSH_BYTES, FLUSH_ROWS } from "./limits.ts";
import type { VaultRow } from "./schema.ts";

/** Below every revision: D1 has nothing, not even the keys the vault was created with (their rev is 0). */
export const NOTHING = -1;

/** How a flush went: D1 has everything up to `done`; or it has lost what it had, and this is the epoch it knows. */
export type Recorded = { readonly done: number } | { readonly lost: true; readonly epoch: number };

/**
 * One flush to D1: what happened beyond `from`, as much as fits, the latest state of each asset. Throws when D1 does not
 * take it; then {@link parkRefused} may find out why.
 */
export async function recordStep(index: Index, db: D1Database, vault: VaultRow, from: number): Promise<Recorded> {
  const flush = collect(index, vault, from);
  const found = await record(db, flush);
  // Another epoch: D1 went back in time, or a claim that was given up landed after the one we hold.
  if (!found || found.epoch !== vault.epoch || found.rev < flush.to) {
    return { lost: true, epoch: found?.epoch ?? 0 };
  }
  return { done: found.rev };
}

/**
 * Finds, by halving, the assets of the next flush that D1 refuses for what they hold, and parks them: one bad row must not
 * keep all others from being recorded. Throws when D1 is simply down, for then every row fails and none is to blame.
 */
export async function parkRefused(index: Index, db: D1Database, vault: VaultRow, from: number): Promise<void> {
  const flush = collect(index, vault, from);
  await ping(db);
  const suspects = await refused(db, flush, flush.assets);
  for (const { asset, error } of suspects) {
    index.park(asset.seq, asset.rev, error);
    logError("recorder: D1 refuses an asset, parked", new Error(error), { vault: vault.id, asset: asset.id });
  }
}

async function refused(
  db: D1Database,
  flush: Flush,
  assets: readonly Asset[],
): Promise<{ asset: Asset; error: string }[]> {
  if (assets.length === 0) return [];
  try {
    await tryAssets(db, flush, assets);
    return [];
  } catch (error) {
    const [only, ...more] = assets;
    if (only && more.length === 0)
      return [{ asset: only, error: error instanceof Error ? error.message : String(error) }];
    const half = Math.ceil(assets.length / 2);
    return [...(await refused(db, flush, assets.slice(0, half))), ...(await refused(db, flush, assets.slice(half)))];
  }
}

function collect(index: Index, vault: VaultRow, from: number): Flush {
  const assets: Asset[] = [];
  const deleted: number[] = [];
  const seen = new Set<number>();
  let to = vault.rev;
  let bytes = 0;
  let count = 0;
  let last = from;
  for (const change of index.unrecorded(from, FLUSH_ROWS + 1)) {
    if (change.rev <= last) throw new Error("changes must come in their order");
    if (bytes > FLUSH_BYTES) {
      to = last;
      break;
    }
    if (count === FLUSH_ROWS) {
      to = last;
      continue; // The last one: the statement comes to its end and can be used again.
    }
    count++;
    last = change.rev;
    if (seen.has(change.seq)) continue;
    seen.add(change.seq);
    const { asset } = change;
    if (!asset) deleted.push(change.seq);
    else if (!change.parked) {
      assets.push(asset);
      bytes += asset.metadata.length + asset.tags.length + 1_000;
    }
  }
  const keys = index.keysSince(from).filter((key) => key.rev <= to);
  return { vaultId: vault.id, epoch: vault.epoch, from, to, status: vault.status, assets, deleted, keys };
}
