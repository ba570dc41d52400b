import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, it } from "vitest";
import type { Asset } from "../../src/client/index.ts";
import { isLong } from "../support/at-length.ts";
import { NODE_20, objects, type Result, useProgram } from "./program.ts";
import { CommandScene } from "./server.ts";

const program = useProgram();
const server = new CommandScene();

const run = (...args: string[]): Promise<Result> => program.run(args, { env: server.env });

/** Writes files into the folder that commands are run in. */
function write(files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(program.work, name)), { recursive: true });
    writeFileSync(join(program.work, name), content);
  }
}

/** Every file below a folder with its SHA-256, by its path. */
function filesBelow(folder: string): Record<string, string> {
  const root = join(program.work, folder);
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(root.length + 1), createHash("sha256").update(readFileSync(path)).digest("hex")]),
  );
}

/** What a vault has below a folder. */
const stored = async (folder: string): Promise<Asset[]> => objects<Asset>(await run("ls", folder, "--json"));

const FILES = isLong ? 1_000 : 200;
const SHOWN = FILES.toLocaleString("en");
const large = randomBytes(100 * 1024 * 1024);

beforeAll(() => {
  const names = Array.from(
    { length: FILES },
    (_, at) => `tree/${at % 2 ? "blog" : "shop"}/c${at % 10}/file ${at} ä.bin`,
  );
  write(Object.fromEntries(names.map((name, at) => [name, randomBytes(at * 3)])));
  write({ "large.bin": large });
});

it(`put, get: a tree of ${FILES} files and back, byte for byte`, async () => {
  const put = await program.run(["put", "tree", "site/", "--parallel", "32"], {
    node: NODE_20 ?? process.execPath,
    env: server.env,
  });
  expect(put.stderr).toMatch(new RegExp(`^uploaded ${SHOWN} files \\([\\d.]+ [KM]iB\\) in [\\d.:]+( s)?\n$`));
  expect(put.code).toBe(0);
  expect(put.stdout.trim().split("\n")).toHaveLength(FILES);
  expect(put.stdout).toMatch(/^asset_\w{26} {2}site\/shop\/c0\/file 0 ä\.bin$/m);

  const get = await run("get", "site/", "out", "--parallel", "32");
  expect(get.stderr).toMatch(new RegExp(`^downloaded ${SHOWN} files \\([\\d.]+ [KM]iB\\) in `));
  expect(get.code).toBe(0);
  expect(get.stdout.trim().split("\n").toSorted()).toEqual(
    Object.keys(filesBelow("out"))
      .map((name) => `out/${name}`)
      .toSorted(),
  );
  expect(filesBelow("out")).toEqual(filesBelow("tree"));

  // Node says nothing of how many listen to one signal.
  const again = await run("put", "tree/shop", "site/shop/", "--parallel", "32", "--skip-existing");
  expect(again.stderr).toMatch(new RegExp(`^uploaded 0 files in [\\d.:]+( s)?, ${FILES / 2} already there\n$`));
});

it("put, get: --skip-existing leaves out what is there with the same content", async () => {
  write({ "few/blog/c/a": "a", "few/blog/c/b": "b", "few/blog/c/c": "" });
  expect(await run("put", "few", "skip/")).toMatchObject({ code: 0 });
  write({ "few/blog/c/b": "B", "few/blog/c/d": "d" });
  const put = await run("put", "few", "skip/", "--skip-existing", "--json");
  expect(put).toMatchObject({ code: 0 });
  expect(put.stderr).toMatch(/^uploaded 2 files \(2 B\) in .*, 2 already there\n$/);
  expect(
    objects(put)
      .map(({ file, status }) => `${String(file)} ${String(status)}`)
      .toSorted(),
  ).toEqual(["few/blog/c/a skipped", "few/blog/c/b uploaded", "few/blog/c/c skipped", "few/blog/c/d uploaded"]);
  expect(await stored("skip/")).toHaveLength(5);

  const all = await run("get", "skip/", "few-out");
  expect(all).toMatchObject({ code: 0 });
  expect(all.stdout.trim().split("\n")).toHaveLength(4);
  expect(all.stderr).toMatch(/^downloaded 4 files \(3 B\) in .*, 1 older of the same names left out\n$/);
  // Of the two assets of one name the newer one.
  expect(filesBelow("few-out")).toEqual(filesBelow("few"));
  write({ "few-out/blog/c/a": "A", "few-out/blog/c/mine": "mine" });
  const get = await run("get", "skip/", "few-out", "--skip-existing");
  expect(get).toMatchObject({ code: 0, stdout: "few-out/blog/c/a\n" });
  expect(filesBelow("few-out")).toEqual({
    ...filesBelow("few"),
    "blog/c/mine": createHash("sha256").update("mine").digest("hex"),
  });
});

