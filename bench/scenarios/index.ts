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
