import { newAssetId } from "../../model/id.ts";
import { DELETIONS_KEPT_MS } from "../../model/limits.ts";
import { timestamp } from "../../model/time.ts";
import { VOID_MS } from "../limits.ts";
import type { VaultDatabase } from "../state/database.ts";
import type { VaultRow } from "../state/schema.ts";

/** The most voids, receipts and tickets that one run of the alarm forgets, and the most rows of the outbox that it looks at. */
const PRUNED = 1_000;

/** What {@link forgetOld} came to: whether the row has changed, and whether there may be more to forget. */
interface Forgotten {
  readonly hasForgotten: boolean;
  readonly isMore: boolean;
}

/**
 * Inside a transaction: forgets voids that have ended, receipts that no longer count, tickets that are long over, and deletions and moves that the
 * feed has kept long enough. Sets `row.feed_from` to where the feed is complete from now on.
 *
 * A vault that nobody asks wakes at the latest for its weekly reconciliation. So receipts and the rest may stay until
 * then, which does no harm: what has ended does not count, whether or not it is still there.
 */
export function forgetOld(database: VaultDatabase, row: VaultRow): Forgotten {
  const now = Date.now();
  database.voids.prune(newAssetId(now - VOID_MS), now, PRUNED);
  const areMoreReceipts = database.receipts.forgetOld(row, PRUNED) === PRUNED;
  const areMoreTickets = database.tickets.forgetOld(now, PRUNED) === PRUNED;
  const areMore = areMoreReceipts || areMoreTickets;
  // A takeover goes by what the old outbox has.
  if (row.merging !== null) return { hasForgotten: false, isMore: areMore };
  const told = Math.min(row.recorded, row.erased);
  const { end, isMore } = database.feed.prune(row.feed_from, told, timestamp(now - DELETIONS_KEPT_MS), PRUNED);
  const hasForgotten = end !== row.feed_from;
  row.feed_from = end;
  return { hasForgotten, isMore: isMore || areMore };
}
