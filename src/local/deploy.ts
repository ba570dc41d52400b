import { spawnSync } from "node:child_process";
import { unstable_readConfig } from "wrangler";

/**
 * `npm run deploy`: brings every bound D1 shard to the present tables, then puts the Worker on Cloudflare. In this order,
 * because the new Worker needs the new tables, and the old one can live with them. The first command that fails ends it.
 */
const { d1_databases: shards } = unstable_readConfig({ config: "wrangler.toml" });

for (const { binding } of shards) wrangler("d1", "migrations", "apply", binding, "--remote");
wrangler("deploy");

function wrangler(...args: string[]): void {
  console.log(`> wrangler ${args.join(" ")}`);
  const { status, error } = spawnSync("wrangler", args, { stdio: "inherit" });
  if (error) console.error(`deploy: wrangler could not be run: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}
