import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { credentialsIn, outputOf, ServerProcess, temporaryState } from "./server-process.ts";

const ROOT = join(import.meta.dirname, "../..");

const state = temporaryState();
const build = temporaryState();
const server = new ServerProcess(state);

afterAll(() => {
  server.killGroup();
  for (const directory of [state, build]) rmSync(directory, { recursive: true });
});

it("version: package.json, /healthz of the server and --version say the same", async () => {
  await server.ready();
  const response = await fetch(`${credentialsIn(state).url}/healthz`);
  expect([response.status, await response.json()]).toEqual([200, { status: "ok", version: packageJson.version }]);
  expect(await outputOf("start", "--", "--version")).toEqual({ lines: [packageJson.version], code: 0 });
});

it("version: wrangler's build has the version, and nothing else of package.json", () => {
  // Without its banner, wrangler does not ask the network whether there is a newer one.
  const env = { ...process.env, WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false" };
  const args = ["exec", "--", "wrangler", "deploy", "--dry-run", "--outdir", build];
  execFileSync("npm", args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  const code = readFileSync(join(build, "index.js"), "utf8");
  expect(code).toContain(`var version = ${JSON.stringify(packageJson.version)};`);
  for (const text of [packageJson.description, packageJson.scripts.test, packageJson.devDependencies.wrangler]) {
    expect(code).not.toContain(text);
  }
});
