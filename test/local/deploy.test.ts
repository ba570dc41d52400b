/** `npm run deploy` against a wrangler that answers as the real one does for an account. */

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strongroom-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** What an account has. */
interface Account {
  buckets: string[];
  databases: string[];
  secrets: string[];
}

/**
 * Another wrangler. It writes down how it is called and what it is told on standard input. It answers as wrangler does
 * for an account: in JSON on standard output, or with the API's error. Its exit code is 7 where `fails` says so.
 */
const WRANGLER = `#!/bin/sh
echo "$*" >> calls
if read -r told; then echo "told: $told" >> calls; fi
case "$*" in "$FAILS"*) echo "failed on purpose" >&2; exit 7;; esac
case "$*" in
  "r2 bucket info "*)
    case " $BUCKETS " in
      *" $4 "*) echo "{\\"name\\": \\"$4\\"}";;
      *) echo "  The specified bucket does not exist. [code: 10006]" >&2; exit 1;;
    esac;;
  "d1 list --json") echo "$DATABASES";;
  "secret list --format json") echo "$SECRETS";;
esac
`;

const named = (names: string[]): string => JSON.stringify(names.map((name) => ({ name })));

/** Runs the script as `npm run deploy` does, with this other wrangler in front of the real one. */
function deploy({ buckets, databases, secrets }: Account, config: string, fails = "nothing", input = "") {
  writeFileSync(join(folder, "wrangler"), WRANGLER);
  chmodSync(join(folder, "wrangler"), 0o755);
  writeFileSync(join(folder, "wrangler.toml"), config);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "src/local/deploy.ts")], {
    cwd: folder,
    input,
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${folder}:${process.env["PATH"]}`,
      BUCKETS: buckets.join(" "),
      DATABASES: named(databases),
      SECRETS: named(secrets),
      FAILS: fails,
    },
  });
  const calls = existsSync(join(folder, "calls")) ? readFileSync(join(folder, "calls"), "utf8").trim().split("\n") : [];
  return { status, calls, stdout, stderr };
}

const config = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
const shard = (n: number, more = ""): string =>
  `\n[[d1_databases]]\nbinding = "DB_${n}"\ndatabase_name = "strongroom-${n}"\n${more}\nmigrations_dir = "src/d1/migrations"\n`;

const EMPTY: Account = { buckets: [], databases: [], secrets: [] };
const FULL: Account = {
  buckets: ["other", "strongroom"],
  databases: ["strongroom", "other", "strongroom-1"],
  secrets: ["KEY_SECRET", "ADMIN_TOKEN"],
};

const IN_EMPTY = [
  "r2 bucket info strongroom --json",
  "r2 bucket create strongroom",
  "d1 list --json",
  "d1 create strongroom",
  "d1 create strongroom-1",
  "d1 migrations apply DB --remote",
  "d1 migrations apply DB_1 --remote",
  "deploy",
  "secret list --format json",
];

const IN_FULL = IN_EMPTY.filter((call) => !call.includes(" create "));

it("deploy: in an empty account, everything is made and migrated before the Worker comes", () => {
  const { status, calls, stdout } = deploy(EMPTY, config + shard(1));
  expect({ status, calls }).toEqual({ status: 0, calls: IN_EMPTY });
  expect(stdout.split("\n").filter((line) => line.startsWith("> "))).toEqual(
    IN_EMPTY.map((call) => `> wrangler ${call}`),
  );
  const commands = [...stdout.matchAll(/^ {2}(npx wrangler secret put \w+) /gm)].map((match) => match[1]);
  expect(commands).toEqual(["npx wrangler secret put ADMIN_TOKEN", "npx wrangler secret put KEY_SECRET"]);
  expect(readFileSync(join(folder, "wrangler.toml"), "utf8")).toBe(config + shard(1));
});

it("deploy: in an account that has everything, nothing is made and no secret is asked for", () => {
  const { status, calls, stdout } = deploy(FULL, config + shard(1));
  expect({ status, calls }).toEqual({ status: 0, calls: IN_FULL });
  expect(stdout).not.toContain("secret put");
  expect(stdout).toContain("not on workers.dev");
});

it("deploy: makes only what is missing, as wrangler.toml describes it", () => {
  const inEurope = config.replace(/^bucket_name = .*$/m, 'bucket_name = "acme"\njurisdiction = "eu"');
  const some = { buckets: ["strongroom"], databases: ["strongroom-1"], secrets: ["ADMIN_TOKEN"] };
  // The second database is there. The third is named by its id, so it must be there.
  const { calls, stdout } = deploy(some, inEurope + shard(1) + shard(2, 'database_id = "an-id"'));
  expect(calls).toEqual([
    "r2 bucket info acme --json --jurisdiction eu",
    "r2 bucket create acme --jurisdiction eu",
    "d1 list --json",
    "d1 create strongroom",
    ...["DB", "DB_1", "DB_2"].map((binding) => `d1 migrations apply ${binding} --remote`),
    "deploy",
    "secret list --format json",
  ]);
  expect(stdout.match(/secret put \w+/g)).toEqual(["secret put KEY_SECRET"]);
});

it.each([
  "r2 bucket info strongroom --json",
  "d1 create strongroom",
  "d1 migrations apply DB_1 --remote",
  "deploy",
  "secret list --format json",
])("deploy: ends with the exit code of %s when that fails, shows why, and runs nothing more", (failing) => {
  const { status, calls, stdout, stderr } = deploy(EMPTY, config + shard(1), failing);
  const until = IN_EMPTY.slice(0, IN_EMPTY.indexOf(failing) + 1);
  expect({ status, calls }).toEqual({ status: 7, calls: until });
  expect(stdout).toContain(`> wrangler ${failing}\n`);
  expect(stderr).toContain("failed on purpose");
});

it("deploy: gives wrangler no input, so that nobody can refuse a migration and still get the new Worker", () => {
  const { calls } = deploy(FULL, config, "nothing", "no\n".repeat(20));
  const migration = calls.indexOf("d1 migrations apply DB --remote");
  expect([calls[migration], calls[migration + 1]]).toEqual(["d1 migrations apply DB --remote", "deploy"]);
});
