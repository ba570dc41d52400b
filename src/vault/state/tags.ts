/**
 * The table of tags: one row for each tag of an asset, so that the assets with a tag are found in the order of seq. A tag
 * that an asset has twice has one row.
 */

import type { Sql } from "./sql.ts";

const parse = (json: string): Set<string> => new Set(json === "[]" ? [] : (JSON.parse(json) as string[]));

export class Tags {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Writes what differs between an asset's former tags and its present ones. Both are JSON arrays of strings.
   *
   * @returns how many rows it wrote
   */
  replace(seq: number, former: string, present: string): number {
    if (former === present) return 0;
    const [old, now] = [parse(former), parse(present)];
    let written = 0;
    for (const tag of old) {
      if (now.has(tag)) continue;
      this.#sql.exec("DELETE FROM tags WHERE tag = ? AND seq = ?", tag, seq);
      written++;
    }
    for (const tag of now) {
      if (old.has(tag)) continue;
      this.#sql.exec("INSERT OR IGNORE INTO tags (tag, seq) VALUES (?,?)", tag, seq);
      written++;
    }
    return written;
  }

  /** Deletes up to `limit` rows, whichever they are. Returns how many it deleted. */
  purge(limit: number): number {
    const rows = this.#sql.all(
      "DELETE FROM tags WHERE (tag, seq) IN (SELECT tag, seq FROM tags LIMIT ?) RETURNING seq",
      limit,
    );
    return rows.length;
  }
}
