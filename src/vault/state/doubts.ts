import type { Sql } from "./sql.ts";

/**
 * Ids of assets that an old storage had and D1 had not: never recorded, or deleted since. A body tells, for the body of an
 * asset that was deleted for all stores is gone: the next reconciliation removes those without one.
 */
export class Doubts {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  add(id: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO doubts (id) VALUES (?)", id);
  }

  has(id: string): boolean {
    return this.#sql.first("SELECT 1 FROM doubts WHERE id = ?", id) !== undefined;
  }

  /** Every asset has been looked at. */
  clear(): void {
    this.#sql.exec("DELETE FROM doubts");
  }
}
