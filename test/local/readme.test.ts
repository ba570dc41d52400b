/** The commands of the README's tours and of docs/api.md work: they are run in order, as a reader would paste them. */

import { execFile, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ServerProcess, temporaryState } from "./server-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (page: string): string => readFileSync(join(ROOT, page), "utf8");

/** A section of a page: from its heading to the next one. */
function section(page: string, heading: string): string {
  const found = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`there is no section "${heading}"`);
  return found;
}

/** What a reader may paste one after the other, against the server that `npm start` runs. */
const PAGES = [
  section(read("README.md"), "A tour by command line"),
  section(read("README.md"), "A tour with curl"),
  read("docs/api.md"),
];

/** What the user types, in order: the commands of all `sh` blocks, each in one line. */
function commands(): string[] {
  return PAGES.flatMap((page) =>
    [...page.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
      block
        .replace(/\\\n\s*/g, "")
        .split("\n")
        .filter((line) => line.trim() !== ""),
    ),
  );
}

interface Outcome {
  command: string;
  output: string;
  status: number;
}

/** A terminal's environment: without what npm tells the scripts that it runs, this one among them, and npx obeys. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));

/** Runs commands one after the other in one shell, as in one terminal. */
async function inOneShell(lines: string[], cwd: string): Promise<Outcome[]> {
  const mark = "\u0001";
  const script = lines.map((line) => `printf '${mark}'\n${line}\nprintf '${mark}%s' $?\n`).join("");
  const { stdout } = await promisify(execFile)("bash", ["-o", "pipefail", "-c", script], { cwd, env: environment });
  const pieces = stdout.split(mark).slice(1);
  return lines.map((command, i) => ({
    command,
    output: pieces[2 * i] ?? "",
    status: Number(pieces[2 * i + 1] ?? Number.NaN),
  }));
}

const state = temporaryState();
const folder = temporaryState();
const server = new ServerProcess(state);

beforeAll(async () => {
  await server.ready();
  // This is the folder where the server runs, as the reader sees it.
  symlinkSync(state, join(folder, ".strongroom"));
  const programs = join(folder, "node_modules/.bin");
  mkdirSync(programs, { recursive: true });
  symlinkSync(join(ROOT, "dist/cli.js"), join(programs, "strongroom"));
  copyFileSync(join(ROOT, "README.md"), join(folder, "README.md"));
  // The package is installed here.
  writeFileSync(join(folder, "package.json"), "{}\n");
});

afterAll(() => {
  server.killGroup();
  for (const directory of [state, folder]) rmSync(directory, { recursive: true });
});

it("the README and docs/api.md: each command succeeds when they are pasted in order", async ({ skip }) => {
  skip(spawnSync("curl", ["--version"]).status !== 0, "curl is not installed");
  const outcomes = await inOneShell(commands(), folder);
  // A body that is printed may have any line in it, and an answer of the API begins with its only line.
  const failed = outcomes.filter(
    ({ status, output }) => status !== 0 || /^(?:\{"error"|HTTP\/1\.1 [45])/m.test(output),
  );
  expect(failed).toEqual([]);
  for (const method of ["POST", "GET", "PATCH", "DELETE"]) expect(server.output).toContain(`"method":"${method}"`);

  const found = outcomes.find(({ command }) => command.includes("ls --tag"));
  expect(found?.output).toContain("marketing/blog/drafts/README.md");

  // Both pages show something, and they show different things.
  const pages = outcomes
    .filter(({ command, output }) => command.includes("limit=1") && output.startsWith('{"data"'))
    .map(({ output }) => (JSON.parse(output) as { data: { id: string }[] }).data.map(({ id }) => id));
  expect(pages.map((ids) => ids.length)).toEqual([1, 1]);
  expect(pages[0]).not.toEqual(pages[1]);
});
