import { Refused, unavailable } from "../model/refusal.ts";
import { BODY_BUDGET_BYTES, BUDGET_WAIT_MS, FORM_BUDGET_BYTES, LEASE_MS } from "./limits.ts";

/** Memory that one upload may hold. */
export interface Lease {
  /** Says that the upload is alive. */
  renew(): void;
  /** Gives the memory back; once is enough, more does no harm. */
  release(): void;
}

interface Waiter {
  readonly bytes: number;
  grant(lease: Lease): void;
}

/**
 * Memory shared by all uploads of an isolate. An upload reserves the most it can need in one step, never more while it
 * holds some (two that each wait for the other's share would wait for ever), and waits its turn, first come first
 * served, with a timer of its own.
 */
export class Budget {
  readonly limit: number;
  readonly #leases = new Set<{ bytes: number; expires: number }>();
  #queue: Waiter[] = [];
  #held = 0;
  /** The most that was ever held at once, in bytes. */
  highWater = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Bytes held right now. */
  get held(): number {
    return this.#held;
  }

  /** Whether somebody waits: who can do without its memory for a while should give it back. */
  get wanted(): boolean {
    return this.#queue.length > 0;
  }

  /** Waits for `bytes` (at most the whole budget). Throws Refused (503) when they do not come in time. */
  lease(bytes: number): Promise<Lease> {
    const want = Math.min(bytes, this.limit);
    if (this.#queue.length === 0 && this.#fits(want)) return Promise.resolve(this.#grant(want));
    return new Promise((resolve, reject) => {
      // workerd ends a request that waits on nothing but another request; the timers are something of its own.
      const sweep = setInterval(() => this.#advance(), 1_000);
      const stop = (): void => {
        clearInterval(sweep);
        clearTimeout(timer);
      };
      const waiter: Waiter = {
        bytes: want,
        grant: (lease) => {
          stop();
          resolve(lease);
        },
      };
      const timer = setTimeout(() => {
        stop();
        this.#queue = this.#queue.filter((other) => other !== waiter);
        this.#advance();
        reject(new Refused(unavailable("too many uploads at once: try again", 5)));
      }, BUDGET_WAIT_MS);
      this.#queue.push(waiter);
    });
  }

  #fits(bytes: number): boolean {
    if (this.#held + bytes <= this.limit) return true;
    const now = Date.now();
    for (const lease of this.#leases) if (lease.expires <= now) this.#forget(lease);
    return this.#held + bytes <= this.limit;
  }

  #grant(bytes: number): Lease {
    const lease = { bytes, expires: Date.now() + LEASE_MS };
    this.#leases.add(lease);
    this.#held += bytes;
    this.highWater = Math.max(this.highWater, this.#held);
    return {
      renew: () => {
        lease.expires = Date.now() + LEASE_MS;
      },
      release: () => {
        this.#forget(lease);
        this.#advance();
      },
    };
  }

  #forget(lease: { bytes: number; expires: number }): void {
    if (this.#leases.delete(lease)) this.#held -= lease.bytes;
  }

  /** Serves the queue in order: a large request at its head is not overtaken by small ones. */
  #advance(): void {
    for (let next = this.#queue[0]; next && this.#fits(next.bytes); next = this.#queue[0]) {
      this.#queue.shift();
      next.grant(this.#grant(next.bytes));
    }
  }
}

/** For what an upload holds from its beginning to its end: its fields and headers, an image's head. */
export const formBudget = new Budget(FORM_BUDGET_BYTES);

/**
 * For the pieces of files that are buffered on their way to R2. Two budgets, because an upload holds its form's memory
 * while it waits for this: out of one, all could wait and none could finish.
 */
export const bodyBudget = new Budget(BODY_BUDGET_BYTES);

/** Bytes that uploads of this isolate hold, and ever held, at once. */
export const buffered = (): { held: number; highWater: number; limit: number } => ({
  held: formBudget.held + bodyBudget.held,
  highWater: formBudget.highWater + bodyBudget.highWater,
  limit: formBudget.limit + bodyBudget.limit,
});
