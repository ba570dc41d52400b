import { encodeCursor } from "../model/cursor.ts";

/** Above every id. */
export const NEWEST_ID = "~";

/** A page of things in the order of their ids, newest first, of which `items` holds one more than the page when there are more. */
export function idPage<T extends { id: string; created_at: string }>(items: readonly T[], limit: number) {
  const data = items.slice(0, limit);
  const last = data.at(-1);
  const has_more = items.length > limit;
  return {
    data,
    cursor: has_more && last ? encodeCursor({ created_at: last.created_at, id: last.id }) : null,
    has_more,
  };
}
