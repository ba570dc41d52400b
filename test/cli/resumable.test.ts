import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Asset } from "../../src/client/index.ts";
import { Line } from "../support/line.ts";
import { objects, type Result, type Running, useProgram } from "./program.ts";
import { CommandScene } from "./server.ts";

const MIB = 1024 * 1024;
const content = randomBytes(20 * MIB + 1);
const program = useProgram();
const server = new CommandScene();
let line: Line;

beforeAll(async () => {
  line = await Line.to(server.credentials.url);
  writeFileSync(join(program.work, "film.mp4"), content);
});
afterAll(() => line.close());

const env = (): Record<string, string> => ({ ...server.env, STRONGROOM_URL: line.url });
const start = (...args: string[]): Running => program.start(args, { env: env() });
const run = (...args: string[]): Promise<Result> => start(...args).result;

const state = (): string => join(program.home, ".local/state/strongroom/uploads");
/** What is kept of uploads that were broken off. */
const kept = (): { url: string }[] =>
  existsSync(state())
    ? readdirSync(state()).map((name) => JSON.parse(readFileSync(join(state(), name), "utf8")) as { url: string })
    : [];

/** Starts an upload, and ends the program when so much of the file is under way. */
async function brokenOff(bytes: number, signal: NodeJS.Signals, ...args: string[]): Promise<Result> {
  const held = line.holdAfter(bytes);
  const { child, result } = start("put", ...args);
  await held;
  // What is on the line has still to be read by the server, which may have other things to do.
  await setTimeout(2_000);
  child.kill(signal);
  const ended = await result;
  line.cut();
  return ended;
}

async function check(result: Result, folder: string, count = 1): Promise<void> {
  expect(result).toMatchObject({ code: 0 });
  const assets = objects<Asset>(await run("ls", folder, "--json"));
  expect(assets.map(({ filename, size }) => [filename, size])).toEqual(
    Array.from({ length: count }, () => ["film.mp4", content.length]),
  );
  expect(await run("get", `${folder}film.mp4`, "film.out")).toMatchObject({ code: 0 });
  expect(readFileSync(join(program.work, "film.out")).equals(content)).toBe(true);
  expect(kept()).toEqual([]);
}

it.each(["SIGINT", "SIGKILL"] as const)("put: goes on where %s has ended it", async (signal) => {
  const folder = `end/${signal.toLowerCase()}/h/`;
  const broken = await brokenOff(12 * MIB, signal, "film.mp4", folder);
  expect(broken.code).toBe(signal === "SIGINT" ? 130 : null);
  expect(objects<Asset>(await run("ls", folder, "--json"))).toEqual([]);
  const [name = ""] = readdirSync(state());
  expect([statSync(state()).mode & 0o777, statSync(join(state(), name)).mode & 0o777]).toEqual([0o700, 0o600]);
  expect(JSON.stringify(kept())).not.toContain("sk_");

  const before = line.sent;
  const again = await run("put", "film.mp4", folder);
  expect(again.stderr).toMatch(/^film\.mp4: goes on after [\d.]+ MiB\n$/);
  expect(line.sent - before).toBeLessThan(content.length - 7 * MIB);
  await check(again, folder);
});

it("put: goes on by itself after a cut line, and after a kill of the server", async () => {
  const held = line.holdAfter(10 * MIB);
  const { result } = start("put", "film.mp4", "cut/c/h/");
  await held;
  line.cut();
  const next = line.holdAfter(5 * MIB);
  await next;
  await server.kill();
  const restarted = server.restart();
  line.cut();
  const ended = await result;
  await restarted;
  expect(ended.stderr).toBe("");
  await check(ended, "cut/c/h/");
});

