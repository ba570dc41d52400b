/**
 * The table of tags: one row for each tag of an asset, so that the assets with a tag are found in the order of seq. A tag
 * that an asset has twice has one row.
 */

import type { Sql } from "./sql.ts";

/** The tags that an asset loses and gains, each once, when the first JSON array of strings becomes the second. */
export function tagChanges(former: string, present: string): { gone: string[]; added: string[] } {
  if (former === present) return { gone: [], added: [] };
  return { gone: difference(former, present), added: difference(present, former) };
}

/** The tags of a JSON array that are not in another one, each once. */
function difference(json: string, other: string): string[] {
  if (json === NONE) return [];
  const others = new Set(other === NONE ? [] : (JSON.parse(other) as string[]));
  return [...new Set(JSON.parse(json) as string[])].filter((tag) => !others.has(tag));
}

const NONE = "[]";

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
    const { gone, added } = tagChanges(former, present);
    if (gone.length > 0) {
      this.#sql.exec(
        "DELETE FROM tags WHERE (tag, seq) IN (SELECT value, ?1 FROM json_each(?2))",
        seq,
        JSON.stringify(gone),
      );
    }
    if (added.length > 0) {
      this.#sql.exec("INSERT INTO tags (tag, seq) SELECT value, ?1 FROM json_each(?2)", seq, JSON.stringify(added));
    }
    return gone.length + added.length;
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
