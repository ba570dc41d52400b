/** Runs a test once for each call that its work makes to a store, with another call failing each time. */

import { expect, inject, it } from "vitest";
import { type Choice, type Fault, Faults, FAULTS } from "./faults.ts";

/** A bound on the calls, above what any work here makes. */
const MOST_CALLS = 80;

/** A loop is some fifty runs, of a second or two each. Milliseconds. */
const TIMEOUT_MS = 10 * 60 * 1000;

/**
 * Runs `once` for each call to a binding that the work in it makes. Each time another call goes wrong. In the default
 * run each call goes wrong in one way, and the ways take turns over the calls. With FAULTS=all each call goes wrong in
 * every way that it can.
 *
 * @param once does the work inside `faults.during`, and checks what must hold whatever went wrong; what it returns is
 *   printed
 */
export function eachCall(names: readonly string[], once: (name: string, faults: Faults) => Promise<string>): void {
  const kinds = inject("faults") === "all" ? FAULTS : [undefined];
  it.each(names.map((name, turn) => ({ name, turn })))(
    "$name: whichever call fails, nothing is lost and all agree in the end",
    async ({ name, turn }) => {
      const seen: string[] = [];
      for (const kind of kinds) {
        seen.push(...(await loop(kind, turn, (faults) => once(name, faults))));
      }
      expect(seen).not.toEqual([]);
      console.log(`${name}: ${seen.join(", ")}`);
    },
    TIMEOUT_MS,
  );
}

/** Lets each call fail in turn, until none is left. Returns which calls those were. */
async function loop(
  kind: Fault | undefined,
  turn: number,
  once: (faults: Faults) => Promise<string>,
): Promise<string[]> {
  const seen: string[] = [];
  for (let nth = 1; nth <= MOST_CALLS; nth++) {
    const choose: Choice = (kinds) => {
      if (kind) return kinds.includes(kind) ? kind : undefined;
      return kinds[(nth + turn) % kinds.length];
    };
    const faults = new Faults(nth, choose);
    let shown: string;
    try {
      shown = await once(faults);
    } catch (error) {
      throw new Error(`with call ${nth} failing: ${faults.hit}`, { cause: error });
    }
    if (faults.hit === undefined) return seen;
    seen.push(`${faults.hit}${shown}`);
  }
  throw new Error("there are more calls than any work should make");
}
