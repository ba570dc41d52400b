import { MIN_RATE } from "../model/limits.ts";
import { refuse, type Refusal, Refused, unavailable } from "../model/refusal.ts";
import { Pace } from "./pace.ts";

/** Whoever lends memory; see MemoryBudget. */
export interface Lender {
  /** A {@link PatientClock}'s time. */
  now(): number;
  /** Says that a timer has been served. */
  tick(): void;
  /** How often those who wait have looked around so far; see {@link Lease.round}. */
  readonly round: number;
  /** Whether somebody waits for memory. */
  readonly wanted: boolean;
  /** Gives the lease more, at once (then it returns nothing) or when the promise resolves; rejects with Refused. */
  grow(lease: Lease, bytes: number): Promise<void> | undefined;
  /** Gives the lease more if nobody could miss it. */
  spare(lease: Lease, bytes: number): boolean;
  shrink(lease: Lease, bytes: number): void;
}

/** What a request is told that does not get its memory in time. */
export const busy = (): Refusal => unavailable("too many uploads at once: try again", 5);

/**
 * The memory that one request holds, from its first byte to its last, and what its lender must know to judge it: how the
 * client keeps up, and when the request last showed that it lives. A request that has been cancelled never says so.
 */
export class Lease {
  readonly vaultId: string;
  /** The most that it will ever hold, in bytes. It is lent only what it holds; see MemoryBudget for what this is for. */
  readonly claim: number;
  readonly pace: Pace;
  /** Held now. The lender alone changes it. */
  bytes = 0;
  /** When the request last showed that it lives, and in which round that was. */
  seen: number;
  round: number;
  /** Set by the lender: the lease is over, and the request has to end as soon as it notices. */
  ending: "slow" | "gone" | undefined;
  readonly #lender: Lender;

  constructor(lender: Lender, vaultId: string, claim: number) {
    this.#lender = lender;
    this.vaultId = vaultId;
    this.claim = claim;
    this.seen = lender.now();
    this.round = lender.round;
    this.pace = new Pace(this.seen);
  }

  /** Whether somebody waits: whoever can do without some memory for a while should give it back. */
  get wanted(): boolean {
    return this.#lender.wanted;
  }

  /** Takes more memory, perhaps after a wait. Throws Refused when the lease is over, or the memory does not come in time. */
  grow(bytes: number): Promise<void> | undefined {
    this.check();
    return this.#lender.grow(this, bytes);
  }

  /** Takes more memory if there is plenty. */
  spare(bytes: number): boolean {
    return this.ending === undefined && this.#lender.spare(this, bytes);
  }

  shrink(bytes: number): void {
    this.#lender.shrink(this, bytes);
  }

  /** Gives everything back; once is enough, more does no harm. */
  release(): void {
    this.#lender.shrink(this, this.bytes);
  }

  /** The request begins to wait for its client. */
  awaiting(): void {
    this.#sign();
    this.pace.awaiting(this.seen);
  }

  received(bytes: number): void {
    this.#sign();
    this.pace.received(bytes, this.seen);
  }

  /** Says that the request lives, whatever it waits for. To be called by a timer of its own, every second. */
  alive(): void {
    this.#lender.tick();
    this.#sign();
  }

  #sign(): void {
    this.seen = this.#lender.now();
    this.round = this.#lender.round;
  }

  /**
   * Whether the client is too slow, as far as the request itself could know when it last showed that it lives: bytes that have
   * come and were not looked at are not held against it.
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
