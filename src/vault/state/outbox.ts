import type { Asset } from "../../model/asset.ts";
import { type IndexedKey, KeyTable } from "./key-table.ts";
import type { OutboxEntry, Placed } from "./schema.ts";
import type { Sql } from "./sql.ts";

/**
 * The limit stands inside: joined first, every change there is would be read and sorted. And there is no order outside,
 * for which whole assets would be sorted: a left join keeps that of its left side, and the relay checks it.
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

type UnrecordedRow = { change: number; of: number | null; key: string | null; parked: number } & (
  | Asset
  | { seq: null }
);

/** A change that D1 does not have. */
export interface Unrecorded {
  rev: number;
  /** The asset that it concerns, and its state now; undefined when it is gone. */
  seq: number | null;
  asset: Asset | undefined;
  /** Whether D1 has refused this very state, or that the asset is gone. */
  parked: boolean;
  /** The key that it concerns, when it is no asset. */
  key: IndexedKey | undefined;
}

/** An asset that D1 refuses for what it holds. */
export interface Parked extends Placed {
  error: string;
  /** How often D1 has refused it, and when it is tried again, in epoch milliseconds. */
  tries: number;
  retry_at: number;
}

/** What the other stores have not been told yet, and what they refused. */
export class Outbox {
  readonly #sql: Sql;
  readonly #keys: KeyTable;
  /** Whether anything is parked; undefined when that must be looked up. Asked with every write. */
  #anyParked: boolean | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
    this.#keys = new KeyTable(sql);
  }

  add(entry: OutboxEntry): void {
    const seq = entry.kind === "orphan" ? null : entry.seq;
    const r2_key = entry.kind === "change" ? null : entry.r2_key;
    this.#sql.exec("INSERT INTO outbox (rev, seq, r2_key) VALUES (?,?,?)", entry.rev, seq, r2_key);
  }

  /**
   * What D1 does not have beyond `after`, oldest first, at most `limit` changes and read lazily: created assets and noted
   * changes, each with the asset as it is now, or none if it is gone.
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

  /** Keys of the bodies that are to be deleted in (after, to], oldest first. */
  doomedKeys(after: number, to: number, limit: number): { rev: number; r2_key: string }[] {
    return this.#sql.all(
      "SELECT rev, r2_key FROM outbox WHERE rev > ? AND rev <= ? AND r2_key IS NOT NULL ORDER BY rev LIMIT ?",
      after,
      to,
      limit,
    );
  }

  /** Forgets what every other store has been told: changes up to `recorded`, bodies up to `erased`. */
  trim(recorded: number, erased: number): void {
    this.#sql.exec("DELETE FROM outbox WHERE rev <= ? AND (r2_key IS NULL OR rev <= ?)", recorded, erased);
  }

  size(): number {
    return this.#sql.one<{ n: number }>("SELECT count(*) AS n FROM outbox").n;
  }

  /** Places of assets that changed or were deleted after `rev`, by what the outbox says. */
  changedSince(rev: number): Set<number> {
    const rows = this.#sql.all<{ seq: number }>("SELECT seq FROM outbox WHERE rev > ? AND seq IS NOT NULL", rev);
    return new Set(rows.map(({ seq }) => seq));
  }

  /** Takes up to `limit` of the oldest entries up to `rev` out of the outbox: how many, and the keys that they name. */
  take(rev: number, limit: number): { taken: number; keys: string[] } {
    const rows = this.#sql.all<{ r2_key: string | null }>(
      "DELETE FROM outbox WHERE rev IN (SELECT rev FROM outbox WHERE rev <= ? ORDER BY rev LIMIT ?) RETURNING r2_key",
      rev,
      limit,
    );
    return { taken: rows.length, keys: rows.flatMap(({ r2_key }) => r2_key ?? []) };
  }

  // --- parked

  /** Sets an asset aside that D1 refuses as it is; `rev` says which state of it was refused. */
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

  /** Forgets refused states that are no longer any asset's. */
  pruneParked(): void {
    if (!this.anyParked) return;
    this.#anyParked = undefined;
    this.#sql.exec(
      "DELETE FROM parked WHERE NOT EXISTS (SELECT 1 FROM assets a WHERE a.seq = parked.seq AND a.rev = parked.rev)",
    );
  }

  isParked(seq: number, rev: number): boolean {
    return this.#sql.first("SELECT 1 FROM parked WHERE seq = ? AND rev = ?", seq, rev) !== undefined;
  }

  /** Notes that D1 refuses a key as it is. */
  parkKey(id: string, rev: number, error: string): void {
    this.#anyParked = undefined;
    this.#sql.exec("INSERT OR REPLACE INTO parked_keys (id, rev, error) VALUES (?,?,?)", id, rev, error);
  }

  get anyParked(): boolean {
    this.#anyParked ??=
      this.#sql.first("SELECT 1 FROM parked UNION ALL SELECT 1 FROM parked_keys LIMIT 1") !== undefined;
    return this.#anyParked;
  }

  /** Whether the change with this revision, an asset's or a key's, is one that D1 has refused. */
  isParkedRev(rev: number): boolean {
    if (!this.anyParked) return false;
    return (
      this.#sql.first("SELECT 1 FROM parked WHERE rev = ?1 UNION ALL SELECT 1 FROM parked_keys WHERE rev = ?1", rev) !==
      undefined
    );
  }

  /** Parked assets that are still what they were when D1 refused them; the ones to be tried again first come first. */
  parked(limit: number): Parked[] {
    return this.#sql.all(
      `SELECT p.seq, a.rev, a.id, p.error, p.tries, p.retry_at
       FROM parked p JOIN assets a ON a.seq = p.seq AND a.rev = p.rev ORDER BY p.retry_at, p.seq LIMIT ?`,
      limit,
    );
  }

  /**
   * The lowest revision of what is parked, and when the oldest of these assets was created, for D1 may never have had it;
   * nulls when nothing is.
   */
  oldestParked(): { rev: number | null; created_at: string | null } {
    if (!this.anyParked) return { rev: null, created_at: null };
    return this.#sql.one(
      "SELECT min(a.rev) AS rev, min(a.created_at) AS created_at FROM parked p JOIN assets a ON a.seq = p.seq AND a.rev = p.rev",
    );
  }

  /** Has every parked asset tried again at `retryAt`. */
  retryParkedAt(retryAt: number): void {
    this.#sql.exec("UPDATE parked SET retry_at = ?", retryAt);
  }
}
