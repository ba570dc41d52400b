/** Starts the server of a checkout of this repository, of whatever version, as its user would. */

import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { OperatorError } from "../../src/local/operator-error.ts";
import type { Deployment } from "../deployment.ts";
import type { Files } from "../files.ts";
import { Vaults } from "../vaults.ts";

/** A server that has not said by then where it is never will. Milliseconds. */
const START_MS = 120_000;

/** How much of what a server says is kept until it has said where it is. Characters. */
const KEPT = 4_000;

type Server = ChildProcessByStdio<null, Readable, Readable>;

/** The full path of a checkout that can be started. Throws OperatorError when it cannot. */
export function checkoutAt(directory: string): string {
  const root = resolve(directory);
  for (const needed of ["package.json", "node_modules"]) {
    if (!statSync(join(root, needed), { throwIfNoEntry: false })) {
      throw new OperatorError(`--against ${directory} has no ${needed}: name a checkout in which npm ci was run`);
    }
  }
  return root;
}

/**
 * Starts a checkout's server by `npm start` with a fresh state directory. Nothing is known of the version but its flags
 * `--port` and `--state`, and its `credentials.json`. Throws OperatorError when the server does not start.
 *
 * @param root what {@link checkoutAt} returned
 * @param place the folder in which the state directory is made; the directory is removed in the end
 */
export async function startCheckout(root: string, place: string, files: Files): Promise<Deployment> {
  const state = temporary(place);
  // The server has a process group of its own, so that npm, its shell, Node and workerd can be ended together.
  const server = spawn("npm", ["start", "--", "--port", "0", "--state", state], {
    cwd: root,
    env: ownEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const stop = (): void => {
    endGroup(server);
    // workerd may still be writing for a moment.
    rmSync(state, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };
  process.once("exit", stop);
  const close = async (): Promise<void> => {
    process.removeListener("exit", stop);
    stop();
  };
  try {
    const url = await address(server);
    const { secret_key } = JSON.parse(readFileSync(join(state, "credentials.json"), "utf8")) as { secret_key: string };
    const vaults = new Vaults(url, files, [secret_key], undefined);
    return { url, place: `${root} (${commitOf(root)})`, vaults, ceiling: undefined, seed: undefined, close };
  } catch (error) {
    await close();
    throw new OperatorError(`npm start in ${root}: ${(error as Error).message}`);
  }
}

/** Makes a new folder. Throws OperatorError when that cannot be done. */
function temporary(place: string): string {
  try {
    mkdirSync(place, { recursive: true });
    return mkdtempSync(join(place, "strongroom-against-"));
  } catch (error) {
    throw new OperatorError(`--state: ${(error as Error).message}`);
  }
}

/** This process's environment without npm's variables: the other package's npm would take them for its own. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|INIT_CWD$|NODE$)/i.test(name)));
}

/**
 * Waits until the server says where it is, and returns the URL. What it says from then on, a line for each request, is
 * dropped.
 */
async function address(server: Server): Promise<string> {
  let said = "";
  try {
    return await new Promise<string>((found, failed) => {
      const listen = (text: string): void => {
        said = (said + text).slice(-KEPT);
        const url = /https?:\/\/[\w.[\]:]+:\d+(?=\s)/.exec(said)?.[0];
        if (url !== undefined) found(url);
      };
      for (const stream of [server.stdout, server.stderr]) stream.setEncoding("utf8").on("data", listen);
      server.once("error", failed);
      server.once("exit", (code) => failed(new Error(`ended with ${code}\n${said}`)));
      setTimeout(() => failed(new Error(`has not said where it is\n${said}`)), START_MS).unref();
    });
  } finally {
    for (const stream of [server.stdout, server.stderr]) stream.removeAllListeners("data").resume();
  }
}

function endGroup(server: Server): void {
  if (server.pid === undefined) return;
  try {
    process.kill(-server.pid, "SIGKILL");
  } catch {
    // All of it has ended already.
  }
}

/** Tells the reader of the results which commit was measured. */
function commitOf(root: string): string {
  const git = (...args: string[]): string =>
    execFileSync("git", ["-C", root, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain") ? ", changed" : ""}`;
  } catch {
    return "no commit";
  }
}
