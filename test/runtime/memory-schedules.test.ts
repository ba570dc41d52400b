/**
 * Random schedules of clients against one memory budget, in fake time: whatever they do, the rules of memory-budget.ts
 * hold.
 */

import fc from "fast-check";
import { afterEach, beforeEach, expect, inject, it, vi } from "vitest";
import type { Lease } from "../../src/runtime/lease.ts";
import { MemoryBudget } from "../../src/runtime/memory-budget.ts";
import { MIN_RATE, PATIENCE_MS } from "../../src/model/limits.ts";
import { Refused } from "../../src/model/refusal.ts";

type Timer = ReturnType<typeof setInterval>;

const KIB = 1024;
const LIMIT = 2_048 * KIB;
const WAIT_MS = 60_000;
/** How often bytes of a client arrive and the budget is looked at. Milliseconds. */
const STEP_MS = 500;

interface Plan {
  vault: string;
  startsAt: number;
  /** How many bytes come. All of them are kept until the end, and all are claimed. */
  size: number;
  /** Bytes a second, and how many bytes are sent at once in the beginning. */
  rate: number;
  burst: number;
  /** How long it takes in the end to store the bytes. Milliseconds. */
  stores: number;
  /** The time at which the request is cancelled, and is never heard of again. Milliseconds. */
  cancelledAt: number;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  vault: fc.constantFrom("a", "a", "b", "c"),
  startsAt: fc.integer({ min: 0, max: 40 }).map((steps) => steps * STEP_MS),
  size: fc.integer({ min: 1, max: LIMIT }),
  rate: fc.constantFrom(4, 4 * KIB, MIN_RATE, 2 * MIN_RATE, 32 * MIN_RATE),
  burst: fc.constantFrom(0, 0, 512 * KIB),
  stores: fc.constantFrom(0, 1_000, 20_000),
  cancelledAt: fc.constantFrom(Infinity, Infinity, Infinity, 10_000, 20_000),
});

/** One request. Each step of it is STEP_MS. */
class Client {
  readonly plan: Plan;
  readonly lease: Lease;
  state: "new" | "waiting" | "reading" | "storing" | "done" | "cancelled" | Refused["refusal"]["code"] = "new";
  #received = 0;
  waitedSince = 0;
  longestWait = 0;
  #storesUntil = 0;
  #timer: Timer | undefined;

  constructor(budget: MemoryBudget, each: Plan) {
    this.plan = each;
    this.lease = budget.lease(each.vault, each.size);
  }

  get isOver(): boolean {
    return !["new", "waiting", "reading", "storing"].includes(this.state);
  }

  step(now: number): void {
    const { startsAt, cancelledAt, burst, rate } = this.plan;
    if (this.isOver || now < startsAt) return;
    if (now >= cancelledAt) {
      if (this.#timer !== undefined) clearInterval(this.#timer);
      this.state = "cancelled";
    } else if (this.state === "new") {
      this.#take(Math.max(burst, 1), now);
    } else if (this.state === "reading") {
      this.#take((rate * STEP_MS) / 1000, now);
    } else if (this.state === "storing") {
      this.lease.alive();
      if (now >= this.#storesUntil) this.#end("done");
    }
  }

  /** Takes bytes that have come, and keeps them. */
  #take(bytes: number, now: number): void {
    const kept = Math.min(bytes, this.plan.size - this.#received);
    this.#received += kept;
    this.waitedSince = now;
    try {
      if (this.state === "reading") this.lease.received(bytes);
      const timers = vi.mocked(setInterval).mock.results.length;
      const wait = this.lease.grow(kept);
      if (!wait) return this.#goOn(now);
      this.#timer = vi.mocked(setInterval).mock.results[timers]?.value as Timer | undefined;
      this.state = "waiting";
      wait.then(
        () => this.#goOn(Date.now() - start),
        (error: unknown) => this.#refused(error),
      );
    } catch (error) {
      this.#refused(error);
    }
  }

  #goOn(now: number): void {
    if (this.state === "cancelled") return;
    this.longestWait = Math.max(this.longestWait, now - this.waitedSince);
    this.state = this.#received < this.plan.size ? "reading" : "storing";
    this.#storesUntil = now + this.plan.stores;
    if (this.state === "reading") this.lease.awaiting();
  }

  #refused(error: unknown): void {
    if (!(error instanceof Refused)) throw error;
    if (this.state !== "cancelled") this.#end(error.refusal.code);
  }

