import { describe, expect, inject, it } from "vitest";
import { type Choice, type Fault, Faults, FAULTS } from "./faults.ts";

/** More calls than anything makes. */
const MOST_CALLS = 80;

/** The kinds that any call meets. */
const MEET_EVERY_CALL: readonly Fault[] = ["before", "after"];

/** Milliseconds; a loop is some fifty runs of a second at most. */
const TIMEOUT_MS = 10 * 60 * 1000;

/**
 * Runs `once` for each call to a binding that the work in it makes, each time with another of them going wrong. In the
 * default run a call goes wrong in one way, all calls of a list in turn; with FAULTS=all in every way that it can.
 *
 * @param once does the work inside `faults.during`, and checks what must hold whatever went wrong; what it returns is shown
 */
export function eachCall(names: readonly string[], once: (name: string, faults: Faults) => Promise<string>): void {
  describe.each(names.map((name, turn) => ({ name, turn })))("$name", ({ name, turn }) => {
    if (inject("faults") === "all")
      it.each(FAULTS)("%s: with any one call that fails so, all holds", (fault) => loop(fault), TIMEOUT_MS);
    else it("with any one call that fails, all holds", () => loop(undefined), TIMEOUT_MS);

    async function loop(fault: Fault | undefined): Promise<void> {
      const seen: string[] = [];
      for (let nth = 1; nth <= MOST_CALLS; nth++) {
        const choose: Choice = (kinds) => {
          if (fault) return kinds.includes(fault) ? fault : undefined;
          return kinds[(nth + turn) % kinds.length];
        };
        const faults = new Faults(nth, choose);
        let shown: string;
        try {
          shown = await once(name, faults);
        } catch (error) {
          throw new Error(`${name}, with call ${nth} failing: ${faults.hit}`, { cause: error });
        }
        if (faults.hit === undefined) {
          if (!fault || MEET_EVERY_CALL.includes(fault)) expect(nth).toBeGreaterThan(1);
          console.log(`${name}: ${seen.join(", ")}`);
          return;
        }
        seen.push(`${faults.hit}${shown}`);
      }
      throw new Error("there are more calls than any work should make");
    }
  });
}
