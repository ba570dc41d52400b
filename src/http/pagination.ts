/** Pages of lists that are ordered by id: vaults and keys. */

import { encodeCursor } from "../model/cursor.ts";
import type { Result } from "../model/refusal.ts";

/** Sorts after every id. */
const NEWEST_ID = "~";

/** A page as the API shows it. */
export interface Page<T> {
  readonly data: readonly T[];
  /** The cursor of the next page; null on the last page. */
  readonly cursor: string | null;
  readonly has_more: boolean;
}

/**
 * Makes a page of items in the order of their ids, newest first.
 *
 * @param read returns the first `count` items with an id below `before`. It is asked for one more than the page holds:
 *   that one tells whether there is another page.
 */
export async function idPage<T extends { id: string; created_at: string }>(
  { limit, cursor }: { limit: number; cursor?: { id: string } | undefined },
  read: (before: string, count: number) => Promise<Result<{ items: readonly T[] }>>,
): Promise<Result<{ page: Page<T> }>> {
  const found = await read(cursor?.id ?? NEWEST_ID, limit + 1);
  if (!found.ok) return found;
  const data = found.items.slice(0, limit);
  const last = data.at(-1);
  const has_more = found.items.length > limit;
  const next = has_more && last ? encodeCursor({ created_at: last.created_at, id: last.id }) : null;
  return { ok: true, page: { data, cursor: next, has_more } };
}
