import { spawnSync, type StdioOptions } from "node:child_process";
import { OperatorError } from "./operator-error.ts";
import { readWrangler } from "./wrangler.ts";

/**
 * `npm run deploy`: makes what wrangler.toml names and Cloudflare does not have yet, brings every bound D1 shard to the
 * present tables, puts the Worker there, and says which secrets it lacks. It may be repeated at any time. The first
 * command that fails ends it, with that command's exit code.
 *
 * wrangler.toml stays as it is. Where it has no `database_id`, wrangler finds a database by its `database_name`, for
 * `d1 migrations apply` as for `deploy`. So the file is good for every account.
 */
function deploy(): void {
  const { r2_buckets: buckets, d1_databases: shards } = readWrangler("wrangler.toml");
  for (const { bucket_name: name, jurisdiction } of buckets) makeBucket(name, jurisdiction);
  makeDatabases(shards.filter((shard) => shard.database_id === undefined).map((shard) => shard.database_name));
  // The tables come before the Worker: the new Worker needs the new tables, and the old one can live with them.
  for (const { binding } of shards) migrate(binding);
  run(["deploy"]);
  console.log(CACHE_HINT);
  nameMissingSecrets();
}

function makeBucket(name: string, jurisdiction: string | undefined): void {
  const where = jurisdiction === undefined ? [] : ["--jurisdiction", jurisdiction];
  // Wrangler shows no more than the first page of `r2 bucket list`, so the bucket is asked for by its name.
  const { status, stdout, stderr } = wrangler(["r2", "bucket", "info", name, "--json", ...where], "pipe");
  if (status === 0) return;
  if (!stderr.includes(NO_SUCH_BUCKET)) {
    process.stderr.write(stdout + stderr);
    process.exit(status);
  }
  create(["r2", "bucket", "create", name, ...where]);
}

/** R2's code for "The specified bucket does not exist". The exit code is that of any error. */
const NO_SUCH_BUCKET = "[code: 10006]";

function makeDatabases(names: readonly string[]): void {
  if (names.length === 0) return;
  const there = list(["d1", "list", "--json"]);
  for (const name of new Set(names)) if (!there.includes(name)) create(["d1", "create", name]);
}

function create(args: string[]): void {
  run(args);
  console.log("What wrangler wants to have added to wrangler.toml is in there already: leave it as it is.");
}

/**
 * Wrangler would ask whether to go on, so it gets no input. It takes "no" for success, and the new Worker would then
 * come to the old tables.
 */
function migrate(binding: string): void {
  run(["d1", "migrations", "apply", binding, "--remote"], ["ignore", "inherit", "inherit"]);
}

/** The Cache API does nothing on workers.dev, and wrangler does not say so. */
const CACHE_HINT = `
What delivery keys open is cached at the edge where the Worker has a domain of its own, and not on workers.dev:
https://developers.cloudflare.com/workers/configuration/routing/custom-domains/`;

/** What a Worker needs before it serves anyone, with what to type when wrangler asks for it. */
const SECRETS = {
  ADMIN_TOKEN: "administers vaults and keys: openssl rand -base64 32",
  KEY_SECRET: "signs the keys: openssl rand -base64 32, and keep it, for nobody can read it back",
};

function nameMissingSecrets(): void {
  const there = list(["secret", "list", "--format", "json"]);
  const missing = Object.entries(SECRETS).filter(([name]) => !there.includes(name));
  if (missing.length === 0) return;
  console.log("\nThe Worker answers 503 until it has its secrets. Set them:\n");
  for (const [name, hint] of missing) console.log(`  npx wrangler secret put ${name.padEnd(11)}  # ${hint}`);
}

/** The names of what a command lists. */
function list(args: string[]): string[] {
  const { stdout } = run(args, ["inherit", "pipe", "inherit"]);
  return (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name);
}

/** Runs a command. Ends the script when the command fails. */
function run(args: string[], stdio: StdioOptions = "inherit"): { stdout: string } {
  const { status, stdout } = wrangler(args, stdio);
  if (status !== 0) process.exit(status);
  return { stdout };
}

function wrangler(args: string[], stdio: StdioOptions): { status: number; stdout: string; stderr: string } {
  console.log(`> wrangler ${args.join(" ")}`);
  const { status, error, stdout, stderr } = spawnSync("wrangler", args, { stdio, encoding: "utf8" });
  if (error) throw new OperatorError(`wrangler could not be run: ${error.message}`);
  return { status: status ?? 1, stdout, stderr };
}

try {
  deploy();
} catch (error) {
  console.error(error instanceof OperatorError ? `deploy: ${error.message}` : error);
  process.exitCode = 1;
}
