import { afterEach, expect, it, vi } from "vitest";
import { InFlight } from "../../src/runtime/in-flight.ts";

afterEach(() => void vi.useRealTimers());

it("begins one job of a name at a time, and no more than they may weigh together", () => {
  const jobs = new InFlight(10, 1_000);
  const end = jobs.begin("a", 6);
  expect(end).toBeDefined();
  expect(jobs.begin("a", 1)).toBeUndefined();
  expect(jobs.begin("b", 5)).toBeUndefined();
  expect(jobs.begin("b", 4)).toBeDefined();
  expect(jobs.begin("c", 0)).toBeDefined();
  expect(jobs.weight).toBe(10);
  end?.();
  end?.();
  expect(jobs.weight).toBe(4);
  expect(jobs.begin("a", 6)).toBeDefined();
});

it("forgets what never ends, and its late end ends no other job", () => {
  vi.useFakeTimers();
  const jobs = new InFlight(10, 1_000);
  const lost = jobs.begin("a", 10);
  vi.advanceTimersByTime(999);
  expect(jobs.begin("a", 1)).toBeUndefined();
  vi.advanceTimersByTime(1);
  expect(jobs.begin("a", 9)).toBeDefined();
  lost?.();
  expect(jobs.weight).toBe(9);
  expect(jobs.begin("a", 1)).toBeUndefined();
});
