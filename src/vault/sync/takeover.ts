import { assetsAt, keyPage, PAGE_ROWS, revisionPage } from "../../d1/vaults.ts";
import type { BoundedD1 } from "../../d1/bounded.ts";
import type { KeyRecord } from "../../d1/record.ts";
import { type Asset, ASSET_FIELDS } from "../../model/asset.ts";
import { KEY_KEPT_MS } from "../../model/limits.ts";
import { timestamp } from "../../model/time.ts";
import { parseKey } from "../../r2/keys.ts";
import { voidAsset } from "../state/assets.ts";
import { covered } from "./covered.ts";
import type { VaultDatabase } from "../state/database.ts";
import { LAST_KEY_ID } from "../state/key-table.ts";
import type { AssetRevision, VaultRow } from "../state/schema.ts";
import type { Change, Operation } from "../state/group-commit.ts";

/**
 * A vault whose storage turns out to be old takes over D1's history. D1 wins for every asset and key, except for what this
 * object has written since it started and D1 has not heard of: that is applied again, with revisions above all others.
 *
 *     claim   ── a new epoch, so that nothing older can be recorded any more, and revisions above both sides'
 *     keys    ── D1's and ours side by side, by id
 *     assets  ── D1's and ours side by side, by seq
 *     outbox  ── what is left of the old one: bodies that are still to be deleted
 *
 * Each step is one page and one transaction, and resumes where it was cut off. Only rows that differ are written.
 */
export interface Takeover {
  /** Changes beyond this revision, and up to `base`, are known here alone. */
  readonly since: number;
  /** Those beyond this revision are newer than anything that D1 has; the others may be older than what D1 heard later. */
  readonly began: number;
  /** The claimed revision: what is above it has been applied again, or is new. */
  readonly base: number;
  /** Up to this revision both sides have had one history; beyond it the same revision may be of two changes. */
  readonly common: number;
}

/** Rows of the old outbox that are looked at in one transaction. */
const OUTBOX_ROWS = 5_000;

/** What the takeover needs of its vault. */
export interface TakingOver {
  row(): Readonly<VaultRow>;
  /** Runs an operation in the next group. */
  apply(operation: Operation<object>): Promise<unknown>;
  /** The keys have changed beside the keyring. */
  reloadKeys(): void;
}

/** One step. Returns whether that was the last. */
export async function takeoverStep(vault: TakingOver, database: VaultDatabase, db: BoundedD1): Promise<boolean> {
  const row = vault.row();
  const takeover = JSON.parse(row.merging ?? "null") as Takeover | null;
  if (!takeover) return true;
  if (row.keys_to !== null) {
    const theirs = await keyPage(db, row.id, row.keys_to, timestamp(Date.now() - KEY_KEPT_MS));
    await vault.apply(mergeKeys(vault, database, takeover, row.keys_to, theirs));
  } else if (row.rebuilt_to !== null) {
    await assets(vault, database, db, takeover, row.rebuilt_to);
  } else {
    await vault.apply(finish(database, takeover));
  }
  return vault.row().merging === null;
}

function mergeKeys(
  vault: TakingOver,
  database: VaultDatabase,
  { since }: Takeover,
  after: string,
  theirs: readonly KeyRecord[],
): Operation<object> {
  return (change) => {
    const page = database.keys.after(after, PAGE_ROWS);
    const end = covered([ids(theirs), ids(page)], PAGE_ROWS, LAST_KEY_ID);
    const ours = new Map(page.filter(({ id }) => id <= end).map((key) => [key.id, key]));
    for (const key of theirs) {
      if (key.id > end) break;
      const mine = ours.get(key.id);
      ours.delete(key.id);
      // Revoked on either side is revoked.
      if (mine && mine.revoked_at !== null && key.revoked_at === null) {
        database.keys.save({ ...key, revoked_at: mine.revoked_at, rev: change.next() });
      } else if (mine?.rev !== key.rev || mine.revoked_at !== key.revoked_at) database.keys.save(key);
    }
    for (const mine of ours.values()) {
      if (mine.rev > since) database.keys.save({ ...mine, rev: change.next() });
      else database.keys.delete([mine.id]);
    }
    change.vault.keys_to = end === LAST_KEY_ID ? null : end;
    change.next();
    change.effects.push(() => vault.reloadKeys());
    return { ok: true };
  };
}

