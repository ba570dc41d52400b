/** The table of the vault's keys. Which of them may act is for the keyring to say. */

import { KEY_COLUMNS, type KeyRecord, SET_KEY } from "../../d1/record.ts";
import { decodeScope, encodeScope, type KeyScope } from "../../model/key-scope.ts";
import type { Key } from "../../model/vault.ts";
import type { Sql } from "./sql.ts";

/** A key with the revision at which it last changed, and the day on which it was last used. */
export type IndexedKey = KeyRecord & Pick<Key, "last_used_on">;

/** A text that sorts after every key's id. */
export const LAST_KEY_ID = "key_~";

/** What is shown of a scope that cannot be read. No path has this name, and the key is refused. */
const UNREADABLE: KeyScope = { partition: "?" };

/** A key's row as the key that it is. */
export function toKey({ rev: _rev, scope, ...key }: IndexedKey): Key {
  return { ...key, scope: decodeScope(scope) ?? (scope === null ? null : UNREADABLE) };
}

/** The row of a key that is told of for the first time. */
export const toRow = (key: Omit<Key, "last_used_on">, rev: number): IndexedKey => ({
  ...key,
  scope: encodeScope(key.scope),
  rev,
  last_used_on: null,
});

const COLUMNS = [...KEY_COLUMNS, "last_used_on"].join(", ");

const SAVE = `INSERT INTO keys (${KEY_COLUMNS.join(", ")}) VALUES (${KEY_COLUMNS.map(() => "?").join(",")})
  ON CONFLICT (id) DO UPDATE SET ${SET_KEY}`;

export class KeyTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  find(id: string): IndexedKey | undefined {
    return this.#sql.first<IndexedKey>(`SELECT ${COLUMNS} FROM keys WHERE id = ?`, id);
  }

  /** Keys that are neither revoked nor, at `now` (a timestamp), expired. */
  live(now: string): IndexedKey[] {
    return this.#sql.all<IndexedKey>(
      `SELECT ${COLUMNS} FROM keys WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)`,
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
    return this.#sql.all<IndexedKey>(`SELECT ${COLUMNS} FROM keys WHERE id < ? ORDER BY id DESC LIMIT ?`, id, limit);
  }

  /** Keys with an id above `after`, in order of id. */
  after(after: string, limit: number): IndexedKey[] {
    return this.#sql.all<IndexedKey>(`SELECT ${COLUMNS} FROM keys WHERE id > ? ORDER BY id LIMIT ?`, after, limit);
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

  /** Inserts a key, or sets what can change of one that is there already. When it was last used stays as it is. */
  save(key: KeyRecord): void {
    this.#sql.exec(SAVE, ...KEY_COLUMNS.map((name) => key[name]));
  }

  /** Notes the day on which a key was last used. */
  noteUse(id: string, day: string): void {
    this.#sql.exec("UPDATE keys SET last_used_on = ? WHERE id = ?", day, id);
  }

  /** Whether D1 has refused the key in the state that it had at `rev`. */
  isParked(id: string, rev: number): boolean {
    return this.#sql.first("SELECT 1 FROM parked_keys WHERE id = ? AND rev = ?", id, rev) !== undefined;
  }

  unpark(id: string): void {
    this.#sql.exec("DELETE FROM parked_keys WHERE id = ?", id);
  }
}
