/** A page of the feed of changes, as JSON text. */

import { encodeCursor, type FeedPosition } from "../../model/cursor.ts";
import { MAX_CHANGES_LENGTH, MAX_LOOKED_AT } from "../../model/limits.ts";
import type { VaultDatabase } from "./database.ts";

/** The most places that are looked at beyond those that the page has room for. */
const MAX_BEYOND = 1_000;

export interface FeedPage {
  /** The page as JSON text. */
  readonly body: string;
  /** The place behind it. */
  readonly position: FeedPosition;
  /** Whether the reader has everything, and has had it before. */
  readonly isIdle: boolean;
}

/**
 * The page of up to `limit` changes behind a place of the feed. It may hold fewer although there are more: what it looks
 * at is bounded too.
 *
 * @param rev the vault's revision
 */
export function feedPage(
  database: VaultDatabase,
  vault: { readonly id: string; readonly rev: number },
  { generation, after: from, began = 0 }: FeedPosition,
  limit: number,
): FeedPage {
  let text = '{"data":[';
  let taken = 0;
  let after = from;
  let looked = 0;
  const isFull = (): boolean => taken === limit || text.length > MAX_CHANGES_LENGTH || looked >= MAX_LOOKED_AT;
  let hasMore = after < vault.rev;
  while (hasMore && !isFull()) {
    // Where the places have little for the reader, more of them are asked for at a time.
    const room = Math.max(limit - taken, Math.min(looked, MAX_BEYOND));
    const asked = Math.min(room, MAX_LOOKED_AT - looked);
    let came = 0;
    for (const [place, rev, deleted, at, record] of database.feed.rows(vault.id, after, asked)) {
      came++;
      if (text.length > MAX_CHANGES_LENGTH) break;
      // The rest is read nevertheless: a statement that is not at its end is still in use.
      if (taken === limit) continue;
      looked++;
      after = place;
      const isDeletion = deleted !== null && place > began;
      if (record === null && !isDeletion) continue;
      if (taken++ > 0) text += ",";
      if (record !== null) text += `{"type":"asset","asset":${record},"etag":"\\"${rev}\\""}`;
      else text += `{"type":"deleted","id":${JSON.stringify(deleted)},"deleted_at":${JSON.stringify(at)}}`;
    }
    hasMore = isFull() || came === asked;
  }
  hasMore &&= database.feed.hasMore(after);
  // Everything up to the vault's revision has been looked at, and what is left of it is no asset's.
  if (!hasMore) after = vault.rev;
  const position = { generation, after, ...(after < began ? { began } : {}) };
  const body = `${text}],"cursor":"${encodeCursor(position)}","has_more":${hasMore}}`;
  return { body, position, isIdle: taken === 0 && !hasMore };
}
