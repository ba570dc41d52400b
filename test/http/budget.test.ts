import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Budget } from "../../src/http/budget.ts";
import { Refused } from "../../src/model/refusal.ts";

describe("budget", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const settled = async (promise: Promise<unknown>): Promise<string> => {
    let state = "waiting";
    promise.then(
      () => (state = "granted"),
      (error: unknown) => (state = error instanceof Refused ? error.refusal.code : String(error)),
    );
    await vi.advanceTimersByTimeAsync(0);
    return state;
  };

  it("grants what fits, makes the rest wait in order, and never holds more than its limit", async () => {
    const budget = new Budget(100);
    const [a, b] = [await budget.lease("a", 60), await budget.lease("b", 30)];
    const [large, small] = [budget.lease("c", 50), budget.lease("d", 10)];
    expect([await settled(large), await settled(small)]).toEqual(["waiting", "waiting"]);
    b.release();
    expect([await settled(large), await settled(small)]).toEqual(["waiting", "waiting"]);
    a.release();
    expect([await settled(large), await settled(small)]).toEqual(["granted", "granted"]);
    a.release(); // Once more does no harm.
    expect([budget.held, budget.highWater]).toEqual([60, 90]);
  });

  it("keeps a share for other vaults, whatever one does", async () => {
    const budget = new Budget(100);
    for (let i = 0; i < 6; i++) await budget.lease("greedy", 10);
    const seventh = budget.lease("greedy", 10);
    expect(await settled(seventh)).toBe("waiting");
    expect(await settled(budget.lease("other", 40))).toBe("granted");
    expect(await settled(seventh)).toBe("waiting");
  });

  it("refuses who waits too long with 503", async () => {
    const budget = new Budget(100);
    const lease = await budget.lease("a", 60);
    const waiting = budget.lease("b", 60);
    const outcome = waiting.catch((error: unknown) => (error instanceof Refused ? error.refusal : error));
    for (let i = 0; i < 61; i++) {
      lease.renew();
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(await outcome).toMatchObject({ code: "UNAVAILABLE", headers: { "Retry-After": "5" } });
    lease.release();
    expect(await settled(budget.lease("c", 60))).toBe("granted");
  });

  it("takes a lease back that shows no progress", async () => {
    const budget = new Budget(100);
    await budget.lease("a", 60);
    await vi.advanceTimersByTimeAsync(100_000);
    const waiting = budget.lease("b", 60);
    expect(await settled(waiting)).toBe("waiting");
    await vi.advanceTimersByTimeAsync(25_000);
    expect(await settled(waiting)).toBe("granted");
    expect(budget.held).toBe(60);
  });
});
