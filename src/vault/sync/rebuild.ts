/**
 * Rebuild: a vault's object without state of its own gets it from D1. It claims the vault, and then copies keys and
 * assets page by page. A new vault comes to life in the same way, as the rebuild of an empty one.
 */

import type { BoundedD1 } from "../../d1/bounded.ts";
import { NOTHING } from "../../d1/record.ts";
import { assetPage, claimVault, keyPage, PAGE_ROWS } from "../../d1/vaults.ts";
import type { Asset } from "../../model/asset.ts";
import { KEY_KEPT_MS } from "../../model/limits.ts";
import { boundWindows } from "../../model/lost-window.ts";
import { timestamp } from "../../model/time.ts";
import { breathe } from "../../runtime/wait.ts";
import type { Alarm } from "../alarm.ts";
import type { VaultDatabase } from "../state/database.ts";
import { ALARM_DELAY_MS, FLUSH_ROWS, MAX_CALLS } from "../limits.ts";
import { FolderCounts } from "../state/folders.ts";
import type { VaultRow } from "../state/schema.ts";

/**
 * Rebuilds a vault as far as one invocation may. Returns its row when it is complete, and "unfinished" when the alarm,
 * which is set, has to go on. "absent" and "deleted" are what D1 says of a vault that cannot be rebuilt.
 */
export async function rebuild(
  database: VaultDatabase,
  db: BoundedD1,
  vaultId: string,
  alarm: Alarm,
): Promise<VaultRow | "absent" | "deleted" | "unfinished"> {
  let row = database.exists() ? database.vault() : undefined;
  if (!row) {
    const claimed = await claim(database, db, vaultId);
    if (typeof claimed === "string") return claimed;
    row = claimed;
    // A large rebuild takes longer than the request that began it.
    await alarm.set(ALARM_DELAY_MS);
  }
  for (let calls = 0; row.rebuilt_to !== null; calls++) {
    if (calls === MAX_CALLS) {
      await alarm.set(0);
      return "unfinished";
    }
    row = await copyPage(database, db, row);
    await breathe();
  }
  return row;
}

/** The row of a vault that was claimed, or what D1 says of one that cannot be. */
export type Claim = "absent" | "deleted" | VaultRow;

/** Claims a vault in D1 and writes its row here. Keys and assets follow with {@link copyPage}. */
export async function claim(database: VaultDatabase, db: BoundedD1, vaultId: string): Promise<Claim> {
  const vault = await claimVault(db, vaultId, NOTHING);
  if (!vault) return "absent";
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
    keys_to: "",
    loaded: null,
    incarnation: "",
    starts: "{}",
    flush_rows: FLUSH_ROWS,
    merging: null,
    lost_windows: boundWindows(vault.lost_windows),
    generation: crypto.randomUUID(),
    feed_from: 0,
    settings: vault.settings,
    deleted_at: vault.status === "deleting" ? timestamp(Date.now()) : null,
  };
  database.migrate();
  database.transaction(() => {
    // A call that was given up may answer after a later one. The first answer counts.
    if (database.vault()) throw new Error("the vault was claimed meanwhile");
    database.saveVault(row);
  });
  return row;
}

/**
 * Copies the next page from D1 into the index, of keys and after them of assets. The same transaction notes how far the
 * rebuild has come, so that it resumes where it was cut off. Returns the vault's new row, whose `rebuilt_to` is null
 * once everything is copied.
 */
export const copyPage = (database: VaultDatabase, db: BoundedD1, row: VaultRow): Promise<VaultRow> =>
  row.keys_to === null ? copyAssets(database, db, row) : copyKeys(database, db, row, row.keys_to);

async function copyKeys(database: VaultDatabase, db: BoundedD1, row: VaultRow, after: string): Promise<VaultRow> {
  const keys = await keyPage(db, row.id, after, timestamp(Date.now() - KEY_KEPT_MS));
  const next: VaultRow = { ...row, keys_to: keys.length < PAGE_ROWS ? null : (keys.at(-1)?.id ?? null) };
  savePage(database, row, () => {
    for (const key of keys) database.keys.save(key);
    database.saveVault(next);
  });
  return next;
}

async function copyAssets(database: VaultDatabase, db: BoundedD1, row: VaultRow): Promise<VaultRow> {
  const assets = await assetPage(db, row.id, row.rebuilt_to ?? 0);
  const next: VaultRow = { ...row, rebuilt_to: assets.at(-1)?.seq ?? null };
  savePage(database, row, () => {
    const folders = new FolderCounts();
    const count = (asset: Asset, by: 1 | -1): void => {
      if (database.unindexed.isIndexed(asset.seq)) folders.add(asset, by, by * asset.size);
      next.assets += by;
      next.bytes += by * asset.size;
    };
    for (const asset of assets) {
      // A D1 that went back in time may have one asset at two seqs. The newer one counts, and a reconciliation removes
      // the other from D1.
      const twin = database.asset(asset.id);
      if (twin && twin.rev > asset.rev) continue;
      if (twin) {
        database.deleteAsset(twin.seq);
        database.tags.replace(twin.seq, twin.tags, "[]");
        if (twin.rev !== twin.seq) database.outbox.forgetChange(twin.rev);
        count(twin, -1);
      }
      database.insertAsset(asset);
      if (database.unindexed.isIndexed(asset.seq)) database.index(asset);
      count(asset, 1);
      // Every revision that D1 holds was handed out, even one beyond that of the vault's row in D1.
      next.rev = Math.max(next.rev, asset.rev);
      if (asset.updated_at > next.clock) next.clock = asset.updated_at;
    }
    folders.save(database.folders);
    database.saveVault(next);
  });
  return next;
}

/**
 * Saves a page if it is still the next one. A call that was given up may answer after a later one: then this throws.
 */
function savePage(database: VaultDatabase, row: VaultRow, write: () => void): void {
  database.transaction(() => {
    const here = database.vault();
    if (here?.epoch !== row.epoch || here.rebuilt_to !== row.rebuilt_to || here.keys_to !== row.keys_to) {
      throw new Error("the page was copied meanwhile");
    }
    write();
  });
}
