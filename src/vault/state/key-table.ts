/** The table of the vault's keys. Which of them may act is for the keyring to say. */

import type { Key } from "../../model/vault.ts";
import type { Sql } from "./sql.ts";

/** A key with the revision at which it last changed. */
export type IndexedKey = Key & { rev: number };

/** A text that sorts after every key's id. */
export const LAST_KEY_ID = "key_~";

export function withoutRev({ rev: _rev, ...key }: IndexedKey): Key {
  return key;
}

export class KeyTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  find(id: string): IndexedKey | undefined {
    return this.#sql.first<IndexedKey>("SELECT * FROM keys WHERE id = ?", id);
  }

  /** Keys that are neither revoked nor, at `now` (a timestamp), expired. */
  live(now: string): IndexedKey[] {
    return this.#sql.all<IndexedKey>(
      "SELECT * FROM keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)",
      now,
    );
  }

  /** How many keys there are, and how many of them are live at `now`, a timestamp. */
  count(now: string): { all: number; live: number } {
    return this.#sql.one(
      `SELECT count(*) AS 'all',
         count(*) FILTER (WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)) AS live FROM keys`,
      now,
    );
  }

  /** Keys with an id below `id`, newest first. */
  before(id: string, limit: number): IndexedKey[] {
    return this.#sql.all<IndexedKey>("SELECT * FROM keys WHERE id < ? ORDER BY id DESC LIMIT ?", id, limit);
  }

  /** Keys with an id above `after`, in order of id. */
  after(after: string, limit: number): IndexedKey[] {
    return this.#sql.all<IndexedKey>("SELECT * FROM keys WHERE id > ? ORDER BY id LIMIT ?", after, limit);
  }

  /** The ids of all keys, or undefined when there are more than `limit`. */
  ids(limit: number): string[] | undefined {
    const ids = this.#sql.all<{ id: string }>("SELECT id FROM keys LIMIT ?", limit + 1).map(({ id }) => id);
    return ids.length > limit ? undefined : ids;
  }

  /** At most `limit` ids of keys that were revoked, or expired, before `cutoff`, a timestamp. */
  deadBefore(cutoff: string, limit: number): string[] {
    const rows = this.#sql.all<{ id: string }>(
      "SELECT id FROM keys WHERE revoked_at < ?1 OR expires_at < ?1 LIMIT ?2",
      cutoff,
      limit,
    );
    return rows.map(({ id }) => id);
  }

  delete(ids: readonly string[]): void {
    this.#sql.exec("DELETE FROM keys WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
  }

  /** Inserts a key. Of one that is there already it sets what can change: `rev` and `revoked_at`. */
  save(k: IndexedKey): void {
    this.#sql.exec(
      `INSERT INTO keys (id, rev, label, type, kid, created_at, expires_at, revoked_at) VALUES (?,?,?,?,?,?,?,?)
       ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, revoked_at = excluded.revoked_at`,
      k.id,
      k.rev,
      k.label,
      k.type,
      k.kid,
      k.created_at,
      k.expires_at,
      k.revoked_at,
    );
  }

  /** Whether D1 has refused the key in the state that it had at `rev`. */
  isParked(id: string, rev: number): boolean {
    return this.#sql.first("SELECT 1 FROM parked_keys WHERE id = ? AND rev = ?", id, rev) !== undefined;
  }

  unpark(id: string): void {
    this.#sql.exec("DELETE FROM parked_keys WHERE id = ?", id);
  }
}
