import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Lease } from "../../src/runtime/lease.ts";
import { MemoryBudget } from "../../src/runtime/memory-budget.ts";
import { MIN_RATE, PATIENCE_MS } from "../../src/model/limits.ts";
import { Refused } from "../../src/model/refusal.ts";

const LIMIT = 1_000_000;
const WAIT_MS = 60_000;

let budget: MemoryBudget;
beforeEach(() => {
  vi.useFakeTimers();
  budget = new MemoryBudget(LIMIT, WAIT_MS);
});
afterEach(() => {
  vi.useRealTimers();
});

/** What has become of a wait for memory so far. */
function watch(wait: Promise<void> | undefined): { state: string } {
  const outcome = { state: wait ? "waiting" : "granted" };
  wait?.then(
    () => (outcome.state = "granted"),
    (error: unknown) => (outcome.state = error instanceof Refused ? error.refusal.code : String(error)),
  );
  return outcome;
}

/** A lease that holds some of its claim already. */
function holder(vaultId: string, bytes: number, claim = bytes): Lease {
  const lease = budget.lease(vaultId, claim);
  expect(watch(lease.grow(bytes)).state).toBe("granted");
  return lease;
}

const newcomer = (vaultId: string, bytes: number, claim = bytes) => watch(budget.lease(vaultId, claim).grow(bytes));

/** Lets time pass in which these requests live and send so many bytes a second. */
async function live(seconds: number, leases: readonly Lease[], rate = 0): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    await vi.advanceTimersByTimeAsync(1_000);
    for (const lease of leases) {
      lease.alive();
      if (rate > 0) {
        lease.received(rate);
        lease.awaiting();
      }
    }
  }
}

const endings = (leases: readonly Lease[]) => leases.map((lease) => lease.ending);

