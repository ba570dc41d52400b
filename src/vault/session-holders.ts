/**
 * Which request has which session now. It lives in memory: after a restart nobody has any, and what an earlier request
 * still sends is refused all the same, by its number.
 */

import { SESSION_STALL_MS, UPLOAD_DEADLINE_MS } from "../model/limits.ts";

interface Holder {
  /** The number of the request. */
  readonly fence: number;
  /** The request's id. */
  readonly request: string;
  /** When it last made progress, in epoch milliseconds. */
  seen: number;
}

export class SessionHolders {
  readonly #holders = new Map<string, Holder>();

  begin(id: string, fence: number, request: string, seen = Date.now()): void {
    // No request lives longer than this. A map keeps the order in which its entries were made.
    for (const [other, holder] of this.#holders) {
      if (holder.seen > Date.now() - UPLOAD_DEADLINE_MS) break;
      this.#holders.delete(other);
    }
    this.#holders.delete(id);
    this.#holders.set(id, { fence, request, seen });
  }

  has(id: string): boolean {
    return this.#holders.has(id);
  }

  /** Whether another request than this one has the session, and makes progress. */
  isTaken(id: string, request: string): boolean {
    const holder = this.#holders.get(id);
    // A request whose answer was lost asks once more.
    return holder !== undefined && holder.request !== request && holder.seen > Date.now() - SESSION_STALL_MS;
  }

  /** The last request that took the session has made progress, at `at` (epoch milliseconds). */
  show(id: string, fence: number, request: string, at = Date.now()): void {
    const holder = this.#holders.get(id);
    if (!holder) this.begin(id, fence, request, at); // It took the session before a restart.
    else if (holder.fence === fence) holder.seen = Math.max(holder.seen, at);
  }

  /** A request gives the session back; whichever has it, when no number is given. */
  end(id: string, fence?: number): void {
    if (fence === undefined || this.#holders.get(id)?.fence === fence) this.#holders.delete(id);
  }
}
