/** The table of tickets that were used. An open one has no row: what it says is signed, and stands in its URL. */

import type { StoredRecord } from "../../model/asset.ts";
import { newTicketId } from "../../model/id.ts";
import { TICKET_KEPT_MS } from "../../model/ticket.ts";
import type { Sql } from "./sql.ts";

/** The answer to the upload that used a ticket, with the revision of its asset then. */
interface FirstAnswer {
  readonly rev: number;
  readonly answer: StoredRecord;
}

export class Tickets {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The id of the asset that came of a ticket; undefined when none has. */
  assetOf(id: string): string | undefined {
    return this.#sql.first<{ asset_id: string }>("SELECT asset_id FROM tickets WHERE id = ?", id)?.asset_id;
  }

  /** The answer to the upload that used a ticket; undefined when none has. */
  answer(id: string): FirstAnswer | undefined {
    const row = this.#sql.first<{ rev: number; answer: string }>("SELECT rev, answer FROM tickets WHERE id = ?", id);
    return row && { rev: row.rev, answer: JSON.parse(row.answer) as StoredRecord };
  }

  /** Notes what came of a ticket. There must be nothing yet. */
  use(id: string, { rev, answer }: FirstAnswer): void {
    const insert = "INSERT INTO tickets (id, asset_id, rev, answer) VALUES (?,?,?,?)";
    this.#sql.exec(insert, id, answer.id, rev, JSON.stringify(answer));
  }

  /**
   * Forgets up to `limit` tickets that ended so long before `now` (epoch milliseconds) that no upload with them can be
   * under way. Ids begin with the time at which they end, so these stand at the front. Returns how many it forgot.
   */
  forgetOld(now: number, limit: number): number {
    return this.#delete("WHERE id < ?", limit, newTicketId(now - TICKET_KEPT_MS));
  }

  /** Deletes up to `limit` tickets, whichever they are. Returns how many it deleted. */
  purge(limit: number): number {
    return this.#delete("", limit);
  }

  #delete(which: "" | "WHERE id < ?", limit: number, ...bound: string[]): number {
    const some = `SELECT id FROM tickets ${which} ORDER BY id LIMIT ?`;
    return this.#sql.all(`DELETE FROM tickets WHERE id IN (${some}) RETURNING id`, ...bound, limit).length;
  }
}
