/** Which changes the next flush to D1 carries: the oldest that D1 does not have, as many as fit. */

import type { Asset } from "../../model/asset.ts";
import { FLUSH_ROWS } from "../limits.ts";
import type { IndexedKey } from "../state/key-table.ts";
import type { Outbox, Unrecorded } from "../state/outbox.ts";

/** Keys that a vault is created with. They share revision 0, and no flush may be cut within a revision. */
const FIRST_KEYS = 2;

/** What the rows of one flush may take: 4 KB each. Bytes. */
const FLUSH_BYTES = 4_000 * FLUSH_ROWS;
/** What a row takes beside its metadata and tags. Bytes. */
const ROW_BYTES = 1_000;

export interface GatheredChanges {
  /** The flush carries everything up to this revision. */
  to: number;
  /** The latest state of each asset that was created or changed. */
  assets: Asset[];
  /** Seqs of the assets that were deleted. */
  deleted: number[];
  keys: IndexedKey[];
  /** How many changes these are, and the first of them. */
  changes: number;
  first: Unrecorded | undefined;
}

/**
 * Gathers changes beyond revision `from`. They are at most `maxRows`, except that a revision is never cut. Their bytes
 * are bounded in proportion: {@link FLUSH_BYTES} for {@link FLUSH_ROWS} rows. Parked assets are left out.
 *
 * @param rev the vault's revision
 */
export function gatherChanges(outbox: Outbox, from: number, rev: number, maxRows: number): GatheredChanges {
  const gathered: GatheredChanges = { to: rev, assets: [], deleted: [], keys: [], changes: 0, first: undefined };
  const seen = new Set<number>();
  const maxBytes = (FLUSH_BYTES * maxRows) / FLUSH_ROWS;
  let bytes = 0;
  let rows = 0;
  let last = from;
  for (const change of outbox.unrecorded(from, maxRows + FIRST_KEYS + 1)) {
    if (change.rev < last) throw new Error("changes must come in their order");
    if (gathered.to !== rev) continue; // It is full. The statement must come to its end, or it cannot be used again.
    if (change.rev > last && (rows >= maxRows || (gathered.changes > 0 && bytes > maxBytes))) {
      gathered.to = last;
      continue;
    }
    rows++;
    last = change.rev;
    if (change.key) gathered.keys.push(change.key);
    else if (change.seq === null || seen.has(change.seq) || change.parked) continue;
    else if (change.asset) {
      gathered.assets.push(change.asset);
      bytes += change.asset.metadata.length + change.asset.tags.length + ROW_BYTES;
    } else gathered.deleted.push(change.seq);
    if (change.seq !== null) seen.add(change.seq);
    gathered.changes++;
    gathered.first ??= change;
  }
  return gathered;
}
