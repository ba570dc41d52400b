import { UPLOAD_DEADLINE_MS } from "../model/limits.ts";
import { timestamp } from "../model/time.ts";
import { assetPage, claimVault } from "../d1/record.ts";
import type { Index } from "./index.ts";
import type { VaultRow } from "./schema.ts";

/** What D1 says of a vault that has no local state. */
export type Claim = "absent" | "deleted" | VaultRow;

/**
 * Begins the life of a vault's Durable Object: claims the vault in D1 and writes its row and keys here. A new vault is
 * the rebuild of an empty one. The assets follow with {@link copyPage}.
 */
export async function claim(index: Index, db: D1Database, vaultId: string): Promise<Claim> {
  const claimed = await claimVault(db, vaultId);
  if (!claimed) return "absent";
  const { vault, keys } = claimed;
  if (vault.status === "deleted") return "deleted";
  const row: VaultRow = {
    id: vault.id,
    name: vault.name,
    created_at: vault.created_at,
    status: vault.status,
    epoch: vault.epoch,
    rev: vault.rev,
    recorded: vault.rev,
    erased: vault.rev,
    clock: vault.created_at,
    assets: 0,
    bytes: 0,
    rebuilt_to: 0,
    lost_since: null,
    // Whole seconds: the one that has begun counts.
    lost_until: vault.epoch > 1 ? timestamp(Date.now() + 1_000) : null,
    deleted_at: vault.status === "deleting" ? timestamp(Date.now()) : null,
  };
  index.migrate();
  index.transaction(() => {
    // A call that was given up may answer after a later one: the first answer counts.
    if (index.vault()) throw new Error("the vault was claimed meanwhile");
    index.saveVault(row);
    for (const key of keys) index.saveKey(key);
  });
  return row;
}

/**
 * Copies the next page of assets from D1 into the index, in one transaction with the note of how far it came, so that
 * it resumes where it was cut off. Returns the vault's new row; `rebuilt_to` is null once all are copied.
 */
export async function copyPage(index: Index, db: D1Database, row: VaultRow): Promise<VaultRow> {
  const assets = await assetPage(db, row.id, row.rebuilt_to ?? 0);
  const last = assets.at(-1);
  const next: VaultRow = { ...row, rebuilt_to: last ? last.seq : null };
  // A body may be as much older than its commit as an upload may take.
  if (!last && row.lost_until) next.lost_since = timestamp(Date.parse(row.clock) - UPLOAD_DEADLINE_MS);
  index.transaction(() => {
    // The same here: the page must still be the next one.
    const here = index.vault();
    if (!here || here.epoch !== row.epoch || here.rebuilt_to !== row.rebuilt_to) {
      throw new Error("the page was copied meanwhile");
    }
    for (const asset of assets) {
      index.insertAsset(asset);
      index.count(asset.partition, 1, asset.size);
      next.assets++;
      next.bytes += asset.size;
      if (asset.updated_at > next.clock) next.clock = asset.updated_at;
    }
    index.saveVault(next);
  });
  return next;
}
