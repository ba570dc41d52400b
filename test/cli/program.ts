import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, stop } from "esbuild";
import { afterAll, beforeAll } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** Where a shell finds what the system has, and nothing that npm has put before it. */
const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

/** The system's Node if it is the oldest that the program runs on. */
function oldestNode(): string | undefined {
  const system = ["-i", `PATH=${SYSTEM_PATH}`, "node", "-p"];
  try {
    const ask = (what: string): string => execFileSync("/usr/bin/env", [...system, what], { encoding: "utf8" }).trim();
    return ask("process.versions.node").startsWith("20.") ? ask("process.execPath") : undefined;
  } catch {
    return undefined;
  }
}

/** The oldest Node that the program is to run on. It takes three times as long to start: most tests do without it. */
export const NODE_20 = oldestNode();

/** What a run of the program came to. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that is running. */
export interface Running {
  readonly child: ChildProcess;
  readonly result: Promise<Result>;
  /** What it has printed so far. */
  readonly printed: { stdout: string; stderr: string };
}

export interface Surroundings {
  readonly node?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on standard input; nothing unless given. */
  readonly input?: string;
}

/**
 * The program as one file, as it is shipped, and an empty folder to run it in. Made before the tests of a file and removed
 * after them.
 */
export function useProgram() {
  const folder = mkdtempSync(join(tmpdir(), "strongroom-cli-"));
  const home = join(folder, "home");
  const work = join(folder, "work");
  const file = join(folder, "strongroom.mjs");

  beforeAll(async () => {
    for (const path of [home, work]) mkdirSync(path);
    await build({
      entryPoints: [join(ROOT, "src/cli/main.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      // As in the package. With Miniflare in it, each run would read 8 MB.
      external: ["miniflare", "workerd"],
      outfile: file,
      logLevel: "error",
    });
    await stop();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const program = {
    /** The user's own folder, and the one that commands are run in. */
    home,
    work,
    file,
    start(
      args: readonly string[],
      { node = process.execPath, cwd = work, env = {}, input }: Surroundings = {},
    ): Running {
      const child = spawn(node, [file, ...args], {
        cwd,
        // Nothing of this machine's user, and times as a test can know them.
        env: { PATH: SYSTEM_PATH, HOME: home, TZ: "UTC", ...env },
        stdio: ["pipe", "pipe", "pipe"],
      });
      child.stdin.on("error", () => {});
      child.stdin.end(input ?? "");
      const printed = { stdout: "", stderr: "" };
      for (const stream of ["stdout", "stderr"] as const) {
        child[stream].setEncoding("utf8").on("data", (text: string) => {
          printed[stream] += text;
        });
      }
      const result = new Promise<Result>((resolve, reject) => {
        child.once("error", reject);
        child.once("close", (code) => resolve({ code, ...printed }));
      });
      return { child, result, printed };
    },
    run: (args: readonly string[], surroundings?: Surroundings): Promise<Result> =>
      program.start(args, surroundings).result,
  };
  return program;
}

/** The objects of JSON lines. */
export const objects = <T = Record<string, unknown>>({ stdout }: Result): T[] =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);

/** What access to a server is in the environment. */
export const accessTo = ({
  url,
  key,
  token,
}: {
  url: string;
  key?: string;
  token?: string;
}): Record<string, string> => ({
  STRONGROOM_URL: url,
  ...(key === undefined ? {} : { STRONGROOM_KEY: key }),
  ...(token === undefined ? {} : { STRONGROOM_ADMIN_TOKEN: token }),
});
