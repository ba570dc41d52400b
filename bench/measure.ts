/** Measures scenarios, each in turns with what it is compared with. */

import type { Run } from "./load.ts";
import type { Options } from "./options.ts";
import { Progress } from "./report/progress.ts";
import { type Result, resultOf } from "./result.ts";
import type { Scenario } from "./scenario.ts";

/**
 * The first requests of a kind compile, connect and fill caches, so they are made before anything is counted. Seconds.
 */
const WARM_UP = 0.5;

/**
 * Measures a scenario in turns with what it is compared with: A B A B, or A B B A if they swap. What the machine does
 * meanwhile happens to both. Whatever goes wrong is in the result.
 *
 * @param progress told of each round before it begins; round 0 is the warm-up
 */
export async function measure(
  scenario: Scenario,
  options: Pick<Options, "duration" | "rounds">,
  progress: (round: number, rounds: number) => void,
): Promise<Result> {
  const { ours, other, prepare, unwarmed, swaps, rounds = options.rounds, share = 1 } = scenario;
  const seconds = options.duration * share;
  const runs: Run[] = [];
  const others: Run[] = [];
  try {
    for (let round = unwarmed ? 1 : 0; round <= rounds; round++) {
      progress(round, rounds);
      await prepare?.();
      const length = round === 0 ? Math.min(WARM_UP, seconds) : seconds;
      const otherFirst = swaps && round % 2 === 1;
      if (otherFirst && other) others.push(await other.round(length));
      runs.push(await ours(length));
      if (!otherFirst && other) others.push(await other.round(length));
    }
  } catch (error) {
    return resultOf(scenario, runs, others, (error as Error).message);
  }
  return resultOf(scenario, runs, others);
}

/** Measures scenarios one after the other, and shows how far the run is. */
export async function measureAll(chosen: readonly Scenario[], options: Options): Promise<Result[]> {
  const progress = new Progress(chosen.length);
  const results: Result[] = [];
  for (const scenario of chosen) {
    const result = await measure(scenario, options, (round, rounds) => progress.round(scenario.name, round, rounds));
    progress.done(result);
    results.push(result);
  }
  progress.end();
  return results;
}
