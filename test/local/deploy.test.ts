import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strongroom-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the script with a `wrangler` that writes down how it is called, and fails where `fails` says so. */
function deploy(config: string, fails = "nothing"): { status: number | null; calls: string[] } {
  const calls = join(folder, "calls");
  const wrangler = join(folder, "wrangler");
  writeFileSync(wrangler, `#!/bin/sh\necho "$*" >> ${calls}\ncase "$*" in "${fails}"*) exit 7;; esac\n`);
  chmodSync(wrangler, 0o755);
  writeFileSync(join(folder, "wrangler.toml"), config);
  cpSync(join(ROOT, "src/index.ts"), join(folder, "src/index.ts"));
  const { status } = spawnSync(process.execPath, [join(ROOT, "src/local/deploy.ts")], {
    cwd: folder,
    env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}` },
  });
  return { status, calls: existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : [] };
}

const config = readFileSync(join(ROOT, "wrangler.toml"), "utf8");
const shard = (n: number): string =>
  `[[d1_databases]]\nbinding = "DB_${n}"\ndatabase_name = "strongroom-${n}"\ndatabase_id = "${n}"\nmigrations_dir = "src/d1/migrations"\n`;

it("deploy: brings every bound shard up to date before the Worker", () => {
  expect(deploy(`${config}\n${shard(1)}${shard(2)}`)).toEqual({
    status: 0,
    calls: [
      "d1 migrations apply DB --remote",
      "d1 migrations apply DB_1 --remote",
      "d1 migrations apply DB_2 --remote",
      "deploy",
    ],
  });
});

it("deploy: a migration that fails keeps the new Worker away", () => {
  expect(deploy(`${config}\n${shard(1)}`, "d1 migrations apply DB_1")).toEqual({
    status: 7,
    calls: ["d1 migrations apply DB --remote", "d1 migrations apply DB_1 --remote"],
  });
});