describe("what is lent", () => {
  it("is what requests hold: what others might still need keeps nobody waiting", () => {
    for (let i = 0; i < 50; i++) holder("greedy", 10, LIMIT / 2);
    expect(newcomer("other", 1_000, LIMIT / 2).state).toBe("granted");
    expect(budget.held).toBe(1_500);
  });

  it("comes at once and without a timer while there is enough", () => {
    const lease = holder("a", 10, 100);
    expect(lease.grow(90)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
    lease.shrink(60);
    expect([lease.bytes, budget.held, budget.highWater]).toEqual([40, 40, 100]);
    lease.release();
    lease.release();
    expect(budget.held).toBe(0);
  });

  it("may be all memory when one vault is alone", () => {
    for (let i = 0; i < 10; i++) holder("alone", LIMIT / 10);
    expect(budget.held).toBe(LIMIT);
  });

  it("is refused with 503 and Retry-After to whoever waits too long", async () => {
    const lease = holder("a", LIMIT);
    const refused = Promise.resolve(budget.lease("b", 10).grow(10)).catch((error: unknown) =>
      error instanceof Refused ? error.refusal : error,
    );
    await live(61, [lease]);
    expect(await refused).toMatchObject({ code: "UNAVAILABLE", headers: { "Retry-After": "5" } });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("two that need more than there is", () => {
  it("do not wait for each other: the one that was granted something last gets the rest", async () => {
    const [a, b] = [holder("a", 400_000, 900_000), holder("b", 300_000, 600_000)];
    const first = watch(a.grow(100_000));
    expect(first.state).toBe("waiting");
    expect(watch(b.grow(300_000)).state).toBe("granted");
    b.release();
    await live(0, []);
    await vi.advanceTimersByTimeAsync(0);
    expect(first.state).toBe("granted");
  });

  it("are not both let in when they could not both end", () => {
    holder("a", 500_000, 900_000);
    expect(newcomer("b", 10, 600_000).state).toBe("waiting");
    expect(newcomer("c", 10, 400_000).state).toBe("granted");
  });
});

describe("what is given back", () => {
  it("goes to the waiting vault that holds least, and within it to the first", async () => {
    const big = holder("rich", 600_000);
    const small = holder("poor", 400_000);
    const rich = newcomer("rich", 300_000);
    const [first, second] = [newcomer("poor", 300_000), newcomer("poor", 300_000)];
    await live(1, [big, small]);
    small.shrink(300_000);
    await vi.advanceTimersByTimeAsync(0);
    expect([rich, first, second].map(({ state }) => state)).toEqual(["waiting", "granted", "waiting"]);
  });

  it("is not lent to a new body of a vault that has its part, while another vault waits that holds less", async () => {
    const all = Array.from({ length: 9 }, () => holder("greedy", 100_000));
    const other = newcomer("other", 200_000);
    const more = newcomer("greedy", 50_000);
    await live(1, all);
    expect([other.state, more.state]).toEqual(["waiting", "waiting"]);
    all.pop()?.release();
    await vi.advanceTimersByTimeAsync(0);
    expect([other.state, more.state]).toEqual(["granted", "waiting"]);
    all.pop()?.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(more.state).toBe("granted");
  });

  it("is lent for larger reads only while there is plenty and nobody waits", () => {
    const lease = holder("a", 700_000, LIMIT);
    expect(lease.spare(50_000)).toBe(true);
    expect(lease.spare(50_000)).toBe(false);
    const slight = holder("a", 10, 100);
    newcomer("b", LIMIT);
    expect(slight.spare(10)).toBe(false);
  });
});

describe("whoever is slow", () => {
  const slow = (vaultId: string, bytes: number): Lease => {
    const lease = holder(vaultId, bytes);
    lease.awaiting();
    return lease;
  };

  it("is let alone while nobody waits", async () => {
    const lease = slow("a", LIMIT);
    await live(300, [lease]);
    expect(lease.ending).toBeUndefined();
  });

  it("is ended, with 408, once somebody waits, after the time that it is trusted for", async () => {
    const lease = slow("a", LIMIT);
    const waiting = newcomer("b", 10);
    await live(PATIENCE_MS / 1000, [lease]);
    expect(lease.ending).toBeUndefined();
    await live(2, [lease]);
    expect(lease.ending).toBe("slow");
    expect(() => lease.check()).toThrow(/must come at 32768 bytes per second/);
    expect(waiting.state).toBe("waiting");
    lease.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(waiting.state).toBe("granted");
  });

  it("is not whoever keeps up, not even at exactly the minimum rate", async () => {
    const lease = slow("a", LIMIT);
    newcomer("b", 10);
    await live(50, [lease], MIN_RATE);
    expect(lease.ending).toBeUndefined();
  });

  it("is whoever has sent much at once and then stalls", async () => {
    const lease = slow("a", LIMIT);
    lease.received(100 * MIN_RATE);
    lease.awaiting();
    newcomer("b", 10);
    await live(PATIENCE_MS / 1000 + 2, [lease]);
    expect(lease.ending).toBe("slow");
  });

  it("is whoever sends a few bytes again and again", async () => {
    const lease = slow("a", LIMIT);
    newcomer("b", 10);
    for (let i = 0; i < 200; i++) {
      await vi.advanceTimersByTimeAsync(95);
      lease.received(4);
      lease.awaiting();
    }
    expect(lease.ending).toBe("slow");
  });

  it("is not whoever was slow and has become fast enough", async () => {
    const lease = slow("a", LIMIT);
    await live(60, [lease], 100);
    await live(10, [lease], MIN_RATE);
    newcomer("b", 10);
    await live(40, [lease], MIN_RATE);
    expect(lease.ending).toBeUndefined();
  });

  it("is not a client that waits for us", async () => {
    const lease = holder("a", LIMIT);
    newcomer("b", 10);
    await live(50, [lease]);
    expect(lease.ending).toBeUndefined();
  });

  it("goes first from a vault beyond its part, the slowest first, and no more go than it takes", async () => {
    const inPart = slow("modest", 50_000);
    const faster = slow("greedy", 300_000);
    const slower = slow("greedy", 300_000);
    const all = [inPart, faster, slower, slow("greedy", 300_000), holder("busy", 50_000)];
    const third = all[3];
    await live(PATIENCE_MS / 1000 + 5, [inPart, slower]);
    for (const lease of all) lease.alive();
    for (const lease of [faster, third]) {
      lease?.received(5_000);
      lease?.awaiting();
    }
    newcomer("waiting", 200_000);
    await live(1, all);
    expect(endings(all)).toEqual([undefined, undefined, "slow", undefined, undefined]);
    // The one that is ending does not react, and counts as gone after a while. Nobody else has to go for it.
    await live(5, [inPart, faster, ...all.slice(3)]);
    expect(endings(all)).toEqual([undefined, undefined, "gone", undefined, undefined]);
    newcomer("waiting", 800_000);
    await live(1, [inPart, faster, ...all.slice(3)]);
    expect(endings(all)).toEqual(["slow", "slow", "gone", "slow", undefined]);
  });
});

describe("whoever yields", () => {
  it("is refused while it holds some and waits for more, once a vault waits that holds less", async () => {
    const [first, second] = ["greedy", "greedy"].map((vaultId) => budget.lease(vaultId, LIMIT / 2, true));
    if (!first || !second) throw new Error("two leases were made");
    await first.grow(LIMIT / 2);
    await second.grow(LIMIT / 2 - 1);
    const more = watch(second.grow(2));
    await live(5, [first, second], MIN_RATE);
    expect(more.state).toBe("waiting");
    const other = newcomer("other", LIMIT / 4);
    await live(1, [first, second], MIN_RATE);
    expect(more.state).toBe("UNAVAILABLE");
    expect([first.mustYield, first.ending]).toEqual([true, undefined]);
    second.release();
    await vi.advanceTimersByTimeAsync(0);
    expect(other.state).toBe("granted");
    expect(first.mustYield).toBe(false);
  });
});

describe("whoever is gone", () => {
  it("is forgotten three seconds after its last sign, when somebody waits for its memory", async () => {
    for (let i = 0; i < 10; i++) holder("v", LIMIT / 10);
    await vi.advanceTimersByTimeAsync(3_600_000);
    const lease = budget.lease("v", 10);
    const waiting = watch(lease.grow(10));
    await vi.advanceTimersByTimeAsync(4_000);
    expect(waiting.state).toBe("granted");
    expect(budget.held).toBe(10);
  });

  it("is refused when it comes back, and gives nothing back twice", async () => {
    const lease = holder("a", LIMIT);
    const other = newcomer("b", LIMIT);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(other.state).toBe("granted");
    expect(() => lease.check()).toThrow(Refused);
    expect(() => lease.grow(1)).toThrow(Refused);
    lease.release();
    lease.shrink(10);
    expect(budget.held).toBe(LIMIT);
  });

  it("gets no memory that it waited for", async () => {
    const lease = holder("v", LIMIT);
    for (let i = 0; i < 5; i++) newcomer("v", LIMIT);
    vi.clearAllTimers(); // The requests are cancelled, and their timers with them.
    const other = newcomer("w", 10);
    await live(5, [lease]);
    lease.release();
    await vi.advanceTimersByTimeAsync(0);
    expect([other.state, budget.held]).toEqual(["granted", 10]);
  });

  it("is not whoever gave no sign because the whole process stood still", async () => {
    const lease = holder("a", LIMIT);
    newcomer("b", 10);
    await live(2, [lease]);
    vi.setSystemTime(Date.now() + 3_600_000);
    await vi.advanceTimersByTimeAsync(1_000);
    lease.alive();
    await live(10, [lease]);
    expect(lease.ending).toBeUndefined();
  });

  it("is not whoever gives its signs late because all timers come late", async () => {
    const lease = holder("a", LIMIT);
    newcomer("b", 10);
    for (let i = 0; i < 8; i++) {
      vi.setSystemTime(Date.now() + 5_000);
      await vi.advanceTimersByTimeAsync(1_000); // The waiter's timer goes off first, then ours.
      lease.alive();
    }
    expect(lease.ending).toBeUndefined();
  });
});
