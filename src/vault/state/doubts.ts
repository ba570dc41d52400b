/**
 * The table of doubts: ids of assets that an old storage had and D1 had not.
 *
 * Either D1 never recorded such an asset, or the asset has been deleted since. Its body tells which: an asset that was
 * deleted in every store has lost its body too. So the next reconciliation removes the doubted assets without a body.
 */

import type { Sql } from "./sql.ts";

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

  /** Forgets all doubts. The caller must have looked for the body of every asset. */
  clear(): void {
    this.#sql.exec("DELETE FROM doubts");
  }
}
