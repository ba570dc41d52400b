import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fire, type Run, type Shot } from "./load.ts";
import { chart, median, type Result, table } from "./report.ts";
import { type Scenario, Workload } from "./scenarios.ts";
import { type Ceiling, localServer, probe, type Target } from "./targets.ts";

const USAGE = `npm run bench -- [--url URL --vault ID --key sk_…] [--state DIR] [--concurrency 32] [--duration 2] [--rounds 5]
                 [--size 20480] [--rate N] [--only TEXT]`;

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    vault: { type: "string" },
    key: { type: "string" },
    state: { type: "string", default: join(tmpdir(), "strongroom-bench") },
    concurrency: { type: "string", default: "32" },
    duration: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    size: { type: "string", default: "20480" },
    rate: { type: "string" },
    only: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const [concurrency, duration, rounds] = [values.concurrency, values.duration, values.rounds].map(Number) as [
  number,
  number,
  number,
];

/** The deployment that was named, or a fresh local server with its ceilings beside it. */
async function target(): Promise<{ target: Target; ceiling: Ceiling | undefined }> {
  if (values.url) {
    if (!values.vault || !values.key) throw new Error(`--url needs --vault and --key\n${USAGE}`);
    return { target: { url: values.url, vaultId: values.vault, key: values.key }, ceiling: undefined };
  }
  const server = await localServer(values.state);
  return { target: await server.vault(), ceiling: await probe(values.state) };
}

const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
};

async function measure(scenario: Scenario, url: string, ceiling: Ceiling | undefined, label: string): Promise<Result> {
  const ours: Run[] = [];
  const best: Run[] = [];
  const clients = scenario.concurrency ?? concurrency;
  const rate = values.rate ? Number(values.rate) : undefined;
  const run = (where: string, next: (client: number) => Shot | undefined): Promise<Run> =>
    fire({ url: where, concurrency: clients, duration, rate, next });
  await scenario.prepare?.();
  // In turns, A B A B: what the machine does meanwhile happens to both.
  for (let round = 1; round <= rounds; round++) {
    progress(`${label} ${scenario.name}  ${"#".repeat(round)}${".".repeat(rounds - round)}`);
    const mine = await run(url, scenario.next);
    if (mine.requests > 0) ours.push(mine);
    if (ceiling && scenario.ceiling) best.push(await run(ceiling.url, scenario.ceiling.next));
  }
  const speed = (runs: Run[]): number =>
    median(runs.map((each) => (scenario.unit === "requests" ? each.perSecond : each.megabytesPerSecond)));
  const latency = ours[0]?.latency;
  for (const each of ours.slice(1)) latency?.add(each.latency);
  const unexpected: Record<string, number> = {};
  for (const each of [...ours, ...best])
    for (const [status, count] of each.unexpected) unexpected[status] = (unexpected[status] ?? 0) + count;
  return {
    name: scenario.name,
    unit: scenario.unit,
    concurrency: clients,
    speed: speed(ours),
    ceiling: best.length > 0 ? { name: scenario.ceiling?.name ?? "", speed: speed(best) } : undefined,
    ratio: best.length > 0 ? speed(ours) / speed(best) : undefined,
    latency: { p50: at(50), p90: at(90), p99: at(99), max: at(100) },
    unexpected,
  };

  function at(percentile: number): number {
    return (latency?.getValueAtPercentile(percentile) ?? 0) / 1_000;
  }
}

const { target: vault, ceiling } = await target();
const workload = new Workload(vault, { size: Number(values.size) });
if (ceiling) {
  for (const [name, body] of Object.entries(workload.ceilingBodies()))
    await fetch(`${ceiling.url}/put?key=${name}`, { method: "PUT", body });
}
const scenarios = workload.scenarios();
// Whatever is asked for, there must be something to read.
const chosen = scenarios.filter((scenario, i) => i === 0 || !values.only || scenario.name.includes(values.only));
const results: Result[] = [];
for (const [i, scenario] of chosen.entries())
  results.push(await measure(scenario, vault.url, ceiling, `${i + 1}/${chosen.length}`));
const verified = await workload.verify();
progress("");
console.log(table(results));
console.log(`${verified} of the files written were read back, byte for byte.`);
writeFileSync(
  "results.json",
  `${JSON.stringify({ concurrency, duration, rounds, size: Number(values.size), state: values.state, results }, null, 2)}\n`,
);
writeFileSync("results.svg", chart(results));
console.log("results.json and results.svg are written.");
const failed = results.filter((result) => Object.keys(result.unexpected).length > 0);
for (const { name, unexpected } of failed) console.error(`unexpected in ${name}: ${JSON.stringify(unexpected)}`);
process.exit(failed.length > 0 ? 1 : 0);
