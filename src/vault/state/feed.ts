/**
 * The feed of changes: every asset in its latest state, and every asset that was deleted, in the order of revisions. It
 * has no table of its own. An asset that has not changed since it was created stands at its seq, and any other at its
 * row of the outbox. A deletion's row of the outbox is its tombstone.
 */

import { RECORD_JSON } from "./record-json.ts";
import type { Sql } from "./sql.ts";

/**
 * What the feed has behind a revision. Rows that say nothing to a reader come too, because they count as looked at: an
 * asset at its seq that has changed since, and a change that is not the latest of its asset. Both branches run in the
 * order of their primary keys, so SQLite merges them and sorts nothing.
 */
const CHANGES = `
  SELECT seq AS place, rev, NULL AS deleted, NULL AS at, CASE rev WHEN seq THEN ${RECORD_JSON} END AS record
    FROM assets WHERE seq > ?2
  UNION ALL
  SELECT rev, rev, CASE WHEN r2_key IS NOT NULL THEN id END, at,
      (SELECT ${RECORD_JSON} FROM assets WHERE assets.seq = outbox.seq AND assets.rev = outbox.rev)
    FROM outbox WHERE rev > ?2
  ORDER BY place LIMIT ?3`;

/** Whether a row of the outbox says where the feed has an asset as it is now. */
const IS_LATEST = "EXISTS (SELECT 1 FROM assets WHERE assets.seq = outbox.seq AND assets.rev = outbox.rev)";

/**
 * A place of the feed: a revision, the id of the asset that was deleted at it and when that was, or the record of the
 * asset that changed at it, as JSON text. Neither is there when the place has nothing for a reader.
 */
export type FeedRow = [place: number, rev: number, deleted: string | null, at: string | null, record: string | null];

export class Feed {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The first `limit` places behind the revision `after`, read lazily. `id` is the vault's. */
  rows(id: string, after: number, limit: number): IterableIterator<FeedRow> {
    return this.#sql.exec(CHANGES, id, after, limit).raw<FeedRow>();
  }

  /** Whether there is any place behind the revision `after`. */
  hasMore(after: number): boolean {
    const statement = "SELECT 1 FROM assets WHERE seq > ?1 UNION ALL SELECT 1 FROM outbox WHERE rev > ?1 LIMIT 1";
    return this.#sql.first(statement, after) !== undefined;
  }

  /**
   * Forgets deletions and moves that are older than `before`, in order, until the first one that is younger. It looks at
   * up to `limit` rows of the outbox in (from, to]. Returns the revision up to which it came, and whether there may be
   * more to forget.
   *
   * @param to D1 and R2 have heard of everything up to here
   */
  prune(from: number, to: number, before: string, limit: number): { end: number; isMore: boolean } {
    // Mostly the first row is young. Only if it is old, more are looked at.
    if (this.#old(from, to, before, 1).length === 0) return { end: from, isMore: false };
    const old = this.#old(from, to, before, limit);
    const end = old.at(-1) ?? from;
    const range = "rev > ? AND rev <= ? AND id IS NOT NULL";
    this.#sql.exec(`DELETE FROM outbox WHERE ${range} AND NOT ${IS_LATEST}`, from, end);
    // What is left are moves that say where the feed has their asset. They are like any other change from now on.
    this.#sql.exec(`UPDATE outbox SET id = NULL, path = NULL, at = NULL WHERE ${range}`, from, end);
    return { end, isMore: old.length === limit };
  }

  /** Of the first `limit` rows of the outbox in (from, to], those before the first that is not older than `before`. */
  #old(from: number, to: number, before: string, limit: number): number[] {
    const rows = this.#sql.all<{ rev: number; at: string | null }>(
      `SELECT rev, coalesce(at,
         (SELECT updated_at FROM assets WHERE assets.seq = outbox.seq AND assets.rev = outbox.rev)) AS at
       FROM outbox WHERE rev > ? AND rev <= ? ORDER BY rev LIMIT ?`,
      from,
      to,
      limit,
    );
    // A row without a time has nothing to tell any more.
    const young = rows.findIndex(({ at }) => at !== null && at >= before);
    return (young < 0 ? rows : rows.slice(0, young)).map(({ rev }) => rev);
  }
}
