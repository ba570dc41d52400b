import { UsageError } from "../../src/local/usage-error.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { cold } from "./cold.ts";
import { interference } from "./interference.ts";
import { large } from "./large.ts";
import { many } from "./many.ts";
import { million } from "./million.ts";
import { small } from "./small.ts";

/** Every scenario, in the order in which they run. Each makes what it needs itself: any of them can run alone. */
export async function scenarios(bench: Bench): Promise<Scenario[]> {
  const groups = [small, large, many, interference, cold, million];
  const made = [];
  for (const group of groups) made.push(...(await group(bench)));
  return made;
}

/** Those of them that every version of the API can be measured by. */
export const everyVersion = async (bench: Bench): Promise<Scenario[]> =>
  [...(await small(bench)), ...(await large(bench))].filter((scenario) => scenario.everyVersion);

/** The scenarios whose name, or whose group's, contains the text of `--only`. Throws UsageError when none does. */
export function only(text: string, all: readonly Scenario[]): Scenario[] {
  const chosen = all.filter(({ group, name }) => `${group}: ${name}`.toLowerCase().includes(text.toLowerCase()));
  if (chosen.length === 0) throw new UsageError(`--only ${text}: no scenario and no group has this in its name`);
  return chosen;
}