async function assets(
  vault: TakingOver,
  database: VaultDatabase,
  db: BoundedD1,
  takeover: Takeover,
  after: number,
): Promise<void> {
  const { id } = vault.row();
  const theirs = await revisionPage(db, id, after);
  const ours = database.revisions(after, takeover.base, PAGE_ROWS);
  let end = covered([seqs(theirs), seqs(ours)], PAGE_ROWS, takeover.base);

  const mine = new Map(ours.map((asset) => [asset.seq, asset]));
  const differing = theirs.filter(({ seq, rev, id: other }) => {
    const here = mine.get(seq);
    return seq <= end && (here?.rev !== rev || here.id !== other || rev > takeover.common);
  });
  const rows = differing.length > 0 ? await assetsAt(db, id, seqs(differing)) : [];
  // No more than a page holds: what did not fit comes with the next.
  if (rows.length < differing.length) end = rows.at(-1)?.seq ?? end;
  const page = {
    theirs: theirs.filter(({ seq }) => seq <= end),
    ours: ours.filter(({ seq }) => seq <= end),
    rows: new Map(rows.map((row) => [row.seq, row])),
  };
  await vault.apply(mergeAssets(database, takeover, page, end));
}

const seqs = (places: readonly AssetRevision[]): number[] => places.map(({ seq }) => seq);
const ids = (keys: readonly KeyRecord[]): string[] => keys.map(({ id }) => id);

interface Page {
  readonly theirs: readonly AssetRevision[];
  readonly ours: readonly AssetRevision[];
  /** Of D1's, those that differ, by seq. */
  readonly rows: ReadonlyMap<number, Asset>;
}

function mergeAssets(
  database: VaultDatabase,
  { since, began, base }: Takeover,
  page: Page,
  end: number,
): Operation<object> {
  return (change) => {
    const changedHere = database.outbox.changedSince(since);
    const changedLast = database.outbox.changedSince(began);
    const isNewerHere = ({ seq, rev }: AssetRevision): boolean =>
      changedLast.has(seq) || (changedHere.has(seq) && rev <= since);
    const theirs = new Map(page.theirs.map((asset) => [asset.seq, asset]));
    const created: Asset[] = [];
    for (const { seq, rev, id } of page.ours) {
      const their = theirs.get(seq);
      const asset = database.assetAt(seq);
      if (!asset) continue; // Deleted meanwhile.
      if (their?.id === id) {
        theirs.delete(seq);
        const row = page.rows.get(seq);
        const isRefused = their.rev < rev && database.outbox.isParked(seq, rev);
        if (isNewerHere(their) || isRefused) changeAgain(database, change, asset);
        else if (row && !isSame(row, asset)) replace(database, change, asset, row);
        continue;
      }
      remove(database, change, asset);
      if (seq > since || database.outbox.isParked(seq, rev)) created.push(asset);
      else if (!their) voidAsset(database, id);
    }
    for (const their of theirs.values()) {
      const { seq, id } = their;
      const row = page.rows.get(seq);
      // The seq of an asset that was created, and deleted, here since may be another's in D1.
      const isDeletedHere = isNewerHere(their) && (seq <= since || database.voids.has(id));
      if (isDeletedHere) database.outbox.add({ kind: "change", rev: change.next(), seq });
      else if (row) insert(database, change, row);
    }
    for (const asset of created) {
      // D1 had it elsewhere: its commit was repeated here.
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

/** An asset of D1's that was patched here since: what it is here is told to D1 again. */
function changeAgain(database: VaultDatabase, change: Change, asset: Asset): void {
  const rev = change.next();
  database.updateAsset({ ...asset, rev });
  database.outbox.add({ kind: "change", rev, seq: asset.seq });
  change.touched.push(asset.id);
}

const isSame = (a: Asset, b: Asset): boolean => ASSET_FIELDS.every((field) => a[field] === b[field]);

function replace(database: VaultDatabase, change: Change, old: Asset, asset: Asset): void {
  remove(database, change, old);
  insert(database, change, asset);
}

function remove(database: VaultDatabase, change: Change, asset: Asset): void {
  database.deleteAsset(asset.seq);
  change.count(asset.partition, -1, -asset.size);
  change.touched.push(asset.id);
}

function insert(database: VaultDatabase, change: Change, asset: Asset): void {
  const elsewhere = database.asset(asset.id);
  if (elsewhere) remove(database, change, elsewhere);
  database.insertAsset(asset);
  change.count(asset.partition, 1, asset.size);
  change.touched.push(asset.id);
  if (asset.updated_at > (change.vault.clock ?? "")) change.vault.clock = asset.updated_at;
}

/** Bodies that are still to be deleted get revisions of the new count; then nothing of the old one is left. */
function finish(database: VaultDatabase, { base }: Takeover): Operation<object> {
  return (change) => {
    const { taken, keys } = database.outbox.take(base, OUTBOX_ROWS);
    for (const r2_key of keys) {
      // Not of an asset that D1, which may have gone back itself, has brought back.
      if (database.asset(parseKey(r2_key)?.id ?? "")?.r2_key === r2_key) continue;
      database.outbox.add({ kind: "orphan", rev: change.next(), r2_key });
    }
    if (taken < OUTBOX_ROWS) change.vault.merging = null;
    change.next();
    return { ok: true };
  };
}