it("get: of the assets of one name writes the newest, once, however long its folder takes to be looked at", async () => {
  for (const content of ["first", "second", "third"]) {
    write({ "thrice/c/h/a": content });
    expect(await run("put", "thrice", "thrice/")).toMatchObject({ code: 0 });
  }
  const slow = pathToFileURL(join(import.meta.dirname, "slow-first-lstat.mjs")).href;
  const got = await program.run(["get", "thrice/", "thrice-out", "--parallel", "3"], {
    env: { ...server.env, NODE_OPTIONS: `--import=${slow}` },
  });
  expect(got).toMatchObject({ code: 0, stdout: "thrice-out/c/h/a\n" });
  expect(got.stderr).toMatch(/^downloaded 1 file \(5 B\) in .*, 2 older of the same names left out\n$/);
  expect(filesBelow("thrice-out")).toEqual(filesBelow("thrice"));
});

it("put: refuses what does not fit before anything is sent, and names all of it", async () => {
  write({
    "bad/Hero Images/x/1": "",
    "bad/blog/-x/1": "",
    "bad/blog/x/y/z/1": "",
    "bad/blog/2": "",
    "bad/blog/3": "",
    "bad/4": "",
    "bad/blog/ok/back\\slash": "",
    "bad/blog/ok/fine": "",
  });
  const refused = await run("put", "bad", "refused/");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  const rule = "must be 1 to 64 lowercase letters, digits and hyphens, starting and ending with a letter or digit";
  expect(refused.stderr.split("\n").map((line) => line.replace(/ {2,}/g, "  "))).toEqual([
    "strongroom: nothing was sent: these 6 do not fit into refused/",
    `  bad/Hero Images/  as a collection it ${rule}`,
    `  bad/blog/-x/  as a channel it ${rule}`,
    "  bad/blog/ok/back\\slash  filename: must not contain / or \\",
    "  bad/blog/x/y/  too deep: a channel holds files and no folders",
    "  bad/  1 file lies too high: between must be a folder for the collection and a folder for the channel",
    "  bad/blog/  2 files lie too high: between must be a folder for the channel",
    "--flatten puts all files into one full path, whatever folders they are in",
    "",
  ]);
  expect(await run("put", "bad/4", "refused/c/")).toMatchObject({ code: 2, stdout: "" });
  expect(await run("put", "bad", "nowhere", "refused/c/h/")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "strongroom: nowhere: no such file or directory\n",
  });
  expect(await stored("refused/")).toEqual([]);
});

it("put: --flatten puts all into one path, and refuses equal names", async () => {
  write({ "flat/A B/1": "1", "flat/c/d/e/f/2": "2", "flat/3": "3", "flat/.DS_Store": "" });
  expect(await run("put", "flat", "flat/c/", "--flatten")).toMatchObject({ code: 2, stdout: "" });
  const put = await run("put", "flat", "flat/c/h/", "--flatten", "--exclude", ".DS*", "--exclude", "thumbs.db");
  expect(put).toMatchObject({ code: 0 });
  expect((await stored("flat/c/h/")).map(({ filename }) => filename).toSorted()).toEqual(["1", "2", "3"]);

  write({ "flat/c/1": "another", "flat/c/3": "another" });
  const clash = await run("put", "flat", "flat/c/clash/", "--flatten");
  expect(clash).toMatchObject({ code: 2, stdout: "" });
  expect(
    clash.stderr
      .split("\n")
      .map((line) => line.replace(/ {2,}/g, "  "))
      .slice(0, 3),
  ).toEqual([
    "strongroom: nothing was sent: these 2 do not fit into flat/c/clash/",
    "  flat/c/1  would have the same name as flat/A B/1",
    "  flat/c/3  would have the same name as flat/3",
  ]);
  // So do files from two places that go to one.
  const two = await run("put", "flat/3", "flat/c/3", "flat/c/clash/");
  expect(two.stderr).toContain("flat/c/3  would have the same name as flat/3\n");
  expect(await stored("flat/c/clash/")).toEqual([]);
});

it("put: leaves links out, and says so", async () => {
  write({ "links/real": "real", secret: "secret" });
  symlinkSync(join(program.work, "secret"), join(program.work, "links/link"));
  symlinkSync(program.work, join(program.work, "links/folder"));
  const put = await run("put", "links", "links/c/h/");
  expect(put).toMatchObject({ code: 0 });
  expect(put.stderr.split("\n").slice(0, 2)).toEqual([
    "strongroom: links/folder: is a link or no file, and left out",
    "strongroom: links/link: is a link or no file, and left out",
  ]);
  expect((await stored("links/")).map(({ filename }) => filename)).toEqual(["real"]);
});

