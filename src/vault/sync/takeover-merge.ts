/**
 * How a takeover merges one page of D1's history into the vault's: which side is right for each key and asset. All of
 * it is operations of a group, so a page is merged whole or not at all.
 */

import { PAGE_ROWS } from "../../d1/vaults.ts";
import { type KeyRecord, NOTHING } from "../../d1/record.ts";
import { type Asset, ASSET_FIELDS } from "../../model/asset.ts";
import { SESSION_KEPT_MS } from "../../model/limits.ts";
import { changeSettings, settingsRev } from "../../model/settings.ts";
import { parseKey } from "../../r2/keys.ts";
import { insertAsset, removeAsset, updateAsset } from "../state/asset-writes.ts";
import { voidAsset } from "../state/assets.ts";
import type { VaultDatabase } from "../state/database.ts";
import type { Change, Operation } from "../state/group-commit.ts";
import { LAST_KEY_ID } from "../state/key-table.ts";
import type { AssetRevision } from "../state/schema.ts";
import { covered } from "./covered.ts";
import { isSameKey, mergedKey } from "./key-merge.ts";

/**
 * The revisions that tell which side knows what. They are saved as JSON in the vault's row while a takeover is under
 * way.
 */
export interface Takeover {
  /** The vault alone knows the changes beyond this revision, up to `base`. */
  readonly since: number;
  /**
   * Changes beyond this revision are newer than anything that D1 has, because this start of the object made them. Older
   * ones that the vault alone knows may be older than what D1 heard later.
   */
  readonly began: number;
  /** The claimed revision. Whatever is above it has been applied again, or is new. */
  readonly base: number;
  /**
   * Up to this revision both sides have one history. Beyond it one revision may stand for a different change on each.
   */
  readonly common: number;
  /** Up to this revision the old outbox has been gone through. Absent before that has begun. */
  readonly outbox?: number;
}

/** Rows of the old outbox that one transaction goes through. */
const OUTBOX_ROWS = 5_000;

/**
 * Merges the page of keys after the id `after`.
 *
 * @param theirs D1's page
 * @param onMerged is called after the group is committed
 */
export function mergeKeys(
  database: VaultDatabase,
  { since, began }: Takeover,
  after: string,
  theirs: readonly KeyRecord[],
  onMerged: () => void,
): Operation<object> {
  return (change) => {
    // What an old storage knows of a session may be over: its asset may be in D1, or its parts another request's.
    if (after === "") database.sessions.endAll(Date.now() + SESSION_KEPT_MS);
    const page = database.keys.after(after, PAGE_ROWS);
    const end = covered([ids(theirs), ids(page)], PAGE_ROWS, LAST_KEY_ID);
    const ours = new Map(page.filter(({ id }) => id <= end).map((key) => [key.id, key]));
    for (const key of theirs) {
      if (key.id > end) break;
      const mine = ours.get(key.id);
      ours.delete(key.id);
      if (!mine) {
        database.keys.save(key);
        continue;
      }
      const isNewerHere = mine.rev > began || (mine.rev > since && key.rev <= since);
      const merged = mergedKey(key, mine, isNewerHere);
      // D1 is told what it has not got.
      if (!isSameKey(merged, key)) database.keys.save({ ...merged, rev: change.next() });
      else if (mine.rev !== key.rev || !isSameKey(merged, mine)) database.keys.save(key);
    }
    for (const mine of ours.values()) {
      if (mine.rev > since) database.keys.save({ ...mine, rev: change.next() });
      else database.keys.delete([mine.id]);
    }
    change.vault.keys_to = end === LAST_KEY_ID ? null : end;
    change.next();
    change.effects.push(onMerged);
    return { ok: true };
  };
}

const ids = (keys: readonly KeyRecord[]): string[] => keys.map(({ id }) => id);

/** A page of assets, up to the same seq on both sides. */
export interface AssetPage {
  readonly theirs: readonly AssetRevision[];
  readonly ours: readonly AssetRevision[];
  /** D1's assets that differ from ours, by seq. */
  readonly rows: ReadonlyMap<number, Asset>;
}

