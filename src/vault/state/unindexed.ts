/**
 * Which assets are still to be indexed: those that were there before the tables of tags, folders and changes came. They
 * are one range of seqs, which the alarm makes smaller from below (sync/backfill.ts).
 */

import type { Sql } from "./sql.ts";

/** The assets with a seq in (after, upto]. */
export interface Range {
  readonly after: number;
  readonly upto: number;
}

export class Unindexed {
  readonly #sql: Sql;
  /** Null when no asset is left to be indexed. Undefined before it has been looked up. */
  #range: Range | null | undefined;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  get range(): Range | null {
    if (this.#range === undefined) this.#range = this.#sql.first<Range>("SELECT after, upto FROM unindexed") ?? null;
    return this.#range;
  }

  /** Whether an asset has its rows in all tables. */
  isIndexed(seq: number): boolean {
    const { range } = this;
    return range === null || seq <= range.after || seq > range.upto;
  }

  /** Inside a transaction: notes that everything up to `after` is indexed. {@link learn} must follow it. */
  save(range: Range | null): void {
    if (range) this.#sql.exec("UPDATE unindexed SET after = ?", range.after);
    else this.#sql.exec("DELETE FROM unindexed");
  }

  /** After that transaction. */
  learn(range: Range | null): void {
    this.#range = range;
  }
}
