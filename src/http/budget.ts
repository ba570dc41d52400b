import { Refused, unavailable } from "../model/refusal.ts";

const MIB = 1024 * 1024;

/**
 * Buffered bytes of all requests of an isolate together; an isolate has 128 MB in production, for everything. See below
 * for why they are two.
 */
const BODY_BUDGET_BYTES = 40 * MIB;
const FORM_BUDGET_BYTES = 24 * MIB;

/** What one vault may hold of a budget, as a share: the rest is there for all others, whatever its clients do. */
const VAULT_SHARE = 0.6;

/** How long a request waits for its turn when the budget is spent, before it gets 503. Milliseconds. */
const BUDGET_WAIT_MS = 60_000;

/** A lease that shows no progress for this long is taken back: its request was cancelled and told nobody. Milliseconds. */
const LEASE_MS = 120_000;

/** Memory that one request may hold. */
export interface Lease {
  /** Says that the upload is alive. */
  renew(): void;
  /** Gives the memory back; once is enough, more does no harm. */
  release(): void;
}

interface Holding {
  readonly vaultId: string;
  readonly bytes: number;
  expires: number;
}

interface Waiter {
  readonly vaultId: string;
  readonly bytes: number;
  grant(lease: Lease): void;
}

/**
 * Memory shared by all requests of an isolate. A request reserves the most it can need in one step, never more while it
 * holds some (two that each wait for the other's share would wait for ever), and waits its turn, with a timer of its own.
 * First come, first served, except that nobody waits behind a vault that has its share already.
 */
export class Budget {
  readonly limit: number;
  readonly #share: number;
  readonly #holdings = new Set<Holding>();
  #queue: Waiter[] = [];
  #held = 0;
  /** The most that was ever held at once, in bytes. */
  highWater = 0;

  constructor(limit: number) {
    this.limit = limit;
    this.#share = Math.floor(limit * VAULT_SHARE);
  }

  /** Bytes held right now. */
  get held(): number {
    return this.#held;
  }

  /** Whether somebody waits: who can do without its memory for a while should give it back. */
  get wanted(): boolean {
    return this.#queue.length > 0;
  }

  /** Waits for `bytes` (at most a vault's share). Throws Refused (503) when they do not come in time. */
  lease(vaultId: string, bytes: number): Promise<Lease> {
    const want = Math.min(bytes, this.#share);
    if (this.#queue.length === 0 && this.#fits(vaultId, want)) return Promise.resolve(this.#grant(vaultId, want));
    return new Promise((resolve, reject) => {
      // workerd ends a request that waits on nothing but another request; the timers are something of its own.
      const sweep = setInterval(() => this.#advance(), 1_000);
      const stop = (): void => {
        clearInterval(sweep);
        clearTimeout(timer);
      };
      const waiter: Waiter = {
        vaultId,
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
      this.#advance();
    });
  }

  #heldBy(vaultId: string): number {
    let sum = 0;
    for (const holding of this.#holdings) if (holding.vaultId === vaultId) sum += holding.bytes;
    return sum;
  }

  #fits(vaultId: string, bytes: number): boolean {
    if (this.#held + bytes > this.limit) {
      const now = Date.now();
      for (const holding of this.#holdings) if (holding.expires <= now) this.#forget(holding);
    }
    return this.#held + bytes <= this.limit && this.#heldBy(vaultId) + bytes <= this.#share;
  }

  #grant(vaultId: string, bytes: number): Lease {
    const holding = { vaultId, bytes, expires: Date.now() + LEASE_MS };
    this.#holdings.add(holding);
    this.#held += bytes;
    this.highWater = Math.max(this.highWater, this.#held);
    return {
      renew: () => {
        holding.expires = Date.now() + LEASE_MS;
      },
      release: () => {
        this.#forget(holding);
        this.#advance();
      },
    };
  }

  #forget(holding: Holding): void {
    if (this.#holdings.delete(holding)) this.#held -= holding.bytes;
  }

  /**
   * Serves the queue in order. A large request is not overtaken by small ones, or it would never be served; but one
   * that waits for its own vault's share holds up nobody else.
   */
  #advance(): void {
    for (let i = 0; i < this.#queue.length;) {
      const next = this.#queue[i];
      if (!next) return;
      if (this.#fits(next.vaultId, next.bytes)) {
        this.#queue.splice(i, 1);
        next.grant(this.#grant(next.vaultId, next.bytes));
      } else if (this.#heldBy(next.vaultId) + next.bytes > this.#share) i++;
      else return;
    }
  }
}

/** For what a request holds from its beginning to its end: a JSON body; a form's fields and headers, an image's head. */
export const formBudget = new Budget(FORM_BUDGET_BYTES);

/**
 * For the pieces of files that are buffered on their way to R2. Two budgets, because an upload holds its form's memory
 * while it waits for this: out of one, all could wait and none could finish.
 */
export const bodyBudget = new Budget(BODY_BUDGET_BYTES);

/** Bytes that requests of this isolate hold, and ever held, at once. */
export const buffered = (): { held: number; highWater: number; limit: number } => ({
  held: formBudget.held + bodyBudget.held,
  highWater: formBudget.highWater + bodyBudget.highWater,
  limit: formBudget.limit + bodyBudget.limit,
});