/** Merges a page of assets, which goes up to the seq `end`. */
export function mergeAssets(
  database: VaultDatabase,
  { since, began, base }: Takeover,
  page: AssetPage,
  end: number,
): Operation<object> {
  return (change) => {
    const changedHere = database.outbox.changedSince(since);
    const changedByThisStart = database.outbox.changedSince(began);
    const isNewerHere = ({ seq, rev }: AssetRevision): boolean =>
      changedByThisStart.has(seq) || (changedHere.has(seq) && rev <= since);
    const theirs = new Map(page.theirs.map((asset) => [asset.seq, asset]));
    const created: Asset[] = [];
    for (const { seq, rev, id } of page.ours) {
      const their = theirs.get(seq);
      const asset = database.assetAt(seq);
      if (!asset) continue; // It was deleted after the page was read.
      if (their?.id === id) {
        theirs.delete(seq);
        const row = page.rows.get(seq);
        const isRefused = their.rev < rev && database.outbox.isParked(seq, rev);
        if (isNewerHere(their) || isRefused) changeAgain(database, change, asset);
        else if (row && !isSame(row, asset)) replace(database, change, asset, row);
        continue;
      }
      removeAsset(database, change, asset);
      if (seq > since || database.outbox.isParked(seq, rev)) created.push(asset);
      else if (!their) voidAsset(database, id);
    }
    for (const their of theirs.values()) {
      const { seq, id } = their;
      const row = page.rows.get(seq);
      // If an asset was created here since and then deleted, D1 may have another asset at its seq.
      const isDeletedHere = isNewerHere(their) && (seq <= since || database.voids.has(id));
      if (isDeletedHere) database.outbox.add({ kind: "change", rev: change.next(), seq });
      else if (row) insert(database, change, row);
    }
    for (const asset of created) {
      // D1 had this asset at another seq, because its commit was repeated here.
      if (database.asset(asset.id)) continue;
      if (asset.seq <= began) database.doubts.add(asset.id);
      const seq = change.next();
      insert(database, change, { ...asset, seq, rev: seq, created_at: change.now, updated_at: change.now });
    }
    change.vault.rebuilt_to = end >= base ? null : end;
    change.next();
    return { ok: true };
  };
}

/** Gives an asset that is newer here than in D1 a new revision, so that D1 is told of its state. */
function changeAgain(database: VaultDatabase, change: Change, asset: Asset): void {
  updateAsset(database, change, asset, { ...asset, rev: change.next() });
}

const isSame = (a: Asset, b: Asset): boolean => ASSET_FIELDS.every((field) => a[field] === b[field]);

function replace(database: VaultDatabase, change: Change, old: Asset, asset: Asset): void {
  removeAsset(database, change, old);
  insert(database, change, asset);
}

function insert(database: VaultDatabase, change: Change, asset: Asset): void {
  const elsewhere = database.asset(asset.id);
  if (elsewhere) removeAsset(database, change, elsewhere);
  insertAsset(database, change, asset);
  // The old outbox may have another change at the asset's revision. Then the feed would not show the asset.
  const place = asset.rev === asset.seq ? asset.seq : database.outbox.seqAt(asset.rev);
  if (place !== undefined && place !== asset.seq) changeAgain(database, change, asset);
  if (asset.updated_at > (change.vault.clock ?? "")) change.vault.clock = asset.updated_at;
}

/**
 * Goes through the next rows of the old outbox. Bodies that must still be deleted get new revisions above the claimed
 * one. The takeover is over when the whole of the old outbox has been gone through.
 *
 * @param erased R2 has lost the bodies that were due up to this revision
 */
export function mergeOutbox(database: VaultDatabase, takeover: Takeover, erased: number): Operation<object> {
  return (change) => {
    const { outbox: after = NOTHING, base } = takeover;
    const { end, removed } = database.outbox.take(after, base, OUTBOX_ROWS);
    for (const { rev, r2_key } of removed) {
      if (r2_key === null || rev <= erased) continue;
      // D1 may have gone back itself. The body of an asset that it has brought back stays.
      if (database.asset(parseKey(r2_key)?.id ?? "")?.r2_key === r2_key) continue;
      database.outbox.add({ kind: "orphan", rev: change.next(), r2_key });
    }
    if (end >= base) {
      change.vault.merging = null;
      tellSettings(change, takeover);
    } else change.vault.merging = JSON.stringify({ ...takeover, outbox: end } satisfies Takeover);
    change.next();
    return { ok: true };
  };
}

/** Has D1 told of the settings, if it may lack them. When it was D1 that had the newer ones, that is needless. */
function tellSettings(change: Change, { since }: Takeover): void {
  const { settings } = change.row;
  if (settingsRev(settings) > since) change.vault.settings = changeSettings(settings, {}, change.next());
}
