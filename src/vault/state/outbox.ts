/**
 * The outbox: what the other stores have not been told yet. Beside it stands what D1 refused and is told again later:
 * the parked assets and keys.
 */

import type { Asset } from "../../model/asset.ts";
import { type IndexedKey, KeyTable } from "./key-table.ts";
import type { AssetRevision, OutboxEntry } from "./schema.ts";
import type { Sql } from "./sql.ts";

/**
 * What D1 does not have, oldest first. The limit stands in the inner query: if the join came first, SQLite would read
 * and sort every change that there is. The outer query has no ORDER BY, because SQLite would sort whole assets for it.
 * A left join keeps the order of its left side, and the relay checks that it did.
 */
const UNRECORDED = `
  SELECT c.rev AS change, c.seq AS of, c.key AS key, p.seq IS NOT NULL AS parked, a.*
  FROM (
    SELECT seq AS rev, seq, NULL AS key FROM assets WHERE seq > ?1
    UNION ALL SELECT rev, seq, NULL FROM outbox WHERE rev > ?1 AND seq IS NOT NULL
    UNION ALL SELECT k.rev, NULL, k.id FROM keys k
      WHERE k.rev > ?1 AND NOT EXISTS (SELECT 1 FROM parked_keys p WHERE p.id = k.id AND p.rev = k.rev)
    ORDER BY rev LIMIT ?2
  ) c
  LEFT JOIN assets a ON a.seq = c.seq
  LEFT JOIN parked p ON p.seq = c.seq AND p.rev = coalesce(a.rev, c.rev)`;

/** Whether a row says where the feed has an asset as it is now. */
export const IS_LATEST = `(seq IS NOT NULL AND r2_key IS NULL
  AND EXISTS (SELECT 1 FROM assets a WHERE a.seq = outbox.seq AND a.rev = outbox.rev))`;

type UnrecordedRow = { change: number; of: number | null; key: string | null; parked: number } & (
  | Asset
  | { seq: null }
);

/** A change that D1 does not have. */
export interface Unrecorded {
  rev: number;
  /** The seq of the asset that changed. Null when a key changed. */
  seq: number | null;
  /** The asset as it is now. Undefined when it has been deleted, or when a key changed. */
  asset: Asset | undefined;
  /** Whether D1 has refused the asset in this state, or refused to delete it. */
  parked: boolean;
  /** The key that changed, as it is now. Undefined when an asset changed. */
  key: IndexedKey | undefined;
}

/** An asset that D1 refuses for what it holds. */
export interface Parked extends AssetRevision {
  error: string;
  /** How often D1 has refused it. */
  tries: number;
  /** When it is tried again, in epoch milliseconds. */
  retry_at: number;
}

/** The revisions up to which D1 has everything, and R2 has lost what it had to. */
export interface Watermarks {
  readonly recorded: number;
  readonly erased: number;
}

