import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { workerdsWith } from "../../src/local/processes.ts";
import { OWNER_VARIABLE } from "../../src/local/state.ts";
import { credentialsIn, ServerGroup, ServerProcess } from "../local/server-process.ts";
import { installed, packed, reasonOffline, temporaryFolder, terminal, type } from "./stranger.ts";

/** `strongroom start`, as whoever installs the package and Miniflare from the registry has it. */

/** Milliseconds for the packages of a server: 130 MB, which the registry may have to send. */
const INSTALL_MS = 180_000;

/** As npm has put it there. Whoever types `npx strongroom` waits for npx, too. */
const STRONGROOM = "node_modules/.bin/strongroom";

const folder = temporaryFolder();
let home: string;
let noRegistry: string | undefined;
const servers: ServerGroup[] = [];

beforeAll(async () => {
  const tarball = await packed(folder);
  try {
    home = await installed(folder, tarball, `miniflare@${packageJson.peerDependencies.miniflare}`);
  } catch (error) {
    noRegistry = reasonOffline(error);
  }
}, INSTALL_MS);

beforeEach(({ skip }) => {
  skip(noRegistry !== undefined, noRegistry);
});

afterEach(() => {
  for (const server of servers.splice(0)) server.killGroup();
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs what is typed in the folder where all is installed. */
function start(env: NodeJS.ProcessEnv, command: string, ...args: string[]): ServerGroup {
  const server = new ServerGroup(spawn(command, args, { cwd: home, env, detached: true }));
  servers.push(server);
  return server;
}

const temporaryState = (): string => mkdtempSync(join(folder, "state-"));

it("is npm start of an empty folder: its flags, its greeting, its state", async () => {
  const env = terminal(24);
  // A setting of the user's, which says nothing about this command.
  const server = start({ ...env, npm_config_port: "1" }, "npx", "strongroom", "start", "--port", "0", "--quiet");
  await server.ready();
  const state = join(home, ".strongroom");
  const { url, vault_id, secret_key } = credentialsIn(state);
  for (const text of [
    `Strongroom is ready at ${url}\n`,
    vault_id,
    secret_key,
    "kept in      .strongroom/",
    `${url}/docs`,
    "curl -H",
  ])
    expect(server.output).toContain(text);
  const health = await fetch(`${url}/healthz`);
  expect(await health.json()).toEqual({ status: "ok", version: packageJson.version });
  const page = await fetch(`${url}/docs/`);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<title>Strongroom API</title>")]);
  expect(page.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
  expect((await fetch(`${url}/docs/swagger-ui-bundle.js`)).status).toBe(200);
  expect(server.output).not.toContain('"event":"request"');
  // The commands beside it find it, and may use it.
  const { stdout } = await type(home, env, "npx", "strongroom", "put", "package.json", "a/b/c/");
  expect(stdout).toMatch(/^asset_\w+ {2}a\/b\/c\/package\.json$/m);
  await server.kill(state, "SIGTERM");
  expect(existsSync(join(state, "lock"))).toBe(false);
});

it("finds what npm start has stored in the same state directory", async () => {
  const state = temporaryState();
  const before = new ServerProcess(state);
  servers.push(before);
  await before.ready();
  const { url, vault_id, secret_key } = credentialsIn(state);
  const headers = { Authorization: `Bearer ${secret_key}`, "Content-Type": "text/plain" };
  const vault = `/api/v1/vaults/${vault_id}`;
  const query = "partition=a&collection=b&channel=c&filename=d.txt";
  const stored = await fetch(`${url}${vault}/assets?${query}`, { method: "POST", headers, body: "hello" });
  expect(stored.status).toBe(201);
  await before.interrupt();

  await start(terminal(24), STRONGROOM, "start", "--port", "0", "--state", state).ready();
  const after = credentialsIn(state);
  expect(after).toMatchObject({ vault_id, secret_key });
  expect(await (await fetch(`${after.url}${vault}/files/a/b/c/d.txt`, { headers })).text()).toBe("hello");
});

it.each(["SIGHUP", "SIGKILL"] as const)("ends with npx when that alone gets %s", async (signal) => {
  const state = temporaryState();
  const server = start(terminal(24), "npx", "strongroom", "start", "--port", "0", "--state", state);
  await server.ready();
  expect(workerdsWith(OWNER_VARIABLE, state)).toHaveLength(1);
  await server.kill(state, signal);
  expect(existsSync(join(state, "lock"))).toBe(false);
});

it.each([
  ["a shell", ["sh", "-c"]],
  ["a line of npm's", ["npm", "exec", "-c"]],
])("outlives %s that leaves it in the background", async (_, [command = "", ...args]) => {
  const state = temporaryState();
  const line = `strongroom start --port 0 --state ${state} & until test -e ${state}/credentials.json; do sleep 0.1; done`;
  const env = terminal(24);
  const PATH = `${join(home, "node_modules/.bin")}:${env["PATH"]}`;
  const shell = start({ ...env, PATH }, command, ...args, `${line}; sleep 1`);
  await shell.ready();
  expect(await shell.exited).toBe(0);
  // Twice as long as it takes to see that it is an orphan.
  await sleep(1_000);
  expect((await fetch(`${credentialsIn(state).url}/healthz`)).status).toBe(200);
  expect(workerdsWith(OWNER_VARIABLE, state)).toHaveLength(1);
});
