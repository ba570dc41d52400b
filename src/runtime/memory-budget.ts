/**
 * The memory that all requests of an isolate share, and the rules by which it is lent. Why a lease is of what is held
 * stands in docs/decisions/015-leases-of-what-is-held.md.
 */

import { Refused } from "../model/refusal.ts";
import { PatientClock } from "./patient-clock.ts";
import { busy, Lease, type Lender } from "./lease.ts";

/** How often a waiting request shows that it lives, and looks whether its turn has come. Milliseconds. */
const SIGN_MS = 1_000;

/**
 * A request that gives no sign for this many rounds is gone: it was cancelled, and nobody was told. A round takes a
 * second. Rounds are counted and not time, because a thread that is too busy to serve timers serves nobody's, and then
 * all of them at once.
 */
const GONE_ROUNDS = 3;

/** The least time of a round: a tenth less than SIGN_MS, since timers may go off a little early. Milliseconds. */
const ROUND_MS = 900;

/**
 * The slow are not looked for again within this time. To look for them means to look at everybody who holds or waits,
 * and everybody who waits asks for it once a second. Milliseconds.
 */
const LOOK_MS = 200;

/**
 * Up to this part of the limit, memory is lent that its holder could do without. The rest is kept for those who could
 * not.
 */
const SPARE_PART = 0.75;

/** When many wait for little, this part of the limit is made free for them at once: 7 of 56 MiB. */
const FREED_PART = 1 / 8;

interface Waiter {
  readonly lease: Lease;
  readonly bytes: number;
  round: number;
  grant(): void;
}

/** What a vault holds, in bytes, and how many of its requests wait. */
interface Party {
  held: number;
  waiting: number;
}

/**
 * Memory that all requests of an isolate share. A lease is of what its request holds, and grows and shrinks with that.
 *
 * **Nobody waits for ever.** A lease may grow while it holds something, and may have to wait for more. So it could
 * happen that all hold some and wait for the rest. One rule makes that impossible: *a request gets memory only while
 * all that it may still need is free*. What it may still need is its claim less what it holds. Of those that hold
 * something now, take the one that was granted something last. It can always be granted the rest, since the others have
 * only given back after its grant. When it has ended, the same is true of the one before it, and so on (the banker's
 * algorithm, last in first out). The rule looks at nobody else's claim: what others might need some day keeps nobody
 * waiting.
 *
 * **Who gets what is free.** Of the waiting requests that the free memory suffices for, one of the vault that holds
 * least gets it. Within a vault, whoever came first is served first. A vault that is alone may have all. A vault's part
 * is the limit divided by the number of vaults that hold or wait. A vault that holds more than its part begins nothing
 * new while another one waits that holds less.
 *
 * **Who has to go.** As soon as somebody waits, every body must come at the minimum rate: see {@link Pace}. Of the slow
 * ones, the slowest of a vault beyond its part goes first, then the slowest of all, until what they hold is enough. A
 * body that keeps up is never ended, unless it yields: a resumable upload that is in the way ends by itself when it has
 * to wait for more, or for its client. A lease is ended by a mark, which its holder sees at its next read or at its own
 * one-second timer.
 *
 * **Who is gone.** On Workers, the code of a request whose client has disconnected may simply never run again. Whoever
 * holds or waits and gives no sign of life for three seconds is forgotten.
 */
export class MemoryBudget implements Lender {
  readonly limit: number;
  readonly #waitMs: number;
  readonly #clock = new PatientClock();
  readonly #holders = new Set<Lease>();
  /** The waiting requests, in the order in which they came. */
  readonly #waiters = new Set<Waiter>();
  readonly #parties = new Map<string, Party>();
  #held = 0;
  #looked = -LOOK_MS;
  #round = 0;
  #rounded = Date.now();
  /** The most bytes that were held at once so far. */
  highWater = 0;

  /** @param waitMs how long a request waits for memory before it gets 503 */
  constructor(limit: number, waitMs: number) {
    this.limit = limit;
    this.#waitMs = waitMs;
  }

  /** Makes a lease that holds nothing yet. Its claim, in bytes, is at most the limit. `yields`: see {@link Lease}. */
  lease(vaultId: string, claim: number, yields = false): Lease {
    return new Lease(this, vaultId, claim, yields);
  }

  /** How many bytes are held right now, by requests that live as far as anybody who waited could tell. */
  get held(): number {
    return this.#held;
  }

  get round(): number {
    return this.#round;
  }

  get wanted(): boolean {
    return this.#waiters.size > 0;
  }

  now(): number {
    return this.#clock.now();
  }

  tick(): void {
    this.#clock.tick();
  }

  grow(lease: Lease, bytes: number): Promise<void> | undefined {
    if (!this.#mayHave(lease, bytes)) return this.#wait(lease, bytes);
    this.#grant(lease, bytes);
    // Its vault may now hold more than another one, whose turn it is then.
    if (this.wanted) this.#serve();
    return undefined;
  }

  spare(lease: Lease, bytes: number): boolean {
    const plenty = !this.wanted && this.#held + bytes <= this.limit * SPARE_PART && this.#mayHave(lease, bytes);
    if (plenty) this.#grant(lease, bytes);
    return plenty;
  }

  shrink(lease: Lease, bytes: number): void {
    const freed = Math.min(bytes, lease.bytes);
    if (freed <= 0) return;
    lease.bytes -= freed;
    this.#held -= freed;
    this.#party(lease.vaultId, -freed, 0);
    if (lease.bytes === 0) this.#holders.delete(lease);
    if (this.wanted) this.#serve();
  }

  #need(lease: Lease, bytes: number): number {
    return Math.max(bytes, lease.claim - lease.bytes);
  }

