/** All scenarios, and which of them a run measures. */

import { OperatorError } from "../../src/local/operator-error.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { batch } from "./batch.ts";
import { cold } from "./cold.ts";
import { delivery } from "./delivery.ts";
import { follow } from "./follow.ts";
import { interference } from "./interference.ts";
import { large } from "./large.ts";
import { many } from "./many.ts";
import { million } from "./million.ts";
import { small } from "./small.ts";

/**
 * Every scenario, in the order in which they run. Each makes what it needs itself, so that any of them can run alone.
 */
export async function scenarios(bench: Bench): Promise<Scenario[]> {
  const groups = [small, delivery, large, batch, many, follow, interference, cold, million];
  const made = [];
  for (const group of groups) made.push(...(await group(bench)));
  return made;
}

/** The scenarios by which every version of the API can be measured. */
export const everyVersion = async (bench: Bench): Promise<Scenario[]> =>
  [...(await small(bench)), ...(await large(bench))].filter((scenario) => scenario.everyVersion);

/**
 * The scenarios that have the text of `--only` in their name or in that of their group. Throws OperatorError when none
 * has.
 */
export function only(text: string, all: readonly Scenario[]): Scenario[] {
  const chosen = all.filter(({ group, name }) => `${group}: ${name}`.toLowerCase().includes(text.toLowerCase()));
  if (chosen.length === 0) throw new OperatorError(`--only ${text}: no scenario and no group has this in its name`);
  return chosen;
}
