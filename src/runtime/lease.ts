/** The memory that one request holds, as a lease that its lender can judge. See memory-budget.ts for the lender. */

import { MIN_RATE } from "../model/limits.ts";
import { refuse, type Refusal, Refused, unavailable } from "../model/refusal.ts";
import { Pace } from "./pace.ts";

/** Whoever lends memory. See MemoryBudget. */
export interface Lender {
  /** The time of a {@link PatientClock}, in milliseconds. */
  now(): number;
  /** Says that a timer has gone off: see {@link PatientClock}. */
  tick(): void;
  /** How many rounds there were so far: see {@link Lease.round}. */
  readonly round: number;
  /** Whether somebody waits for memory. */
  readonly wanted: boolean;
  /**
   * Gives the lease more memory. Returns nothing when it does so at once, else a promise that resolves then, or rejects
   * with Refused.
   */
  grow(lease: Lease, bytes: number): Promise<void> | undefined;
  /** Gives the lease more memory if nobody could miss it. Returns whether it did. */
  spare(lease: Lease, bytes: number): boolean;
  /** Whether the lease's vault holds more than its part, while another vault waits that holds less. */
  isInTheWay(lease: Lease): boolean;
  /** Takes memory back. */
  shrink(lease: Lease, bytes: number): void;
}

/** The refusal of a request that does not get its memory in time. */
export const busy = (): Refusal => unavailable("too many uploads at once: try again", 5);

/**
 * The memory that one request holds, from its first byte to its last. The lease also knows what its lender judges it
 * by: how the client keeps up, and when the request last showed that it lives. A request that has been cancelled never
 * says so.
 */
export class Lease {
  readonly vaultId: string;
  /**
   * The most that the request will ever hold, in bytes. It is lent only what it holds. See MemoryBudget for what the
   * claim is for.
   */
  readonly claim: number;
  /** Whether the request loses nothing by being ended: its client can go on where it was. */
  readonly yields: boolean;
  readonly pace: Pace;
  /** How many bytes are held now. The lender alone changes it. */
  bytes = 0;
  /** The time at which the request last showed that it lives, and the lender's round at that time. */
  seen: number;
  round: number;
  /** Set by the lender when the lease is over. The request has to end as soon as it notices. */
  ending: "slow" | "gone" | undefined;
  readonly #lender: Lender;

  constructor(lender: Lender, vaultId: string, claim: number, yields = false) {
    this.#lender = lender;
    this.vaultId = vaultId;
    this.claim = claim;
    this.yields = yields;
    this.seen = lender.now();
    this.round = lender.round;
    this.pace = new Pace(this.seen);
  }

  /** Whether somebody waits for memory. Whoever can do without some of its own for a while should give it back. */
  get wanted(): boolean {
    return this.#lender.wanted;
  }

  /** Whether a request that yields has to end now, because what it holds keeps another vault waiting. */
  get mustYield(): boolean {
    return this.yields && this.bytes > 0 && this.#lender.isInTheWay(this);
  }

  /**
   * Takes more memory, perhaps after a wait. Throws Refused when the lease is over, or when the memory does not come in
   * time.
   */
  grow(bytes: number): Promise<void> | undefined {
    this.check();
    return this.#lender.grow(this, bytes);
  }

  /** Takes more memory if there is plenty. Returns whether it did. */
  spare(bytes: number): boolean {
    return this.ending === undefined && this.#lender.spare(this, bytes);
  }

  shrink(bytes: number): void {
    this.#lender.shrink(this, bytes);
  }

  /** Gives everything back. It may be called more than once. */
  release(): void {
    this.#lender.shrink(this, this.bytes);
  }

  /** Says that the request begins to wait for its client. */
  awaiting(): void {
    this.#sign();
    this.pace.awaiting(this.seen);
  }

  received(bytes: number): void {
    this.#sign();
    this.pace.received(bytes, this.seen);
  }

  /** Says that the request lives, whatever it waits for. The request calls this by a timer of its own, every second. */
  alive(): void {
    this.#lender.tick();
    this.#sign();
  }

  #sign(): void {
    this.seen = this.#lender.now();
    this.round = this.#lender.round;
  }

  /**
   * Whether the client is too slow, as far as the request itself could know when it last showed that it lives. Bytes
   * that have come and were not looked at are not held against the client.
   */
  get isSlow(): boolean {
    return this.pace.isSlow(this.seen);
  }

  /** Throws Refused when the lease is over. */
  check(): void {
    if (this.ending === "gone") throw new Refused(busy());
    if (this.ending === "slow") {
      const rule = `while others wait, a body must come at ${MIN_RATE} bytes per second or faster`;
      throw new Refused(refuse("REQUEST_TIMEOUT", rule));
    }
  }
}
