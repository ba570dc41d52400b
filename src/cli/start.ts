/** `strongroom start`: the server of `npm start`, of what the package holds instead of the sources. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { readBuild } from "../local/dist.ts";
import { fail, run } from "../local/run.ts";
import { OperatorError } from "../local/operator-error.ts";

/** The oldest that Miniflare runs on. */
const OLDEST_NODE = 22;

/** Options of Miniflare 5 are not documented, and another version may keep data elsewhere: it is the tested one or none. */
const MINIFLARE = packageJson.peerDependencies.miniflare;

/** Resolves from here, which is `src/cli` or, in the package, `dist`. */
const { resolve } = createRequire(import.meta.url);

/**
 * Starts a server that runs until this process is told to end, and resolves when it is ready. Where it does not come to
 * that, one line says why, and this process exits with 2 for flags
 * that are wrong, and else with 1.
 *
 * @param args the flags, without `start`
 */
export async function start(args: readonly string[]): Promise<void> {
  const dist = join(dirname(resolve("strongroom/package.json")), "dist");
  await run({
    command: "strongroom start",
    args,
    check: checkRuntime,
    build: () => readBuild(dist),
    endsWithNpm: isRunByNpm(process.env),
  }).catch(fail);
}

/**
 * Whether this is all that npm runs, as `npx strongroom` or as a script of a package.json. A line that does more may leave
 * the server behind on purpose, and what is started by something that npm runs has the same environment.
 */
const isRunByNpm = ({ npm_lifecycle_script: line = "" }: NodeJS.ProcessEnv): boolean =>
  /^["']?strongroom["']?( start\b[^&|;\n]*)?$/.test(line);

function checkRuntime(): void {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) < OLDEST_NODE)
    throw new OperatorError(`start needs Node ${OLDEST_NODE} or newer, and this is ${node}: install a newer one`);
  const found = installedMiniflare();
  if (found === MINIFLARE) return;
  const why = found === undefined ? "which is not installed" : `and ${found} is installed`;
  throw new OperatorError(`start needs Miniflare, ${why}: npm install miniflare@${MINIFLARE}`);
}

function installedMiniflare(): string | undefined {
  try {
    return (JSON.parse(readFileSync(resolve("miniflare/package.json"), "utf8")) as { version: string }).version;
  } catch {
    return undefined;
  }
}
