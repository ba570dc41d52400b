/** Runs a test again and again, each time with another of the calls failing that its work makes to a store. */

import { expect, inject, it } from "vitest";
import { type Choice, type Fault, Faults, FAULTS } from "./faults.ts";

/** A bound on the calls, above what any work here makes. */
const MOST_CALLS = 80;

/** A loop is some fifty runs, of a second or two each. Milliseconds. */
const TIMEOUT_MS = 10 * 60 * 1000;

/**
 * Runs `once` for calls to a binding that the work in it makes. Each time another call goes wrong. With FAULTS=all every
 * call goes wrong in every way that it can. In the default run the first call does, and then every second, third or
 * fourth, as the names take turns; and each goes wrong in one way, where the ways take turns too.
 *
 * @param once does the work inside `faults.during`, and checks what must hold whatever went wrong; what it returns is
 *   printed
 */
export function eachCall(names: readonly string[], once: (name: string, faults: Faults) => Promise<string>): void {
  const isAll = inject("faults") === "all";
  it.each(names.map((name, turn) => ({ name, turn })))(
    `$name: ${isAll ? "whichever call fails" : "when a call fails"}, nothing is lost and all agree in the end`,
    async ({ name, turn }) => {
      const work = (faults: Faults): Promise<string> => once(name, faults);
      const seen: string[] = [];
      if (isAll) for (const fault of FAULTS) seen.push(...(await loop(1, only(fault), work)));
      else seen.push(...(await loop(2 + (turn % 3), inTurn(turn), work)));
      expect(seen).not.toEqual([]);
      console.log(`${name}: ${seen.join(", ")}`);
    },
    TIMEOUT_MS,
  );
}

/** Only the calls that can meet this fault. */
const only = (fault: Fault) => (): Choice => (kinds) => (kinds.includes(fault) ? fault : undefined);

/** Any call, and another of its faults each time. */
function inTurn(turn: number): () => Choice {
  let next = turn;
  return () => {
    const now = next++;
    return (kinds) => kinds[now % kinds.length];
  };
}

/** Lets the first call fail, and then one every so many calls, until none is left. Returns which calls those were. */
async function loop(
  step: number,
  chooseNext: () => Choice,
  work: (faults: Faults) => Promise<string>,
): Promise<string[]> {
  const seen: string[] = [];
  for (let nth = 1; nth <= MOST_CALLS; nth += step) {
    const faults = new Faults(nth, chooseNext());
    let shown: string;
    try {
      shown = await work(faults);
    } catch (error) {
      throw new Error(`with call ${nth} failing: ${faults.hit}`, { cause: error });
    }
    if (faults.hit === undefined) return seen;
    seen.push(`${faults.hit}${shown}`);
  }
  throw new Error("there are more calls than any work should make");
}
