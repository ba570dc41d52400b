import type { Asset } from "../model/asset.ts";
import { log } from "../log.ts";
import { type Flush, record, restoreVault } from "../record/record.ts";
import type { Index } from "./index.ts";
import { FLUSH_BYTES, FLUSH_ROWS } from "./limits.ts";
import type { VaultRow } from "./schema.ts";

/** Below every revision: D1 has nothing, not even the keys the vault was created with (their rev is 0). */
const NOTHING = -1;

/**
 * One flush to D1: what happened beyond `from`, as much as fits, the latest state of each asset. Returns the new
 * watermark. It goes back when D1 turns out to have lost history, and then everything is recorded again.
 */
export async function recordStep(index: Index, db: D1Database, vault: VaultRow, from: number): Promise<number> {
  const flush = collect(index, vault, from);
  const found = await record(db, flush);
  if (!found) {
    log("recorder: D1 lost the vault, recording it again", { vault: vault.id });
    await restoreVault(db, vault, vault.epoch);
    return NOTHING;
  }
  if (found.epoch !== vault.epoch) throw new Error(`epoch ${vault.epoch} was superseded by ${found.epoch}`);
  if (found.rev < flush.to) {
    log("recorder: D1 lost history, recording it again", { vault: vault.id, has: found.rev, had: from });
    return NOTHING;
  }
  return found.rev;
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
