import { afterEach, expect, it, vi } from "vitest";
import { TimeoutError, Watchdog, within } from "../../src/runtime/wait.ts";

afterEach(() => {
  vi.useRealTimers();
});

const never = new Promise<never>(() => {});
const after = <T>(ms: number, value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), ms));

it("within: returns the value, or throws the failure, or TimeoutError when neither comes in time", async () => {
  expect(await within(1_000, Promise.resolve(1))).toBe(1);
  await expect(within(1_000, Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(within(10, never)).rejects.toThrow(TimeoutError);
});

it("Watchdog: bounds each of several waits by its own time, with one timer", async () => {
  const watchdog = new Watchdog();
  const ended: string[] = [];
  const wait = (name: string, ms: number): Promise<void> =>
    watchdog.within(ms, never).catch((error: unknown) => {
      expect(error).toBeInstanceOf(TimeoutError);
      ended.push(name);
    });
  // The shorter wait comes second, so the timer is set again, to an earlier time. The longest is left when it goes off,
  // so it is set once more.
  await Promise.all([wait("second", 60), wait("first", 20), wait("third", 120)]);
  expect(ended).toEqual(["first", "second", "third"]);
});

it("Watchdog: forgets a wait that has ended, and bounds the next one by its own time", async () => {
  const watchdog = new Watchdog();
  expect(await watchdog.within(30, after(1, "done"))).toBe("done");
  // The timer of the first wait goes off while this wait goes on.
  expect(await watchdog.within(1_000, after(60, "later"))).toBe("later");
  await expect(watchdog.within(10, never)).rejects.toThrow(TimeoutError);
});

it("Watchdog: calls onTick every second while something is waited for, and only then", async () => {
  vi.useFakeTimers();
  const watchdog = new Watchdog();
  let ticks = 0;
  watchdog.onTick = () => ticks++;
  const wait = watchdog.within(5_500, never).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(5_400);
  expect(ticks).toBe(5);
  await vi.advanceTimersByTimeAsync(200);
  expect(await wait).toBeInstanceOf(TimeoutError);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([ticks, vi.getTimerCount()]).toEqual([6, 0]);
});

it("Watchdog: ends all waits when it is told to", async () => {
  const watchdog = new Watchdog();
  const waits = [1_000, 2_000].map((ms) => watchdog.within(ms, never));
  watchdog.expire();
  for (const wait of waits) await expect(wait).rejects.toThrow(TimeoutError);
  watchdog.stop();
});

it("Watchdog: does not count the time in which the thread served nobody", async () => {
  vi.useFakeTimers();
  const watchdog = new Watchdog();
  watchdog.onTick = () => {};
  let state = "waiting";
  watchdog.within(5_000, never).catch(() => (state = "over"));
  vi.setSystemTime(Date.now() + 60_000);
  await vi.advanceTimersByTimeAsync(4_500);
  expect(state).toBe("waiting");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(state).toBe("over");
});
