import { newAssetId } from "../../model/id.ts";
import { DELETIONS_KEPT_MS } from "../../model/limits.ts";
import { timestamp } from "../../model/time.ts";
import { VOID_MS } from "../limits.ts";
import type { VaultDatabase } from "../state/database.ts";
import type { VaultRow } from "../state/schema.ts";

/** The most voids that one run of the alarm forgets, and the most rows of the outbox that it looks at for old ones. */
const PRUNED = 1_000;

/** What {@link forgetOld} came to: whether the row has changed, and whether there may be more to forget. */
interface Forgotten {
  readonly hasForgotten: boolean;
  readonly isMore: boolean;
}

/**
 * Inside a transaction: forgets voids that have ended, receipts that no longer count, and deletions and moves that the
 * feed has kept long enough. Sets `row.feed_from` to where the feed is complete from now on.
 */
export function forgetOld(database: VaultDatabase, row: VaultRow): Forgotten {
  const now = Date.now();
  database.voids.prune(newAssetId(now - VOID_MS), now, PRUNED);
  const areForgotten = database.receipts.forgetOld(row);
  // A takeover goes by what the old outbox has.
  if (row.merging !== null) return { hasForgotten: areForgotten, isMore: false };
  const told = Math.min(row.recorded, row.erased);
  const { end, isMore } = database.feed.prune(row.feed_from, told, timestamp(now - DELETIONS_KEPT_MS), PRUNED);
  const hasForgotten = areForgotten || end !== row.feed_from;
  row.feed_from = end;
  return { hasForgotten, isMore };
}