export class Outbox {
  readonly #sql: Sql;
  readonly #keys: KeyTable;
  /** Whether anything is parked. Undefined when that must be looked up. It is kept because every write asks for it. */
  #anyParked: boolean | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#keys = new KeyTable(sql);
  }

  add(entry: OutboxEntry): void {
    const seq = entry.kind === "orphan" ? null : entry.seq;
    const r2_key = "r2_key" in entry ? entry.r2_key : null;
    const { id, path, at } = "id" in entry ? entry : { id: null, path: null, at: null };
    this.#sql.exec(
      "INSERT INTO outbox (rev, seq, r2_key, id, path, at) VALUES (?,?,?,?,?,?)",
      entry.rev,
      seq,
      r2_key,
      id,
      path,
      at,
    );
  }

  /** Notes for the feed that the asset at `seq` has its latest change at `rev`, of which D1 may have heard. */
  noteChange(rev: number, seq: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO outbox (rev, seq) VALUES (?,?)", rev, seq);
  }

  /** Whether there is any row, be it only for the feed. */
  isAnything(): boolean {
    return this.#sql.first("SELECT 1 FROM outbox LIMIT 1") !== undefined;
  }

  /** Which asset a revision is of. Undefined when the outbox does not have that revision. */
  seqAt(rev: number): number | null | undefined {
    return this.#sql.first<{ seq: number | null }>("SELECT seq FROM outbox WHERE rev = ?", rev)?.seq;
  }

  /** Forgets a change whose asset has changed again, or is gone. Of a move, that the asset left a path is kept. */
  forgetChange(rev: number): void {
    this.#sql.exec("DELETE FROM outbox WHERE rev = ? AND id IS NULL AND r2_key IS NULL", rev);
  }

  /**
   * At most `limit` changes beyond the revision `after`, oldest first and read lazily: the created assets, the changes
   * that the outbox names, and the keys.
   */
  *unrecorded(after: number, limit: number): Generator<Unrecorded> {
    for (const row of this.#sql.exec(UNRECORDED, after, limit)) {
      const { change, of, key, parked, ...asset } = row as unknown as UnrecordedRow;
      yield {
        rev: change,
        seq: of,
        parked: parked !== 0,
        asset: asset.seq === null ? undefined : asset,
        key: key === null ? undefined : this.#keys.find(key),
      };
    }
  }

  /** The R2 keys of the bodies whose deletion has a revision in (after, to], oldest first. */
  doomedKeys(after: number, to: number, limit: number): { rev: number; r2_key: string }[] {
    return this.#sql.all(
      "SELECT rev, r2_key FROM outbox WHERE rev > ? AND rev <= ? AND r2_key IS NOT NULL ORDER BY rev LIMIT ?",
      after,
      to,
      limit,
    );
  }

  /**
   * Forgets what D1 has recorded, and the deletions of bodies that R2 has made, unless the feed needs it. Rows that the
   * feed needs stay for long, so nothing is looked at twice.
   *
   * @param before the watermarks up to which this has been done before
   */
  trim(before: Watermarks, { recorded, erased }: Watermarks): void {
    this.#sql.exec(
      `DELETE FROM outbox WHERE rev > ? AND rev <= ? AND id IS NULL AND r2_key IS NULL AND NOT ${IS_LATEST}`,
      before.recorded,
      recorded,
    );
    this.#sql.exec(
      "DELETE FROM outbox WHERE rev > ? AND rev <= ? AND id IS NULL AND r2_key IS NOT NULL",
      Math.min(before.recorded, before.erased),
      Math.min(recorded, erased),
    );
  }

  /** How many rows tell what D1 has not recorded up to `recorded`, or R2 not deleted up to `erased`. */
  size(recorded: number, erased: number): number {
    return this.#sql.one<{ n: number }>(
      "SELECT count(*) AS n FROM outbox WHERE rev > ?1 OR (rev > ?2 AND r2_key IS NOT NULL)",
      recorded,
      erased,
    ).n;
  }

  /** The seqs of the assets that, according to the outbox, were changed or deleted after `rev`. */
  changedSince(rev: number): Set<number> {
    const rows = this.#sql.all<{ seq: number }>("SELECT seq FROM outbox WHERE rev > ? AND seq IS NOT NULL", rev);
    return new Set(rows.map(({ seq }) => seq));
  }

  /**
   * Removes the entries in (after, to] but for those that say where the feed has an asset as it is now, and looks at
   * `limit` of them at most.
   *
   * @returns up to where it has come, and the R2 keys in what it removed
   */
  take(after: number, to: number, limit: number): { end: number; removed: { rev: number; r2_key: string | null }[] } {
    const last = this.#sql.first<{ rev: number }>(
      "SELECT rev FROM outbox WHERE rev > ? AND rev <= ? ORDER BY rev LIMIT 1 OFFSET ?",
      after,
      to,
      limit - 1,
    );
    const end = last?.rev ?? to;
    const removed = this.#sql.all<{ rev: number; r2_key: string | null }>(
      `DELETE FROM outbox WHERE rev > ? AND rev <= ? AND NOT ${IS_LATEST} RETURNING rev, r2_key`,
      after,
      end,
    );
    return { end, removed };
  }

  /** Deletes up to `limit` rows, whichever they are. Returns how many it deleted. */
  purge(limit: number): number {
    return this.#sql.all("DELETE FROM outbox WHERE rev IN (SELECT rev FROM outbox LIMIT ?) RETURNING rev", limit)
      .length;
  }

  // --- parked

  /**
   * Parks an asset that D1 refuses.
   *
   * @param rev which state of the asset D1 refused
   * @param retryAt when to try it again, in epoch milliseconds
   */
  park(seq: number, rev: number, error: string, tries: number, retryAt: number): void {
    this.#anyParked = undefined;
    this.#sql.exec(
      "INSERT OR REPLACE INTO parked (seq, rev, error, tries, retry_at) VALUES (?,?,?,?,?)",
      seq,
      rev,
      error,
      tries,
      retryAt,
    );
  }

  unpark(seq: number): void {
    this.#anyParked = undefined;
    this.#sql.exec("DELETE FROM parked WHERE seq = ?", seq);
  }

  /** Unparks the assets that have changed or were deleted since D1 refused them. */
  pruneParked(): void {
    if (!this.anyParked) return;
    this.#anyParked = undefined;
    this.#sql.exec(
      "DELETE FROM parked WHERE NOT EXISTS (SELECT 1 FROM assets a WHERE a.seq = parked.seq AND a.rev = parked.rev)",
    );
  }

  /** Whether D1 has refused the asset in the state that it had at `rev`. */
  isParked(seq: number, rev: number): boolean {
    return this.#sql.first("SELECT 1 FROM parked WHERE seq = ? AND rev = ?", seq, rev) !== undefined;
  }

  /** Parks a key that D1 refuses. `rev` says which state of it was refused. */
  parkKey(id: string, rev: number, error: string): void {
    this.#anyParked = undefined;
    this.#sql.exec("INSERT OR REPLACE INTO parked_keys (id, rev, error) VALUES (?,?,?)", id, rev, error);
  }

  get anyParked(): boolean {
    this.#anyParked ??=
      this.#sql.first("SELECT 1 FROM parked UNION ALL SELECT 1 FROM parked_keys LIMIT 1") !== undefined;
    return this.#anyParked;
  }

  /** Whether D1 has refused a change, of an asset or of a key, with a revision in (after, to]. */
  isAnyParked(after: number, to: number): boolean {
    if (!this.anyParked) return false;
    const parked = `SELECT 1 FROM parked WHERE rev > ?1 AND rev <= ?2
      UNION ALL SELECT 1 FROM parked_keys WHERE rev > ?1 AND rev <= ?2`;
    return this.#sql.first(parked, after, to) !== undefined;
  }

  /** The parked assets that have not changed since D1 refused them. Those that are tried again next come first. */
  parked(limit: number): Parked[] {
    return this.#sql.all(
      `SELECT p.seq, a.rev, a.id, p.error, p.tries, p.retry_at
       FROM parked p JOIN assets a ON a.seq = p.seq AND a.rev = p.rev ORDER BY p.retry_at, p.seq LIMIT ?`,
      limit,
    );
  }

  /**
   * The lowest revision of the parked assets, and the time when the oldest of them was created: D1 may never have had
   * that asset. Both are null when no asset is parked.
   */
  oldestParked(): { rev: number | null; created_at: string | null } {
    if (!this.anyParked) return { rev: null, created_at: null };
    return this.#sql.one(
      `SELECT min(a.rev) AS rev, min(a.created_at) AS created_at
       FROM parked p JOIN assets a ON a.seq = p.seq AND a.rev = p.rev`,
    );
  }

  /** Has every parked asset tried again at `retryAt`, in epoch milliseconds. */
  retryParkedAt(retryAt: number): void {
    this.#sql.exec("UPDATE parked SET retry_at = ?", retryAt);
  }
}
