/**
 * How an asset comes, changes and goes, with all that must go along: its tags, the counters of its folders, its place in
 * the feed of changes, and the vault's totals. Nothing else writes the table of assets but a rebuild.
 *
 * An asset's place in the feed is its seq while it has not changed, and else its row in the outbox. A deletion and a move
 * keep a row there too, with the path that the asset has left.
 */

import { type Asset, PATH_FIELDS } from "../../model/asset.ts";
import type { VaultDatabase } from "./database.ts";
import { channelPath } from "./folders.ts";
import type { Change } from "./group-commit.ts";

/** Adds a new asset, or one that another history has. */
export function insertAsset(database: VaultDatabase, change: Change, asset: Asset): void {
  database.insertAsset(asset);
  change.touched.push(asset.id);
  database.recount.note(asset, 1);
  const isIndexed = database.unindexed.isIndexed(asset.seq);
  change.count(asset, 1, asset.size, isIndexed);
  if (isIndexed) change.tagRows += database.index(asset);
}

/**
 * Changes an asset, whose new state has the revision of the change. The outbox then has D1 told of it.
 *
 * @param old the asset as it was, with the same seq, id and size
 */
export function updateAsset(database: VaultDatabase, change: Change, old: Asset, asset: Asset): void {
  const { rev, seq, id } = asset;
  const isMoved = channelPath(old) !== channelPath(asset);
  const moved = PATH_FIELDS.filter((part) => old[part] !== asset[part]);
  if (moved.length > 0) database.moveAsset(asset, moved);
  else database.updateAsset(asset);
  change.touched.push(id);
  if (isMoved) {
    database.recount.note(old, -1);
    database.recount.note(asset, 1);
  }
  forgetChange(database, change, old);
  if (isMoved) database.outbox.add({ kind: "move", rev, seq, id, path: channelPath(old), at: change.now });
  else database.outbox.add({ kind: "change", rev, seq });
  if (!database.unindexed.isIndexed(seq)) return;
  change.tagRows += database.tags.replace(seq, old.tags, asset.tags);
  if (!isMoved) return;
  change.count(old, -1, -old.size, true);
  change.count(asset, 1, asset.size, true);
}

/**
 * Removes an asset. Whoever calls this says in the outbox what D1, R2 and the feed must learn of it.
 */
export function removeAsset(database: VaultDatabase, change: Change, asset: Asset): void {
  database.deleteAsset(asset.seq);
  change.touched.push(asset.id);
  database.recount.note(asset, -1);
  forgetChange(database, change, asset);
  const isIndexed = database.unindexed.isIndexed(asset.seq);
  change.count(asset, -1, -asset.size, isIndexed);
  if (isIndexed) change.tagRows += database.tags.replace(asset.seq, asset.tags, "[]");
}

/**
 * Forgets where the feed had an asset that changes or goes. A change that D1 has not heard of keeps its row until then:
 * whoever waits for its revision is told that D1 has it by a flush that must carry the asset.
 */
function forgetChange(database: VaultDatabase, change: Change, { rev, seq }: Asset): void {
  if (rev !== seq && rev <= change.row.recorded) database.outbox.forgetChange(rev);
}

/** The row of the outbox by which D1, R2 and the feed learn that an asset was deleted. */
export function addTombstone(database: VaultDatabase, change: Change, rev: number, asset: Asset): void {
  const { seq, r2_key, id } = asset;
  database.outbox.add({ kind: "deletion", rev, seq, r2_key, id, path: channelPath(asset), at: change.now });
}
