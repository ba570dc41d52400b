/**
 * Backfill: indexes the assets that a vault had before it had the tables of tags, folders and changes. It needs neither
 * D1 nor R2. Meanwhile the vault answers everything that does without these tables, and whatever is written is indexed
 * at once if it lies outside the range that is left.
 */

import type { VaultDatabase } from "../state/database.ts";
import { FolderCounts } from "../state/folders.ts";

/** The most assets of one step, and the most tags but for those of its last asset. A step takes some 10 ms. */
const ROWS = 500;
const TAGS = 2_500;

/** Indexes the next assets. Returns whether there are more. */
export function backfill(database: VaultDatabase): boolean {
  const { range } = database.unindexed;
  if (!range) return false;
  const assets = database.toIndex(range, ROWS);
  const left = database.transaction(() => {
    const folders = new FolderCounts();
    let { after } = range;
    let tags = 0;
    let done = 0;
    for (const asset of assets) {
      if (tags >= TAGS) break;
      folders.add(asset, 1, asset.size);
      tags += database.index(asset);
      after = asset.seq;
      done++;
    }
    folders.save(database.folders);
    const isLast = done === assets.length && assets.length < ROWS;
    const rest = isLast ? null : { ...range, after };
    database.unindexed.save(rest);
    return rest;
  });
  database.unindexed.learn(left);
  return left !== null;
}
