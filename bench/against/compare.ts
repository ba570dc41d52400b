import { join } from "node:path";
import { type Deployment, folder } from "../deployment.ts";
import { Files } from "../files.ts";
import { measureAll } from "../measure.ts";
import type { Options } from "../options.ts";
import { failures } from "../report/report.ts";
import type { Scenario } from "../scenario.ts";
import { everyVersion, only } from "../scenarios/index.ts";
import { fill } from "../vaults.ts";
import { verifyAll } from "../verify.ts";
import { checkoutAt, startCheckout } from "./checkout.ts";
import { comparisonTable } from "./table.ts";

const ROOT = join(import.meta.dirname, "../..");

/**
 * Measures this checkout's server in turns with that of another checkout, in the same scenarios with the same files.
 * Both are started alike and log alike, and the one whose turn it is not is idle. Prints the comparison and returns the
 * exit code. Throws OperatorError when one of them cannot be started.
 */
export async function compare(options: Options, directory: string): Promise<number> {
  const other = checkoutAt(directory);
  const files = new Files(options.size);
  const place = folder(options.state);
  const sides: Deployment[] = [];
  // A signal exits the process, which ends both servers, even one that is just being started.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  try {
    const ours = await startCheckout(ROOT, place, files);
    sides.push(ours);
    const theirs = await startCheckout(other, place, files);
    sides.push(theirs);
    const of = async (deployment: Deployment): Promise<Scenario[]> =>
      only(options.only, await everyVersion({ options, files, deployment, note: () => {} }));
    const same = await of(theirs);
    const pairs = (await of(ours)).flatMap((mine, i) => {
      const their = same[i];
      return their ? [pair(mine, their, () => level([ours, theirs]))] : [];
    });
    const results = await measureAll(pairs, options);
    const vaults = sides.flatMap((side) => side.vaults.all);
    const verdict = await verifyAll(vaults, () => files.large.sha256);
    console.log(`ours: ${ours.place}\ntheirs: ${theirs.place}\n`);
    console.log(comparisonTable(results));
    console.log(`${verdict.checked} acknowledged writes were read back; ${verdict.faults.length} were wrong.`);
    const wrong = failures({ results, verdict });
    for (const line of wrong) console.error(line);
    return wrong.length > 0 ? 1 : 0;
  } finally {
    for (const side of sides) await side.close();
  }
}

/** Joins the same scenario of both sides into one, in which they are equals. */
function pair(ours: Scenario, theirs: Scenario, before: () => Promise<void>): Scenario {
  let begun = false;
  const prepare = async (): Promise<void> => {
    if (!begun) await before();
    begun = true;
    await ours.prepare?.();
    await theirs.prepare?.();
  };
  // Goals are for the comparison with the platform's ceiling.
  return { ...ours, goal: undefined, other: { name: "theirs", round: theirs.ours }, prepare, swaps: true };
}

/**
 * Makes the lists of both sides as long as each other. The side that was faster so far has made more assets, so the
 * other one gets as many.
 */
async function level(sides: readonly Deployment[]): Promise<void> {
  const vaults = await Promise.all(sides.map((side) => side.vaults.one()));
  const most = Math.max(...vaults.map((vault) => vault.small.length));
  for (const vault of vaults) await fill([vault], most);
}
