/**
 * The feed of changes: every asset in its latest state, and every asset that was deleted, in the order of revisions. It
 * has no table of its own. An asset that has not changed since it was created stands at its seq, and any other at its
 * row of the outbox. A deletion's row of the outbox is its tombstone.
 *
 * A reader may be narrowed to a folder. It has a feed of the assets that are in the folder now, and an asset that has left
 * it is told as deleted: by its deletion or by a move, whose rows say which path was left.
 */

import { type KeyScope, scopePath } from "../../model/key-scope.ts";
import { IS_LATEST } from "./outbox.ts";
import { recordJson, RECORD_SIZE } from "./record-json.ts";
import type { Sql } from "./sql.ts";

/**
 * The places behind a revision. Those that say nothing to a reader come too, because they count as looked at: an asset at
 * its seq that has changed since, and a change that is not the latest of its asset. Both branches run in the order of
 * their primary keys, so SQLite merges them and sorts nothing. A record's size is known without reading what is long.
 */
const PLACES = `
  SELECT seq AS place, rev, seq, NULL AS deleted, NULL AS at, CASE rev WHEN seq THEN ${RECORD_SIZE} END AS size
    FROM assets WHERE seq > ?1
  UNION ALL
  SELECT rev, rev, seq, CASE WHEN r2_key IS NOT NULL THEN id END, at,
      (SELECT ${RECORD_SIZE} FROM assets WHERE assets.seq = outbox.seq AND assets.rev = outbox.rev)
    FROM outbox WHERE rev > ?1
  ORDER BY place LIMIT ?2`;

const IN_SCOPE = "partition = ?3 AND (?4 IS NULL OR collection = ?4) AND (?5 IS NULL OR channel = ?5)";

/**
 * The same places for a reader that is narrowed to a folder: the others have nothing for it. An asset that left the folder
 * and is there again, or went on within it, has a later place, so that it left is not told.
 */
const PLACES_WITHIN = `
  SELECT seq AS place, rev, seq, NULL AS deleted, NULL AS at,
      CASE WHEN rev = seq AND ${IN_SCOPE} THEN ${RECORD_SIZE} END AS size
    FROM assets WHERE seq > ?1
  UNION ALL
  SELECT rev, rev, seq,
      CASE WHEN id IS NOT NULL AND substr(path || '/', 1, length(?6)) = ?6
        AND NOT EXISTS (SELECT 1 FROM assets WHERE assets.seq = outbox.seq AND ${IN_SCOPE}) THEN id END, at,
      (SELECT ${RECORD_SIZE} FROM assets WHERE assets.seq = outbox.seq AND assets.rev = outbox.rev AND ${IN_SCOPE})
    FROM outbox WHERE rev > ?1
  ORDER BY place LIMIT ?2`;

/** The records of a range of assets that have not changed since they were created. */
const UNCHANGED = `SELECT seq, ${recordJson()} AS record FROM assets WHERE seq BETWEEN ?2 AND ?3 AND rev = seq`;

/** The records of some assets. */
const CHANGED = `SELECT a.seq, ${recordJson("a.")} AS record FROM json_each(?2) j CROSS JOIN assets a ON a.seq = j.value`;

/**
 * A place of the feed: a revision, the id of the asset that was deleted at it and when that was, or the size in bytes of
 * what is long in the record of the asset that changed at it. Neither is there when the place has nothing for a reader.
 */
export type FeedPlace = [
  place: number,
  rev: number,
  seq: number,
  deleted: string | null,
  at: string | null,
  size: number | null,
];

type SeqAndRecord = [seq: number, record: string];

export class Feed {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The first `limit` places behind the revision `after`, with what they have for a reader that is narrowed to `scope`. */
  places(after: number, limit: number, scope: KeyScope | undefined): FeedPlace[] {
    if (!scope) return Array.from(this.#sql.exec(PLACES, after, limit).raw<FeedPlace>());
    const { partition, collection = null, channel = null } = scope;
    const values = [after, limit, partition, collection, channel, `${scopePath(scope)}/`];
    return Array.from(this.#sql.exec(PLACES_WITHIN, ...values).raw<FeedPlace>());
  }

  /**
   * The records of those places that have one, by seq. The places follow one another in the feed.
   *
   * @param isWhole whether each asset that has not changed has a record for the reader, and not only some of them
   */
  records(id: string, places: readonly FeedPlace[], isWhole: boolean): ReadonlyMap<number, string> {
    const unchanged: number[] = [];
    const changed: number[] = [];
    for (const [place, , seq, , , size] of places)
      if (size !== null) (isWhole && place === seq ? unchanged : changed).push(seq);
    const rows: SeqAndRecord[] = [];
    const [first, last] = [unchanged[0], unchanged.at(-1)];
    if (first !== undefined && last !== undefined) rows.push(...this.#records(UNCHANGED, id, first, last));
    if (changed.length > 0) rows.push(...this.#records(CHANGED, id, JSON.stringify(changed)));
    return new Map(rows);
  }

  /** The SHA-256 of the bodies of some assets, by seq. */
  digests(seqs: readonly number[]): ReadonlyMap<number, string> {
    const statement = "SELECT a.seq, a.sha256 FROM json_each(?1) j CROSS JOIN assets a ON a.seq = j.value";
    return new Map(this.#sql.exec(statement, JSON.stringify(seqs)).raw<[number, string]>());
  }

  #records(statement: string, ...values: SqlStorageValue[]): IterableIterator<SeqAndRecord> {
    return this.#sql.exec(statement, ...values).raw<SeqAndRecord>();
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
