/** Tells whether one version is faster than another, by the figures of rounds that were measured in turns. */

import { median } from "../result.ts";

/** The difference that is taken for none: the versions' figures are within three per cent of each other. */
const SAME = 0.03;

/** How many resamplings are made. More would move the ends of the range by less than its last digit. */
const DRAWS = 4_000;

/** The share of resamplings that the range holds. */
const CONFIDENCE = 0.95;

/**
 * The fewest rounds that tell anything. Not even the least and the most of fewer rounds hold the true median between
 * them so surely: 1 − 2 / 2ⁿ.
 */
export const FEWEST_ROUNDS = 6;

/** Two versions beside each other. */
export interface Comparison {
  /** The ratio of the medians, ours to theirs. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
}

/**
 * What the range says. `unclear`: the range holds both that the versions are the same and that they are not, or there
 * were too few rounds to say.
 */
export type Verdict = "same" | "faster" | "slower" | "unclear";

/**
 * The ratio of medians and its 95 % range, by bootstrap. As many rounds as there were are drawn from them, again and
 * again. Each is drawn with its neighbour of the other side, so that what the machine did to both stays with both. The
 * draws are the same each time, so the same rounds have the same range.
 *
 * @param ours the figures of our rounds, in their order
 * @param theirs the figures of their rounds, as many
 * @param less whether less is better
 */
export function comparison(ours: readonly number[], theirs: readonly number[], less: boolean): Comparison {
  const random = generator(1);
  const ratios = Array.from({ length: DRAWS }, () => {
    const drawn = ours.map(() => Math.floor(random() * ours.length));
    return median(drawn.map((i) => ours[i] ?? 0)) / median(drawn.map((i) => theirs[i] ?? 0));
  }).toSorted((a, b) => a - b);
  const cut = Math.floor((DRAWS * (1 - CONFIDENCE)) / 2);
  const [low = Number.NaN, high = Number.NaN] = [ratios[cut], ratios[DRAWS - 1 - cut]];
  const verdict = ours.length < FEWEST_ROUNDS ? "unclear" : verdictOf(low, high, less);
  return { ratio: median(ours) / median(theirs), low, high, verdict };
}

function verdictOf(low: number, high: number, less: boolean): Verdict {
  if (low >= 1 - SAME && high <= 1 + SAME) return "same";
  if (low > 1 + SAME) return less ? "slower" : "faster";
  if (high < 1 - SAME) return less ? "faster" : "slower";
  return "unclear";
}

/** Mulberry32: makes numbers from 0 to 1, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
