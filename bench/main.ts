import { writeFileSync } from "node:fs";
import { UsageError } from "../src/local/state.ts";
import { type Deployment, open } from "./deployment.ts";
import { Files } from "./files.ts";
import { measure } from "./measure.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { picture } from "./report/picture.ts";
import { Progress } from "./report/progress.ts";
import { failures, type Report, reportOf } from "./report/report.ts";
import { table } from "./report/table.ts";
import type { Result } from "./result.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";
import { type Verdict, verify } from "./verify.ts";

/** Runs what the flags say. Returns the exit code. */
async function run(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === "help") {
    console.log(USAGE);
    return 0;
  }
  let deployment: Deployment | undefined;
  // Registered before Miniflare's own, which would not wait for the vaults of a deployment to be deleted.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void (deployment?.close() ?? Promise.resolve()).finally(() => process.exit(130)));
  }
  const files = new Files(options.size);
  try {
    deployment = await open(options, files);
    const notes: string[] = [];
    const bench = { options, files, deployment, note: (text: string) => void notes.push(text) };
    const chosen = (await scenarios(bench)).filter(({ group, name }) =>
      `${group}: ${name}`.toLowerCase().includes(options.only.toLowerCase()),
    );
    if (chosen.length === 0)
      throw new UsageError(`--only ${options.only}: no scenario and no group has this in its name`);
    // That something else could not be measured is of no interest then.
    if (options.only) notes.length = 0;
    const results = await measureAll(chosen, options);
    const verdict = await verifyAll(deployment, files);
    return publish(reportOf(options, deployment, { results, notes, verdict }));
  } finally {
    await deployment?.close();
  }
}

async function measureAll(chosen: readonly Scenario[], options: Options): Promise<Result[]> {
  const progress = new Progress(chosen.length);
  const results: Result[] = [];
  for (const scenario of chosen) {
    const result = await measure(scenario, options, (round, rounds) => progress.round(scenario.name, round, rounds));
    progress.done(result);
    results.push(result);
  }
  progress.end();
  return results;
}

async function verifyAll(deployment: Deployment, files: Files): Promise<Verdict> {
  const verdicts = [];
  for (const vault of deployment.vaults.all) verdicts.push(await verify(vault, () => files.large.sha256));
  return {
    checked: verdicts.reduce((sum, { checked }) => sum + checked, 0),
    faults: verdicts.flatMap(({ faults }) => faults),
  };
}

/** Prints and writes what the run came to. Returns the exit code. */
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
    console.error(error instanceof UsageError ? `bench: ${error.message}` : error);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