it("put: names the files that fail, and uploads the others", async () => {
  write({ "some/too-large": "", "some/fine": "fine" });
  // It takes no room on the disk.
  truncateSync(join(program.work, "some/too-large"), 5 * 1024 ** 3 + 1);
  const put = await run("put", "some", "some/c/h/", "--json");
  expect(put).toMatchObject({ code: 1 });
  expect(objects(put)).toEqual([
    expect.objectContaining({
      status: "failed",
      file: "some/too-large",
      error: { code: null, message: "has 5,368,709,121 bytes; a file may have 5,368,709,120 at most" },
    }),
    expect.objectContaining({ status: "uploaded", file: "some/fine" }),
  ]);
  expect(put.stderr).toMatch(
    /^strongroom: some\/too-large: has 5,368,709,121 bytes.*\nuploaded 1 file \(4 B\) in .*, 1 failed\n/,
  );
});

it("put, get: 100 MiB and back, byte for byte", async () => {
  const surroundings = { node: NODE_20 ?? process.execPath, env: server.env };
  expect(await program.run(["put", "large.bin", "large/c/h/"], surroundings)).toMatchObject({ code: 0, stderr: "" });
  const get = await program.run(["get", "large/c/h/large.bin", "large.out"], surroundings);
  expect(get).toEqual({ code: 0, stdout: "large.out\n", stderr: "" });
  expect(readFileSync(join(program.work, "large.out")).equals(large)).toBe(true);
});

it("ls, cat: end quietly when nobody reads on", async () => {
  for (const args of [
    ["ls", "--json"],
    ["cat", "large/c/h/large.bin"],
  ]) {
    const { child, result, printed } = program.start(args, { env: server.env });
    child.stdout?.once("data", () => child.stdout?.destroy());
    expect(await result).toMatchObject({ code: 0, stderr: "" });
    expect(printed.stdout.length).toBeGreaterThan(0);
  }
});

it("get: Ctrl-C leaves no half a file, and says what is done", async () => {
  const into = join(program.work, "interrupted");
  const { child, result } = program.start(["get", "large/", "interrupted"], { env: server.env });
  const parts = (): string[] =>
    existsSync(into)
      ? readdirSync(into, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".part"))
      : [];
  while (parts().length === 0) await sleep(2);
  child.kill("SIGINT");
  const { code, stderr } = await result;
  expect(code).toBe(130);
  expect(stderr).toMatch(
    /^interrupted: downloaded 0 files in .*\n {2}the same command with --skip-existing goes on from here\n$/,
  );
  expect(filesBelow("interrupted")).toEqual({});
  rmSync(into, { recursive: true });
});

it("put: Ctrl-C says what is done, and the same command goes on", async () => {
  const { child, result, printed } = program.start(["put", "tree", "again/", "--parallel", "4"], { env: server.env });
  while (printed.stdout.split("\n").length < 20) await sleep(2);
  child.kill("SIGINT");
  const { code, stdout, stderr } = await result;
  expect(code).toBe(130);
  const uploaded = stdout.trim().split("\n").length;
  expect(stderr).toMatch(
    new RegExp(`^interrupted: uploaded ${uploaded} of ${SHOWN} files \\(.*\\) in .*, ${FILES - uploaded} left\n`),
  );
  expect((await stored("again/")).length).toBeGreaterThanOrEqual(uploaded);
});

it("put: a server that is killed in the middle: failures are listed, and the same command goes on", async () => {
  const sources = ["tree/blog/c1", "tree/blog/c3"];
  const files = Object.assign({}, ...sources.map(filesBelow)) as Record<string, string>;
  const all = Object.keys(files).length;
  const { result, printed } = program.start(["put", ...sources, "killed/c/h/"], { env: server.env });
  while (printed.stdout.split("\n").length < 20) await sleep(2);
  await server.kill();
  const { code, stdout, stderr } = await result;
  expect(code).toBe(1);
  const uploaded = stdout.trim().split("\n").length;
  const lines = stderr.trim().split("\n");
  const failures = lines.filter((line) => /^strongroom: tree\/.*: no answer/.test(line));
  expect(failures.length).toBeGreaterThanOrEqual(3);
  const left = all - uploaded - failures.length;
  expect(lines.slice(failures.length)).toEqual([
    expect.stringMatching(/^ {2}asked was http:.* \(from STRONGROOM_URL\), with the key from STRONGROOM_KEY$/),
    expect.stringMatching(
      new RegExp(`^gave up: uploaded ${uploaded} of ${all} files .*, ${failures.length} failed, ${left} left$`),
    ),
    "  the same command with --skip-existing goes on from here",
  ]);

  await server.restart();
  const again = await run("put", ...sources, "killed/c/h/", "--skip-existing");
  expect(again).toMatchObject({ code: 0 });
  const names = (await stored("killed/")).map(({ filename }) => filename);
  // Each once: what was stored without an answer was found.
  expect(names.toSorted()).toEqual(Object.keys(files).toSorted());
});
