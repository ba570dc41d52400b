/**
 * The rate of a vault: a token bucket, in memory only. It begins full, so a vault that was evicted gives out up to one
 * second's worth once more.
 */

import { refuse, type Result } from "../model/refusal.ts";
import type { RateState } from "../model/settings.ts";
import type { Caller } from "../model/vault.ts";

/**
 * It holds as many tokens as come in one second. So whoever keeps to the rate is never refused, however unevenly the
 * requests of a second come, and no second can see more than twice the rate.
 */
export class TokenBucket {
  /** Tokens a second, and the most that there are. */
  readonly limit: number;
  #tokens: number;
  /** When `#tokens` was right, in epoch milliseconds. */
  #at = Date.now();

  constructor(limit: number) {
    this.limit = limit;
    this.#tokens = limit;
  }

  /** Takes a token. Returns whether there was one. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Whole seconds until there is a token. */
  get wait(): number {
    return Math.max(1, Math.ceil((1 - this.#tokens) / this.limit));
  }

  get state(): RateState {
    this.#refill();
    const reset = Math.ceil((this.limit - this.#tokens) / this.limit);
    return { limit: this.limit, left: Math.floor(this.#tokens), reset };
  }

  #refill(): void {
    const now = Date.now();
    // A clock that is set back gives and takes nothing.
    const passed = Math.max(0, now - this.#at);
    this.#tokens = Math.min(this.limit, this.#tokens + (passed * this.limit) / 1000);
    this.#at = now;
  }
}

/**
 * Does work for a caller within a vault's rate, or refuses it with 429. What is not done for a key, such as the
 * operator's own calls, takes no token, and neither does a further call of a request. The outcome says where the rate
 * stands.
 */
export async function withinRate<T extends object>(
  bucket: TokenBucket,
  { actor, isPaid }: Caller,
  work: () => Result<T> | Promise<Result<T>>,
): Promise<Result<T>> {
  const isFree = isPaid === true || actor.kind !== "key";
  const outcome = isFree || bucket.take() ? await work() : tooMany(bucket);
  return { ...outcome, rate: bucket.state };
}

const tooMany = ({ limit, wait }: TokenBucket) =>
  refuse("RATE_LIMITED", `requests_per_second: the vault takes ${limit} requests a second: try again later`, {
    "Retry-After": String(wait),
  });
