/**
 * The tables of receipts: the answers to writes that had an Idempotency-Key. There are two, which take turns by the day
 * (UTC), so that old receipts go without a look at each of them: the first receipt of a day finds its table with those
 * of the day before yesterday, and the table is emptied whole.
 *
 * A lookup reads the tables of today and of yesterday. So a receipt counts for 24 to 48 hours.
 */

import { RECEIPT_KEPT_MS } from "../../model/limits.ts";
import type { VaultRow } from "./schema.ts";
import type { Sql } from "./sql.ts";

const TABLES = ["receipts_even", "receipts_odd"] as const;

/**
 * The longest answer that is kept. SQLite takes rows of 2 MB. The longest answers are those of an asset whose metadata
 * and tags are as long as they may be. Both stand as strings in a record, which stands as a string in the answer. Each
 * time a quote or a backslash becomes two characters, and a backslash that was added becomes two as well: 128 KiB of
 * them come to 512 KiB. A batch says some 300 bytes of each of its 1,000 operations.
 */
const MAX_ANSWER_BYTES = 1_500_000;

export interface Receipt {
  readonly fingerprint: string;
  /** The revision with which the write is durable. */
  readonly rev: number;
  /** JSON. */
  readonly answer: string;
}

/**
 * The day of the newest receipt when there is none, or none that counts. No lookup reads a table then, and the next
 * receipt empties both.
 */
export const NO_RECEIPTS = 0;

/** The day of a time in epoch milliseconds, in days since the epoch. */
const dayOf = (time: number): number => Math.floor(time / RECEIPT_KEPT_MS);

/** The time for a vault, in epoch milliseconds. It never runs backwards. */
const timeOf = ({ clock }: Pick<VaultRow, "clock">): number => Math.max(Date.now(), Date.parse(clock));

const tableOf = (day: number): string => TABLES[day % 2] ?? TABLES[0];

export class Receipts {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * The receipt with this id, if it still counts.
   *
   * @param now the time, in epoch milliseconds
   * @param last the day of the newest receipt
   */
  find(id: string, now: number, last: number): Receipt | undefined {
    const today = dayOf(now);
    // A table to which nothing was written since holds what counts no more.
    if (last < today - 1) return undefined;
    return (last < today ? undefined : this.#read(today, id)) ?? this.#read(today - 1, id);
  }

  /** The same outside of a group. */
  findNow(id: string, row: Pick<VaultRow, "clock" | "receipts_day">): Receipt | undefined {
    return this.find(id, timeOf(row), row.receipts_day);
  }

  #read(day: number, id: string): Receipt | undefined {
    return this.#sql.first(`SELECT fingerprint, rev, answer FROM ${tableOf(day)} WHERE id = ?`, id);
  }

  /** Keeps a receipt. Returns its day, which is the day of the newest receipt from now on. See {@link find}. */
  add(id: string, { fingerprint, rev, answer }: Receipt, now: number, last: number): number {
    if (Buffer.byteLength(answer) > MAX_ANSWER_BYTES) throw new Error("an answer is longer than a receipt may be");
    const today = dayOf(now);
    if (last !== today) this.#empty(today);
    if (last < today - 1) this.#empty(today - 1);
    this.#sql.exec(
      `INSERT INTO ${tableOf(today)} (id, fingerprint, rev, answer) VALUES (?,?,?,?)`,
      id,
      fingerprint,
      rev,
      answer,
    );
    return today;
  }

  /** Forgets all receipts if they are older than any lookup reads, and notes that in the row. Returns whether it did. See {@link find}. */
  forgetOld(row: Pick<VaultRow, "clock" | "receipts_day">): boolean {
    if (row.receipts_day === NO_RECEIPTS || row.receipts_day >= dayOf(timeOf(row)) - 1) return false;
    for (const day of [0, 1]) this.#empty(day);
    row.receipts_day = NO_RECEIPTS;
    return true;
  }

  /**
   * Makes a table anew. To delete its rows would be billed as a row written for each. Either takes 1.6 ms for a thousand
   * receipts, in one turn.
   */
  #empty(day: number): void {
    const table = tableOf(day);
    const { sql } = this.#sql.one<{ sql: string }>("SELECT sql FROM sqlite_master WHERE name = ?", table);
    this.#sql.exec(`DROP TABLE ${table}`);
    this.#sql.exec(sql);
  }
}
