/**
 * The table of former starts: the lives that the vault's object had in memory, by their names, each with the revision at
 * which it ended. What a start is: sync/starts.ts.
 */

import type { Sql } from "./sql.ts";

/** How many are kept. An object that starts every ten minutes has so many in ten weeks. At 60 bytes each: 600 KB. */
const KEPT = 10_000;

export class FormerStarts {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Notes the start that wrote last. It writes nothing when that is known already. */
  note(name: string, ended: number): void {
    if (this.end(name) !== undefined) return;
    this.#sql.exec("INSERT INTO former_starts (name, ended) VALUES (?,?)", name, ended);
    this.#sql.exec("DELETE FROM former_starts WHERE n <= (SELECT max(n) FROM former_starts) - ?", KEPT);
  }

  /** The revision at which a former start ended. Undefined for one that this storage does not know. */
  end(name: string): number | undefined {
    return this.#sql.first<{ ended: number }>("SELECT ended FROM former_starts WHERE name = ?", name)?.ended;
  }
}
