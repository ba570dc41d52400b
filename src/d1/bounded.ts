/** The one way to a D1 database. The Worker talks to D1 through nothing else, so no wait can be forgotten. */

import { CALL_TIMEOUT_MS } from "../runtime/timeouts.ts";
import { within } from "../runtime/wait.ts";

/** A D1 shard whose every call ends: with its answer, or with an error after {@link CALL_TIMEOUT_MS}. */
export class BoundedD1 {
  readonly #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  /** Makes a statement for {@link batch}. It makes no call. */
  prepare(sql: string, ...values: unknown[]): D1PreparedStatement {
    return this.#db.prepare(sql).bind(...values);
  }

  /** Runs the statements as one transaction. */
  batch(statements: D1PreparedStatement[]): Promise<D1Result<Record<string, unknown>>[]> {
    return within(CALL_TIMEOUT_MS, this.#db.batch<Record<string, unknown>>(statements));
  }

  /** Runs one statement and returns its rows. */
  async rows<T>(sql: string, ...values: unknown[]): Promise<T[]> {
    const [result] = await this.batch([this.prepare(sql, ...values)]);
    return (result?.results ?? []) as T[];
  }
}
