/**
 * The table of voids: ids of assets that may not come to be, or not come back. A commit of such an id that arrives late
 * is refused.
 */

import type { Sql } from "./sql.ts";

export class Voids {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  has(id: string): boolean {
    return this.#sql.first("SELECT 1 FROM voids WHERE id = ?", id) !== undefined;
  }

  /** @param ends when the void ends, in epoch milliseconds */
  add(id: string, ends: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO voids (id, ends) VALUES (?,?)", id, ends);
  }

  /**
   * Forgets up to `limit` voids that ended before `now`, in epoch milliseconds. It looks only at ids below
   * `firstYoung`, since no void from there on can have ended. Ids begin with their time, so the old ones are found
   * without an index.
   */
  prune(firstYoung: string, now: number, limit: number): void {
    this.#sql.exec(
      "DELETE FROM voids WHERE id IN (SELECT id FROM voids WHERE id < ? AND ends < ? LIMIT ?)",
      firstYoung,
      now,
      limit,
    );
  }
}
