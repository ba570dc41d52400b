/**
 * `npm run bench`: measures what the flags name, prints a table, and writes the results. docs/performance.md says how
 * to read them.
 */

import { writeFileSync } from "node:fs";
import { OperatorError } from "../src/local/operator-error.ts";
import { compare } from "./against/compare.ts";
import { type Deployment, open } from "./deployment.ts";
import { Files } from "./files.ts";
import { measureAll } from "./measure.ts";
import { parseOptions, USAGE } from "./options.ts";
import { picture } from "./report/picture.ts";
import { failures, type Report, reportOf } from "./report/report.ts";
import { table } from "./report/table.ts";
import type { Bench } from "./scenario.ts";
import { only, scenarios } from "./scenarios/index.ts";
import { verifyAll } from "./verify.ts";

/** Runs what the flags say, and returns the exit code. */
async function run(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  if (options.against !== undefined) return compare(options, options.against);
  let deployment: Deployment | undefined;
  // These handlers are registered before Miniflare's own, which would not wait for the vaults of a deployment to be
  // deleted.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void (deployment?.close() ?? Promise.resolve()).finally(() => process.exit(130)));
  }
  const files = new Files(options.size);
  try {
    deployment = await open(options, files);
    const notes: (string | (() => string))[] = [];
    const bench: Bench = { options, files, deployment, note: (text) => void notes.push(text) };
    const chosen = only(options.only, await scenarios(bench));
    // What else could not be measured is of no interest then.
    if (options.only) notes.length = 0;
    const results = await measureAll(chosen, options);
    const verdict = await verifyAll(deployment.vaults.all, () => files.large.sha256);
    const lines = notes.map((note) => (typeof note === "string" ? note : note()));
    return publish(reportOf(options, deployment, { results, notes: lines, verdict }));
  } finally {
    await deployment?.close();
  }
}

/** Prints and writes what the run came to, and returns the exit code. */
function publish(report: Report): number {
  const wrong = failures(report);
  console.log(table(report.results));
  for (const note of report.notes) console.log(note);
  console.log(
    `${report.verdict.checked} acknowledged writes were read back; ${report.verdict.faults.length} were wrong.`,
  );
  writeFileSync("results.json", `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync("results.html", picture(report));
  console.log("results.json and results.html are written.");
  for (const line of wrong) console.error(line);
  return wrong.length > 0 ? 1 : 0;
}

run(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof OperatorError ? `bench: ${error.message}` : error);
    process.exit(error instanceof OperatorError ? 2 : 1);
  },
);
