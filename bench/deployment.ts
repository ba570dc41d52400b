/** What is measured: a fresh local server, or a deployment that the flags name. */

import { existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../src/local/build.ts";
import { siteIn } from "../src/local/dist.ts";
import { DATA } from "../src/local/layout.ts";
import { startServer } from "../src/local/server.ts";
import { StateDirectory } from "../src/local/state.ts";
import { OperatorError } from "../src/local/operator-error.ts";
import { Ceiling } from "./ceiling.ts";
import { ask } from "./connection.ts";
import type { Files } from "./files.ts";
import type { Shot } from "./shot.ts";
import type { Options } from "./options.ts";
import { seed } from "./seed.ts";
import { Vaults } from "./vaults.ts";

/** A server that is measured, and what can be done to it. */
export interface Deployment {
  readonly url: string;
  /** Tells the reader of the results where its data are. */
  readonly place: string;
  readonly vaults: Vaults;
  /** The probe beside a local server; undefined elsewhere, because the best of another place is not ours to measure. */
  readonly ceiling: Ceiling | undefined;
  /** Fills a vault of a local server with so many assets before its first request; undefined elsewhere. */
  readonly seed: ((vaultId: string, count: number) => void) | undefined;
  /** Removes all that the run has made, as far as that is possible. */
  close(): Promise<void>;
}

/** Opens the deployment that the flags name, or starts a fresh local server. Throws OperatorError. */
export const open = (options: Options, files: Files): Promise<Deployment> =>
  options.url === undefined ? local(options.state, files) : remote(options.url, options, files);

async function remote(url: string, { keys, adminToken }: Options, files: Files): Promise<Deployment> {
  const health: Shot = { method: "GET", path: "/healthz", expect: 200 };
  await ask(url, health).catch((error: Error) => {
    throw new OperatorError(`--url ${url} does not answer as Strongroom does: ${error.message}`);
  });
  const vaults = new Vaults(url, files, keys, adminToken);
  return { url, place: url, vaults, ceiling: undefined, seed: undefined, close: () => vaults.close() };
}

/** Starts a local server. It runs until this process exits, and its data are removed then. */
async function local(where: string, files: Files): Promise<Deployment> {
  const path = join(folder(where), "strongroom-bench");
  const state = await StateDirectory.open(path);
  const directory = state.path;
  // A run that was killed may have left something behind.
  for (const data of [...Object.values(DATA), "probe"]) rmSync(join(directory, data), { recursive: true, force: true });
  const secrets = state.secrets();
  const made = await build(siteIn(directory));
  const url = await startServer({ build: made, host: "127.0.0.1", port: 0, quiet: "all", directory, secrets });
  const ceiling = await Ceiling.start(join(directory, "probe"));
  // This runs after Miniflare's own handlers, which end workerd. workerd may still be writing for a moment.
  process.on("exit", () => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  return {
    url,
    place: path,
    vaults: new Vaults(url, files, [], secrets.admin_token),
    ceiling,
    seed: (vaultId, count) => seed(join(directory, DATA.databases), vaultId, count),
    close: async () => {},
  };
}

/** The folder that `--state` names, for data that are removed at the end. Throws OperatorError. */
export function folder(where: string): string {
  if (where === "disk") return tmpdir();
  if (where !== "ram") return where;
  if (!existsSync("/dev/shm")) {
    throw new OperatorError(
      "--state ram needs /dev/shm, which this machine does not have: name a folder on a RAM disk",
    );
  }
  return "/dev/shm";
}
