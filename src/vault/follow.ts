/** Following a vault: a page of the feed of changes, for which the request may wait. */

import { NOTHING } from "../d1/record.ts";
import { type FeedPosition, NOW } from "../model/cursor.ts";
import { type KeyScope, scopeName } from "../model/key-scope.ts";
import { DELETIONS_KEPT_MS, MAX_CHANGES_LENGTH, MAX_WAITED_LENGTH } from "../model/limits.ts";
import { refuse, type Refusal, type Result } from "../model/refusal.ts";
import type { Caller } from "../model/vault.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { HeldRow } from "./held-row.ts";
import type { LiveVault } from "./live.ts";
import { wrongScope } from "./pages.ts";
import type { VaultDatabase } from "./state/database.ts";
import { type FeedPage, feedPage } from "./state/feed-page.ts";
import { beingImported, beingMerged } from "./urgency.ts";

export interface ChangesRequest {
  /** The place behind which the page begins. Undefined for the beginning of the feed. */
  readonly from: FeedPosition | typeof NOW | undefined;
  readonly limit: number;
  /** How long to wait for something, in milliseconds. */
  readonly wait: number;
  /** Whether each asset comes with its seq and its digest. */
  readonly full?: boolean;
}

/**
 * A page of the feed as JSON text. When there is nothing yet, it waits for a change as long as the request says. The
 * caller's key is checked again each time it looks. What it has waited for is shorter than another page, and may be none
 * of the changes that there are: all that wait are answered at about the same time.
 *
 * A key that is narrowed has a feed of its own, of what is in its folder: 400 for a place in another.
 *
 * 410 for a place that is no longer what it was: the vault's storage was lost, or deletions behind it are forgotten. 503
 * while the feed is not complete.
 */
export async function follow(
  life: Lifecycle,
  caller: Caller,
  { from, limit, wait, full = false }: ChangesRequest,
): Promise<Result<{ body: string }>> {
  const until = Date.now() + wait;
  const look =
    (place: ChangesRequest["from"], page: PageMaker) =>
    (live: LiveVault, scope: KeyScope | undefined): Result<{ page: FeedPage; live: LiveVault }> => {
      const notYet = live.notIndexed() ?? beingMerged(live.row) ?? halfImported(live);
      if (notYet) return notYet;
      const position = positionAt(life.database, live.held, place, scopeName(scope));
      return position.ok ? { ok: true, page: page(live, position.position, scope), live } : position;
    };
  const pageOf =
    (length: number): PageMaker =>
    ({ row, held }, position, scope) =>
      feedPage(life.database, { ...row, writer: held.writer }, position, { limit, length, full }, scope);
  // A position says which scope it belongs to, so no page is shared between scopes.
  const waited: PageMaker = (live, position, scope) =>
    live.watchers.shared(JSON.stringify([live.row.rev, limit, full, position]), () =>
      pageOf(MAX_WAITED_LENGTH)(live, position, scope),
    );
  let found = await life.authorizedWithin(caller, look(from, pageOf(MAX_CHANGES_LENGTH)));
  for (;;) {
    if (!found.ok) return found;
    const { page, live, ...rest } = found;
    const left = until - Date.now();
    if (!page.isIdle || left <= 0) return { ...rest, body: page.body };
    // A change may have come since it looked, and has woken those that waited then.
    const isNews = live.row.rev > page.position.after;
    if (!isNews && !(await live.watchers.wait(left))) return { ...rest, body: page.body };
    // However often it looks, a request takes one token of the vault's rate.
    found = await life.authorizedWithin({ ...caller, isPaid: true }, look(page.position, waited));
  }
}

/** Makes the page behind a position, for a caller with a scope. */
type PageMaker = (live: LiveVault, position: FeedPosition, scope: KeyScope | undefined) => FeedPage;

/** What has come of an import so far is in no order that a cursor could follow. */
const halfImported = ({ bounds }: LiveVault): Refusal | undefined =>
  bounds.isImporting ? beingImported("its feed begins when that is done") : undefined;

function positionAt(
  database: VaultDatabase,
  { row, writer }: HeldRow,
  from: ChangesRequest["from"],
  scope: string | undefined,
): Result<{ position: FeedPosition }> {
  const { rev, generation, feed_from } = row;
  const named = { generation, writer, ...(scope === undefined ? {} : { scope }) };
  if (from === undefined) return { ok: true, position: { ...named, after: 0, began: rev } };
  if (from === NOW) return { ok: true, position: { ...named, after: rev } };
  if (from.scope !== scope) return wrongScope();
  // A reader that has begun from the beginning needs no deletion from before.
  const seen = Math.max(from.after, from.began ?? 0);
  const { writer: teller = writer } = from;
  const end = teller === writer ? rev : (database.formerStarts.end(teller) ?? NOTHING);
  if (from.generation !== generation || seen > end) {
    return refuse("CURSOR_EXPIRED", `cursor: the vault has lost the history that it belongs to; ${START_OVER}`);
  }
  if (seen < feed_from) {
    const days = DELETIONS_KEPT_MS / (24 * 60 * 60 * 1000);
    return refuse(
      "CURSOR_EXPIRED",
      `cursor: is older than the ${days} days for which deletions are kept; ${START_OVER}`,
    );
  }
  return { ok: true, position: from };
}

const START_OVER = "start over without a cursor, and drop what the feed has not named when has_more is false";
