import type { Sql } from "./sql.ts";

/** Ids of assets that may never come to be, or come back: a commit of one of them that arrives late is refused. */
export class Voids {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  has(id: string): boolean {
    return this.#sql.first("SELECT 1 FROM voids WHERE id = ?", id) !== undefined;
  }

  /** @param ends epoch milliseconds */
  add(id: string, ends: number): void {
    this.#sql.exec("INSERT OR IGNORE INTO voids (id, ends) VALUES (?,?)", id, ends);
  }

  /**
   * Forgets up to `limit` voids that ended before `now`, in epoch milliseconds. None with an id of `young` or above has:
   * ids begin with their time, so no index is needed to look at the old ones only.
   */
  prune(young: string, now: number, limit: number): void {
    this.#sql.exec(
      "DELETE FROM voids WHERE id IN (SELECT id FROM voids WHERE id < ? AND ends < ? LIMIT ?)",
      young,
      now,
      limit,
    );
  }
}
