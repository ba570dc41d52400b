import type { Asset } from "../model/asset.ts";
import { type Flush, record } from "../record/record.ts";
import type { Index } from "./index.ts";
import { FLUSH_BYTES, FLUSH_ROWS } from "./limits.ts";
import type { VaultRow } from "./schema.ts";

/** Below every revision: D1 has nothing, not even the keys the vault was created with (their rev is 0). */
export const NOTHING = -1;

/** How a flush went: D1 has everything up to `done`; or it has lost what it had, and this is the epoch it knows. */
export type Recorded = { readonly done: number } | { readonly lost: true; readonly epoch: number };

/** One flush to D1: what happened beyond `from`, as much as fits, the latest state of each asset. */
export async function recordStep(index: Index, db: D1Database, vault: VaultRow, from: number): Promise<Recorded> {
  const flush = collect(index, vault, from);
  const found = await record(db, flush);
  // Another epoch: D1 went back in time, or a claim that was given up landed after the one we hold.
  if (!found || found.epoch !== vault.epoch || found.rev < flush.to) {
    return { lost: true, epoch: found?.epoch ?? 0 };
  }
  return { done: found.rev };
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
    if (count === FLUSH_ROWS || bytes > FLUSH_BYTES) {
      to = last;
      break;
    }
    count++;
    last = change.rev;
    if (seen.has(change.seq)) continue;
    seen.add(change.seq);
    const asset = index.assetAt(change.seq);
    if (asset) {
      assets.push(asset);
      bytes += asset.metadata.length + asset.tags.length + 1_000;
    } else deleted.push(change.seq);
  }
  const keys = index.keysSince(from).filter((key) => key.rev <= to);
  return { vaultId: vault.id, epoch: vault.epoch, from, to, status: vault.status, assets, deleted, keys };
}
