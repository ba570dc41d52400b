/** A machine without these sources, for tests of the package: temporary folders, and a terminal in each. */

import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

export const ROOT = join(import.meta.dirname, "../..");

export const temporaryFolder = (): string => realpathSync(mkdtempSync(join(tmpdir(), "strongroom-")));

/** Another Node than the one that these tests run on: what Debian or nodejs.org installs. */
const SYSTEM_NODES = ["/usr/local/bin/node", "/usr/bin/node"];

/** The oldest Node that the package promises to run on. */
const OLDEST = 20;

const node20 = SYSTEM_NODES.find((path) => existsSync(path) && versionOf(path).startsWith(`v${OLDEST}.`));

/** Why a test that needs Node 20 cannot run; undefined when it can. */
export const noNode20: string | undefined =
  node20 === undefined ? `Node ${OLDEST} is none of ${SYSTEM_NODES.join(", ")}` : undefined;

function versionOf(node: string): string {
  return execFileSync(node, ["--version"], { encoding: "utf8" });
}

/** What npm, vitest and these tests add to the environment. */
const IS_OURS = /^(?:npm_|INIT_CWD$|NODE$|NODE_ENV$|VITEST|STRONGROOM_)/i;

/** How npm reaches its registry. It hands its settings on as variables. */
const IS_REGISTRY = /^npm_config_(?:registry|cache|cafile|userconfig|(?:https?_?|no)?proxy)$/i;

/**
 * The environment of a terminal where `node` is Node 20, or the one that these tests run on (24). It has nothing of the npm
 * that runs them, and no command of the packages here.
 */
export function terminal(node: 20 | 24): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => IS_REGISTRY.test(name) || !IS_OURS.test(name));
  const paths = (process.env["PATH"] ?? "").split(delimiter).filter((path) => !path.includes("node_modules"));
  const first = dirname(node === 20 ? (node20 ?? "") : process.execPath);
  return { ...Object.fromEntries(own), PATH: [first, ...paths].join(delimiter) };
}

/** What a command printed. Rejects when it fails, with what it printed to standard error. */
export interface Printed {
  stdout: string;
  stderr: string;
}

/** Runs a command in a folder, as whoever sits there types it. */
export const type = (cwd: string, env: NodeJS.ProcessEnv, command: string, ...args: string[]): Promise<Printed> =>
  promisify(execFile)(command, args, { cwd, env, maxBuffer: 16 * 1024 * 1024 });

/** Copies into a folder what a clone of this working tree would hold. */
export function checkOut(folder: string): void {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  for (const file of listed.toString().split("\0").filter(Boolean)) {
    // What is deleted and not committed yet is listed all the same.
    if (!existsSync(join(ROOT, file))) continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
}

/** Gives a checkout the packages that are here. */
export const linkPackages = (checkout: string): void =>
  symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));

/** Builds and packs what is in a checkout; returns the path of the tarball. */
export async function pack(checkout: string): Promise<string> {
  const { stdout } = await type(checkout, terminal(24), "npm", "pack", "--json");
  // Before it stands what the build prints.
  const [tarball] = JSON.parse(stdout.slice(stdout.indexOf("[\n"))) as { filename: string }[];
  return join(checkout, tarball?.filename ?? "");
}

/** The package of this working tree: a tarball in a folder of its own, built with the packages that are here. */
export async function packed(folder: string): Promise<string> {
  const checkout = join(folder, "checkout");
  checkOut(checkout);
  linkPackages(checkout);
  return pack(checkout);
}

/** Installs packages into a new folder, from the registry where they are no tarballs; returns the folder. */
export async function installed(parent: string, ...packages: string[]): Promise<string> {
  const folder = mkdtempSync(join(parent, "installed-"));
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries=1"];
  await type(folder, terminal(24), "npm", "install", ...flags, ...packages);
  return folder;
}

/** Why packages could not be installed: the registry is not there, and npm has not kept them. Throws any other error. */
export function reasonOffline(error: unknown): string {
  const { stderr = "" } = error as { stderr?: string };
  const code = /^npm error code (ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT)$/m.exec(stderr)?.[1];
  if (code === undefined) throw error;
  return `npm's registry cannot be reached (${code})`;
}

/** All files of a folder, by their paths in it. */
export const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
