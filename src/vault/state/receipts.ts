/**
 * The table of receipts: the answers to writes that had an Idempotency-Key.
 *
 * The id of a receipt begins with its day (UTC). So the old ones stand at the front of the table, and are found without
 * a look at the others. A lookup asks for the receipts of today and of yesterday. So a receipt counts for 24 to 48 hours.
 *
 * After the day comes the vault's generation. When a rebuild or a takeover gives the vault another one, no receipt counts
 * any more, because what it tells of may be lost.
 */

import { RECEIPT_KEPT_MS } from "../../model/limits.ts";
import type { VaultRow } from "./schema.ts";
import type { Sql } from "./sql.ts";

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

/** No receipt has a day as late as this. */
const LAST_DAY = 99_999_999;

/** The day of a time in epoch milliseconds, in days since the epoch. */
const dayOf = (time: number): number => Math.floor(time / RECEIPT_KEPT_MS);

/** The time for a vault, in epoch milliseconds. It never runs backwards. */
const timeOf = ({ clock }: Pick<VaultRow, "clock">): number => Math.max(Date.now(), Date.parse(clock));

/** What the ids of a day's receipts begin with. The order of these is that of the days. */
const prefixOf = (day: number): string => `${String(day).padStart(8, "0")}/`;

const idOf = (day: number, { generation }: Pick<VaultRow, "generation">, id: string): string =>
  `${prefixOf(day)}${generation}/${id}`;

export class Receipts {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * The receipt with this id, if it still counts.
   *
   * @param now the time, in epoch milliseconds
   */
  find(id: string, now: number, row: Pick<VaultRow, "generation">): Receipt | undefined {
    const today = dayOf(now);
    return this.#read(idOf(today, row, id)) ?? this.#read(idOf(today - 1, row, id));
  }

  /** The same outside of a group. */
  findNow(id: string, row: Pick<VaultRow, "clock" | "generation">): Receipt | undefined {
    return this.find(id, timeOf(row), row);
  }

  #read(id: string): Receipt | undefined {
    return this.#sql.first("SELECT fingerprint, rev, answer FROM receipts WHERE id = ?", id);
  }

  /** Keeps a receipt. There must be none that {@link find} finds. */
  add(id: string, { fingerprint, rev, answer }: Receipt, now: number, row: Pick<VaultRow, "generation">): void {
    if (Buffer.byteLength(answer) > MAX_ANSWER_BYTES) throw new Error("an answer is longer than a receipt may be");
    this.#sql.exec(
      "INSERT INTO receipts (id, fingerprint, rev, answer) VALUES (?,?,?,?)",
      idOf(dayOf(now), row, id),
      fingerprint,
      rev,
      answer,
    );
  }

  /** Forgets up to `limit` receipts that are older than any lookup asks for. Returns how many it forgot. */
  forgetOld(row: Pick<VaultRow, "clock">, limit: number): number {
    return this.#deleteFirst(prefixOf(dayOf(timeOf(row)) - 1), limit);
  }

  /** Deletes up to `limit` receipts, whichever they are. Returns how many it deleted. */
  purge(limit: number): number {
    return this.#deleteFirst(prefixOf(LAST_DAY), limit);
  }

  /** The rows are deleted, and not the table: SQLite drops no table while a list page has a cursor open. */
  #deleteFirst(before: string, limit: number): number {
    return this.#sql.all(
      `DELETE FROM receipts WHERE id IN (SELECT id FROM receipts WHERE id < ? ORDER BY id LIMIT ?) RETURNING rev`,
      before,
      limit,
    ).length;
  }
}
