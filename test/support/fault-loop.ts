import { expect, inject, it } from "vitest";
import { type Choice, type Fault, Faults, FAULTS } from "./faults.ts";

/** More calls than anything makes. */
const MOST_CALLS = 80;

/** Milliseconds; a loop is some fifty runs of a second or two. */
const TIMEOUT_MS = 10 * 60 * 1000;

/**
 * Runs `once` for each call to a binding that the work in it makes, each time with another of them going wrong. In the
 * default run a call goes wrong in one way, all calls of a list in turn; with FAULTS=all in every way that it can.
 *
 * @param once does the work inside `faults.during`, and checks what must hold whatever went wrong; what it returns is shown
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

/** Each call in turn, until none is left to fail. Returns which those were. */
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