  #mayHave(lease: Lease, bytes: number): boolean {
    if (this.#need(lease, bytes) > this.limit - this.#held) return false;
    return !this.wanted || !this.#isBarred(lease);
  }

  /** Whether the lease would be a new one that is in the way. */
  #isBarred(lease: Lease): boolean {
    return lease.bytes === 0 && this.isInTheWay(lease);
  }

  isInTheWay({ vaultId }: Lease): boolean {
    const held = this.#parties.get(vaultId)?.held ?? 0;
    if (held <= this.#part) return false;
    for (const party of this.#parties.values()) if (party.waiting > 0 && party.held < held) return true;
    return false;
  }

  /** How many bytes one vault may hold without being in anybody's way. */
  get #part(): number {
    return this.limit / this.#parties.size;
  }

  #grant(lease: Lease, bytes: number): void {
    if (bytes <= 0) return;
    lease.bytes += bytes;
    this.#held += bytes;
    this.highWater = Math.max(this.highWater, this.#held);
    this.#holders.add(lease);
    this.#party(lease.vaultId, bytes, 0);
  }

  #party(vaultId: string, held: number, waiting: number): void {
    const party = this.#parties.get(vaultId) ?? { held: 0, waiting: 0 };
    party.held += held;
    party.waiting += waiting;
    if (party.held > 0 || party.waiting > 0) this.#parties.set(vaultId, party);
    else this.#parties.delete(vaultId);
  }

  #wait(lease: Lease, bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const until = Date.now() + this.#waitMs;
      // workerd ends a request that waits on nothing but another request. This timer is something of its own to wait
      // for.
      const timer = setInterval(() => {
        lease.alive();
        waiter.round = this.#round;
        if (Date.now() < until && lease.ending === undefined && !lease.mustYield) return this.#look();
        clearInterval(timer);
        this.#dismiss(waiter);
        reject(new Refused(busy()));
        this.#serve();
      }, SIGN_MS);
      const grant = (): void => {
        clearInterval(timer);
        resolve();
      };
      const waiter: Waiter = { lease, bytes, round: this.#round, grant };
      this.#waiters.add(waiter);
      this.#party(lease.vaultId, 0, 1);
      this.#endTheSlow();
    });
  }

  #dismiss(waiter: Waiter): void {
    if (this.#waiters.delete(waiter)) this.#party(waiter.lease.vaultId, 0, -1);
  }

  /**
   * The work of a waiter's timer: forgets whoever is gone, serves those who wait, and ends the slow when that is not
   * enough.
   */
  #look(): void {
    const now = Date.now();
    if (Math.abs(now - this.#rounded) >= ROUND_MS) {
      this.#rounded = now;
      this.#round++;
      this.#forgetTheGone();
    }
    this.#endTheSlow();
  }

  #serve(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      this.#dismiss(next);
      this.#grant(next.lease, next.bytes);
      next.grant();
    }
  }

  /** The waiter whose turn it is; undefined when there is none. */
  #next(): Waiter | undefined {
    let next: Waiter | undefined;
    let least = Infinity;
    for (const waiter of this.#waiters) {
      const held = this.#parties.get(waiter.lease.vaultId)?.held ?? 0;
      if (held >= least || waiter.lease.ending || !this.#mayHave(waiter.lease, waiter.bytes)) continue;
      next = waiter;
      least = held;
    }
    return next;
  }

  #forgetTheGone(): void {
    const latest = this.#round - GONE_ROUNDS;
    for (const waiter of this.#waiters) if (waiter.round <= latest) this.#dismiss(waiter);
    for (const lease of this.#holders) {
      if (lease.round > latest) continue;
      lease.ending = "gone";
      this.shrink(lease, lease.bytes);
    }
    this.#serve();
  }

  #endTheSlow(): void {
    const now = this.now();
    if (!this.wanted || now - this.#looked < LOOK_MS) return;
    this.#looked = now;
    let wanted = 0;
    let largest = 0;
    for (const { lease, bytes } of this.#waiters) {
      if (this.#isBarred(lease)) continue;
      wanted += this.#need(lease, bytes);
      largest = Math.max(largest, this.#need(lease, bytes));
    }
    // It must be enough for the largest, or for many small ones.
    let missing = Math.min(wanted, Math.max(largest, this.limit * FREED_PART)) - (this.limit - this.#held);
    const slow: Lease[] = [];
    const left = new Map<string, number>();
    for (const lease of this.#holders) {
      if (lease.ending) missing -= lease.bytes;
      else if (lease.isSlow) slow.push(lease);
      if (!lease.ending) left.set(lease.vaultId, (left.get(lease.vaultId) ?? 0) + lease.bytes);
    }
    slow.sort((a, b) => a.pace.rate(now) - b.pace.rate(now));
    for (const onlyBeyondPart of [true, false]) {
      for (const lease of slow) {
        const held = left.get(lease.vaultId) ?? 0;
        if (missing <= 0) return;
        if (lease.ending || (onlyBeyondPart && held <= this.#part)) continue;
        lease.ending = "slow";
        missing -= lease.bytes;
        left.set(lease.vaultId, held - lease.bytes);
      }
    }
  }
}
