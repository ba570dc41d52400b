/** What a scenario came to: the rounds of both sides, put together. */

import type { Histogram } from "node:perf_hooks";
import { newHistogram, type Run } from "./load.ts";
import { type Figure, FIGURES, type Scenario } from "./scenario.ts";

/** One side of a comparison, over all its rounds. */
export interface Outcome {
  /** The median of the rounds' figures. */
  value: number;
  rounds: number[];
  requests: number;
  /** Milliseconds. */
  latency: { p50: number; p90: number; p99: number; max: number };
}

/** What a scenario came to. */
export interface Result {
  group: string;
  name: string;
  connections: number;
  figure: Figure;
  ours: Outcome;
  other?: Outcome & { name: string };
  /**
   * The ratio of the medians of both sides. They were taken in turns, so it holds on a noisy machine, where figures do
   * not.
   */
  ratio?: number;
  goal?: number;
  /** What went wrong. If anything did, the figures say nothing. */
  failures: string[];
}

/** Whether the goal is met; undefined when there is no goal, or nothing to compare with. */
export function meets({ ratio, goal, figure }: Result): boolean | undefined {
  if (ratio === undefined || goal === undefined) return undefined;
  return FIGURES[figure].less ? ratio <= goal : ratio >= goal;
}

/**
 * Puts the rounds of a scenario together. The first round of each side is its warm-up. Its figures do not count, but
 * what went wrong in it does.
 *
 * @param error what ended the scenario, if it was ended
 */
export function resultOf(scenario: Scenario, ours: readonly Run[], others: readonly Run[], error?: string): Result {
  const { group, name, connections, figure, other, goal, unwarmed } = scenario;
  const counted = (runs: readonly Run[]): readonly Run[] => runs.slice(unwarmed ? 0 : 1);
  const failures = [...failuresOf("", ours), ...(other ? failuresOf(other.name, others) : [])];
  if (error !== undefined) failures.unshift(error);
  const mine = outcome(figure, counted(ours));
  const result: Result = { group, name, connections, figure, ours: mine, failures };
  if (goal !== undefined) result.goal = goal;
  if (other) {
    result.other = { name: other.name, ...outcome(figure, counted(others)) };
    if (failures.length === 0) result.ratio = mine.value / result.other.value;
  }
  return result;
}

function outcome(figure: Figure, runs: readonly Run[]): Outcome {
  const rounds = runs.map((run) => FIGURES[figure].of(run));
  const latency = newHistogram();
  for (const run of runs) latency.add(run.latency);
  const requests = runs.reduce((sum, run) => sum + run.requests, 0);
  return { value: median(rounds), rounds, requests, latency: percentiles(latency) };
}

function percentiles(latency: Histogram): Outcome["latency"] {
  const at = (percentile: number): number => latency.percentile(percentile) / 1_000;
  return { p50: at(50), p90: at(90), p99: at(99), max: at(100) };
}

function failuresOf(side: string, runs: readonly Run[]): string[] {
  const prefix = side && `${side}: `;
  const counts = new Map<string, number>();
  for (const run of runs) for (const [what, n] of run.unexpected) counts.set(what, (counts.get(what) ?? 0) + n);
  const failures = [...counts].map(([what, n]) => `${prefix}${what} × ${n}`);
  if (runs.at(-1)?.requests === 0) failures.push(`${prefix}no request succeeded`);
  return failures;
}

/** The median. Of an even count of numbers it is the middle between the two in the middle, and of none it is 0. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