  #end(state: Client["state"]): void {
    this.state = state;
    this.lease.release();
  }
}

let start = 0;
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(globalThis, "setInterval");
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Checks what must be true whenever nothing happens. */
function check(budget: MemoryBudget, clients: readonly Client[], now: number): void {
  const { held } = budget;
  const sum = clients.reduce((bytes, { lease }) => bytes + lease.bytes, 0);
  expect(held).toBe(sum);
  expect(held).toBeLessThanOrEqual(LIMIT);
  const waiting = clients.filter(({ state }) => state === "waiting");
  const holders = clients.filter(({ lease }) => lease.bytes > 0);
  // Otherwise all would wait for each other.
  if (holders.length > 0) expect(holders.some(({ state }) => state !== "waiting")).toBe(true);
  const heldBy = (vault: string) =>
    clients.reduce((bytes, { plan: { vault: own }, lease }) => bytes + (own === vault ? lease.bytes : 0), 0);
  const parties = new Set(
    clients.filter(({ state, lease }) => state === "waiting" || lease.bytes > 0).map((c) => c.plan.vault),
  );
  // Requests that are gone still count as waiting until somebody who lives has waited for three seconds.
  const lastGone = Math.max(...clients.map(({ state, plan: own }) => (state === "cancelled" ? own.cancelledAt : 0)));
  for (const { lease, plan: own, waitedSince } of waiting) {
    if (lease.bytes === 0 && now <= Math.max(lastGone, waitedSince) + 5_000) continue;
    const need = lease.claim - lease.bytes;
    const hasItsPart =
      lease.bytes === 0 &&
      heldBy(own.vault) > LIMIT / parties.size &&
      waiting.some((other) => heldBy(other.plan.vault) < heldBy(own.vault));
    expect(need > LIMIT - held || hasItsPart, `${own.vault} waits for ${need} of ${LIMIT - held}`).toBe(true);
  }
}

/**
 * Lets fake time pass, and lets everybody who waited for it go on. `advanceTimersByTimeAsync` would wait for real
 * timers in between, a millisecond each, and there are some hundred thousand steps.
 */
async function advance(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 250) {
    vi.advanceTimersByTime(Math.min(left, 250));
    await settled();
  }
  await settled();
}

/** Takes more turns than any chain of promises here has links. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

it("whatever clients do: no more is held than the limit, nobody waits in vain or for ever, and nobody who keeps up is ended", async () => {
  let ended = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(plan, { minLength: 2, maxLength: 14 }), async (plans) => {
      start = Date.now();
      const budget = new MemoryBudget(LIMIT, WAIT_MS);
      const clients = plans.map((each) => new Client(budget, each));
      // This is longer than every wait, and longer than the largest body takes at the minimum rate.
      for (let now = 0; now < 900_000 && clients.some(({ isOver }) => !isOver); now += STEP_MS) {
        for (const client of clients) client.step(now);
        await advance(STEP_MS);
        void budget.held; // Reading it forgets whoever is gone, in favour of those who wait.
        await advance(0);
        check(budget, clients, now);
        // A slow request that nobody waits for would take days.
        if (now > 400_000) for (const client of clients) if (client.plan.rate < MIN_RATE) client.plan.cancelledAt = now;
      }
      ended += clients.filter(({ state }) => state === "REQUEST_TIMEOUT").length;
      for (const { state, plan: own, longestWait, lease } of clients) {
        expect(["done", "cancelled", "UNAVAILABLE", "REQUEST_TIMEOUT"]).toContain(state);
        if (own.rate >= MIN_RATE) expect(state).not.toBe("REQUEST_TIMEOUT");
        if (own.rate >= MIN_RATE && state !== "UNAVAILABLE") expect(lease.ending === "slow").toBe(false);
        expect(longestWait).toBeLessThanOrEqual(WAIT_MS + 1_000);
      }
      // A request that was cancelled is gone as soon as somebody wants its memory.
      const last = budget.lease("z", LIMIT);
      const wait = last.grow(LIMIT);
      await vi.advanceTimersByTimeAsync(PATIENCE_MS);
      await wait;
      expect(last.bytes).toBe(LIMIT);
      last.release();
      expect([budget.held, vi.getTimerCount()]).toEqual([0, 0]);
    }),
    { numRuns: inject("fuzzRuns") / 5 },
  );
  // There were schedules in which a slow request was ended.
  expect(ended).toBeGreaterThan(0);
});