it("put: begins anew when the upload has ended, and when the file has changed", async () => {
  await brokenOff(12 * MIB, "SIGKILL", "film.mp4", "gone/c/h/");
  const [{ url } = { url: "" }] = kept();
  const headers = { Authorization: `Bearer ${server.credentials.secret_key}`, "Tus-Resumable": "1.0.0" };
  expect((await fetch(url, { method: "DELETE", headers })).status).toBe(204);
  const again = await run("put", "film.mp4", "gone/c/h/");
  expect(again.stderr).toBe("");
  await check(again, "gone/c/h/");

  await brokenOff(12 * MIB, "SIGKILL", "film.mp4", "gone/c/h/");
  const [former = { url: "" }] = kept();
  const later = new Date(Date.now() + 5_000);
  utimesSync(join(program.work, "film.mp4"), later, later);
  const changed = await run("put", "film.mp4", "gone/c/h/");
  expect(changed).toMatchObject({ code: 0, stderr: "" });
  // What had come of the file as it was keeps no room of the vault's quota.
  expect((await fetch(former.url, { method: "HEAD", headers })).status).toBe(410);
  expect(kept()).toEqual([]);
});

it("put: makes no asset of two files, although the time of the file's change is the same", async () => {
  const file = join(program.work, "two.bin");
  writeFileSync(file, content);
  const { atime, mtime } = statSync(file);
  utimesSync(file, atime, mtime);
  await brokenOff(12 * MIB, "SIGKILL", "two.bin", "two/c/h/");
  writeFileSync(file, randomBytes(content.length));
  utimesSync(file, atime, mtime);
  const again = await run("put", "two.bin", "two/c/h/");
  expect(again).toMatchObject({ code: 1 });
  expect(again.stderr).toContain("two.bin: has changed since its upload began: try again");
  expect(objects(await run("ls", "two/c/h/", "--json"))).toEqual([]);
  expect(await run("put", "two.bin", "two/c/h/")).toMatchObject({ code: 0, stderr: "" });
});

it("put: takes many large files at a time, and needs no place to keep anything", async () => {
  const names = ["a", "b", "c"].map((name) => `many/c/h/${name}.bin`);
  const hashes = new Map<string, string>();
  for (const name of names) {
    const bytes = randomBytes(17 * MIB);
    const path = join(program.work, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, bytes);
    hashes.set(name, createHash("sha256").update(bytes).digest("hex"));
  }
  const nowhere = { ...env(), XDG_STATE_HOME: "/dev/null/state" };
  const put = await program.run(["put", "many", "many/", "--parallel", "3"], { env: nowhere });
  expect(put).toMatchObject({ code: 0 });
  expect(put.stderr).toMatch(/^uploaded 3 files \(51(\.0)? MiB\) in [^\n]*\n$/);
  expect(await run("get", "many/", "many-out")).toMatchObject({ code: 0 });
  for (const [name, hash] of hashes) {
    const got = readFileSync(join(program.work, name.replace("many/", "many-out/")));
    expect(createHash("sha256").update(got).digest("hex")).toBe(hash);
  }
});

it("put: refuses a file that is too large before anything is sent, and what an upload key cannot send", async () => {
  const sparse = join(program.work, "sparse.bin");
  writeFileSync(sparse, "");
  truncateSync(sparse, 5 * 1024 * MIB + 1);
  const put = await run("put", "sparse.bin", "large/c/h/");
  expect(put.stderr).toContain("has 5,368,709,121 bytes; a file may have 5,368,709,120 at most");

  const { url, vault_id, secret_key } = server.credentials;
  const made = await fetch(`${url}/api/v1/vaults/${vault_id}/keys`, {
    method: "POST",
    headers: { Authorization: `Bearer ${secret_key}`, "Content-Type": "application/json" },
    body: '{"type":"upload"}',
  });
  const { token } = (await made.json()) as { token: string };
  const asUploader = { env: { ...env(), STRONGROOM_KEY: token } };
  expect(await program.run(["put", "film.mp4", "by-key/c/h/"], asUploader)).toMatchObject({ code: 0, stderr: "" });
  truncateSync(sparse, 100 * MIB + 1);
  const more = await program.run(["put", "sparse.bin", "by-key/c/h/"], asUploader);
  expect(more.stderr).toContain("a file may have 104,857,600 at most");
});
