/**
 * Takeover: what a vault does whose storage turns out to be old. It claims itself again and merges D1's history into
 * its own. D1 wins for every asset and key, except for what this object has written since it started and D1 has not
 * heard of. That is applied again, with revisions above all others.
 *
 *     claim   ── a new epoch, so that nothing older can be recorded any more, and revisions above those of both sides
 *     keys    ── D1's and ours side by side, by id
 *     assets  ── D1's and ours side by side, by seq
 *     outbox  ── what is left of the old one: bodies that must still be deleted
 *
 * Each step is one page and one transaction, and resumes where it was cut off. Only rows that differ are written. How a
 * page is merged stands in takeover-merge.ts.
 */

import type { BoundedD1 } from "../../d1/bounded.ts";
import { assetsAt, claimVault, keyPage, PAGE_ROWS, revisionPage } from "../../d1/vaults.ts";
import { KEY_KEPT_MS } from "../../model/limits.ts";
import { boundWindows, completeSince } from "../../model/lost-window.ts";
import { settingsRev } from "../../model/settings.ts";
import { timestamp } from "../../model/time.ts";
import { log } from "../../runtime/log.ts";
import type { VaultDatabase } from "../state/database.ts";
import type { Operation } from "../state/group-commit.ts";
import type { AssetRevision, VaultRow } from "../state/schema.ts";
import { covered } from "./covered.ts";
import { mergeAssets, mergeKeys, mergeOutbox, type Takeover } from "./takeover-merge.ts";

/** What a takeover needs of its vault. */
export interface TakeoverVault {
  row(): Readonly<VaultRow>;
  /** Changes the vault's row, in memory and on disk. */
  save(fields: Partial<VaultRow>): void;
  /** Runs an operation in the next group. */
  apply(operation: Operation<object>): Promise<unknown>;
  /** The keys have changed beside the keyring. */
  reloadKeys(): void;
}

/** What is known when a takeover begins. All three are revisions. */
export interface OldStorage {
  /** D1 has had what is here up to this revision. */
  readonly known: number;
  /** The object loaded this revision when it started. */
  readonly began: number;
  /** Up to this revision both sides have one history. */
  readonly common: number;
}

/**
 * Begins a takeover: claims the vault again, and notes in its row that the takeover is under way. Returns whether it
 * has begun. It has not if D1 no longer knows the vault, or says that it was deleted.
 */
export async function beginTakeover(
  vault: TakeoverVault,
  db: BoundedD1,
  { known, began, common }: OldStorage,
): Promise<boolean> {
  const { id, rev } = vault.row();
  const claimed = await claimVault(db, id, rev);
  if (!claimed || claimed.status === "deleted") return false;
  const row = vault.row();
  // If this epoch ended before D1 had heard all of it, D1 never had what lies beyond that revision.
  const since = Math.min(known, completeSince(claimed.lost_windows, row.epoch));
  log("takeover: begun, because the vault's storage is older than D1's history", { vault: id, rev: row.rev, since });
  // As with an asset: ours count if this start has set them, or if D1's are older than what both sides know.
  const [ours, theirs] = [settingsRev(row.settings), settingsRev(claimed.settings)];
  const isOurs = ours > began || (ours > since && theirs <= since);
  const takeover: Takeover = { since, began, base: claimed.rev, common };
  vault.save({
    epoch: claimed.epoch,
    rev: claimed.rev,
    status: row.status === "active" ? claimed.status : row.status,
    deleted_at: row.deleted_at ?? (claimed.status === "deleting" ? timestamp(Date.now()) : null),
    lost_windows: boundWindows(claimed.lost_windows),
    // Receipts end with the generation too: what they tell of may not last.
    generation: crypto.randomUUID(),
    ...(isOurs ? {} : { name: claimed.name, settings: claimed.settings }),
    loaded: null,
    starts: "{}",
    merging: JSON.stringify(takeover),
    keys_to: "",
    rebuilt_to: 0,
  });
  return true;
}

/** One step. After the last it returns the claimed revision, up to which D1 has everything. Before that, undefined. */
export async function takeoverStep(
  vault: TakeoverVault,
  database: VaultDatabase,
  db: BoundedD1,
): Promise<number | undefined> {
  const row = vault.row();
  const takeover = JSON.parse(row.merging ?? "null") as Takeover | null;
  if (!takeover) throw new Error("no takeover is under way");
  if (row.keys_to !== null) {
    const theirs = await keyPage(db, row.id, row.keys_to, timestamp(Date.now() - KEY_KEPT_MS));
    await vault.apply(mergeKeys(database, takeover, row.keys_to, theirs, () => vault.reloadKeys()));
  } else if (row.rebuilt_to !== null) {
    await assetStep(vault, database, db, takeover, row.rebuilt_to);
  } else {
    await vault.apply(mergeOutbox(database, takeover, row.erased));
  }
  if (vault.row().merging !== null) return undefined;
  log("takeover: done", { vault: row.id, rev: vault.row().rev });
  return takeover.base;
}

async function assetStep(
  vault: TakeoverVault,
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
  // D1 returns no more rows than a page holds. The others come with the next step.
  if (rows.length < differing.length) end = rows.at(-1)?.seq ?? end;
  const page = {
    theirs: theirs.filter(({ seq }) => seq <= end),
    ours: ours.filter(({ seq }) => seq <= end),
    rows: new Map(rows.map((row) => [row.seq, row])),
  };
  await vault.apply(mergeAssets(database, takeover, page, end));
}

const seqs = (assets: readonly AssetRevision[]): number[] => assets.map(({ seq }) => seq);
