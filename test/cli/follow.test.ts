import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { type Change, Strongroom } from "../../src/client/index.ts";
import { objects, type Result, type Running, useProgram } from "./program.ts";
import { CommandScene } from "./server.ts";

const program = useProgram();
const server = new CommandScene();

const run = (...args: string[]): Promise<Result> => program.run(args, { env: server.env });

const PATH = { partition: "marketing", collection: "blog", channel: "hero" };

const vault = (): Strongroom => new Strongroom({ url: server.credentials.url, key: server.credentials.secret_key });

/** Uploads a file, and returns its id. */
const uploaded = async (filename: string): Promise<string> =>
  (await vault().assets.upload(new Blob(["x"]), { ...PATH, filename })).id;

const told = (changes: readonly Change[]): string[] =>
  changes.map((change) => (change.type === "asset" ? change.asset.filename : `deleted ${change.id}`));

const lines = (file: string): Change[] =>
  readFileSync(join(program.work, file), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Change);

/** Starts a watch, and waits until it has begun. */
async function watching(...args: string[]): Promise<Running> {
  const running = program.start(["watch", ...args], { env: server.env });
  await vi.waitFor(() => expect(running.printed.stderr).toMatch(/^watching vault_\w+; Ctrl-C ends it$/m), 10_000);
  return running;
}

it("export: has every asset, to standard output or a file, and with a cursor file what has changed since", async () => {
  const [a, b] = [await uploaded("a.txt"), await uploaded("b.txt")];
  const all = await run("export");
  expect(all).toMatchObject({ code: 0, stderr: "" });
  expect(told(objects<Change>(all))).toEqual(["a.txt", "b.txt"]);
  expect(objects(all)[0]).toMatchObject({ type: "asset", asset: { id: a, metadata: {}, tags: [] }, etag: '"1"' });

  const args = ["all.ndjson", "--cursor-file", "cursor"];
  expect(await run("export", ...args)).toEqual({ code: 0, stdout: "", stderr: "2 lines in all.ndjson\n" });
  expect(told(lines("all.ndjson"))).toEqual(["a.txt", "b.txt"]);
  await vault().assets.delete(b);
  await vault().assets.update(a, { metadata: { k: 1 } });
  expect(await run("export", ...args)).toMatchObject({ code: 0, stderr: "2 lines in all.ndjson\n" });
  expect(told(lines("all.ndjson"))).toEqual([`deleted ${b}`, "a.txt"]);
  expect((await run("export", "--cursor-file", "cursor")).stdout).toBe("");
});

it("export: leaves file and cursor as they were when it fails, and says what to do about a cursor that is over", async () => {
  writeFileSync(join(program.work, "kept.ndjson"), "kept");
  const over = Buffer.from(JSON.stringify({ generation: "0", after: 1 })).toString("base64url");
  writeFileSync(join(program.work, "over"), over);
  const result = await run("export", "kept.ndjson", "--cursor-file", "over");
  expect(result).toMatchObject({ code: 1, stdout: "" });
  expect(result.stderr).toMatch(/^strongroom: over: cursor: the vault has lost .*; remove the file to do so\n$/);
  expect(readFileSync(join(program.work, "kept.ndjson"), "utf8")).toBe("kept");
  expect(readFileSync(join(program.work, "over"), "utf8")).toBe(over);
  expect(await run("export", "nowhere/x.ndjson", "--cursor-file", "new")).toMatchObject({ code: 1 });
  expect(existsSync(join(program.work, "new"))).toBe(false);
  expect(await run("export", "--cursor-file", "")).toMatchObject({ code: 2 });
});

it("watch: shows a line for each change as it happens, until it is interrupted", async () => {
  const before = await uploaded("before.txt");
  const [text, json] = await Promise.all([watching(), watching("--json", "--cursor-file", "place")]);
  const id = await uploaded("c.txt");
  await vi.waitFor(() => expect(text.printed.stdout).toContain("c.txt"), 10_000);
  await vault().assets.delete(before);
  await vi.waitFor(() => {
    for (const { printed } of [text, json]) expect(printed.stdout).toContain(before);
  }, 10_000);
  await vi.waitFor(() => expect(existsSync(join(program.work, "place"))).toBe(true));
  for (const { child } of [text, json]) child.kill("SIGINT");
  const [shown, told2] = await Promise.all([text.result, json.result]);
  expect(shown.code).toBe(130);
  expect(shown.stdout.split("\n")).toEqual([
    expect.stringMatching(
      new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d  changed  ${id}  marketing/blog/hero/c\\.txt$`),
    ),
    expect.stringMatching(new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d  deleted  ${before}$`)),
    "",
  ]);
  expect(told(objects<Change>(told2))).toEqual(["c.txt", `deleted ${before}`]);

  // The next goes on there, and nothing that happened in between is left out.
  await uploaded("d.txt");
  const next = await watching("--json", "--cursor-file", "place");
  await vi.waitFor(
    () => expect(told(objects<Change>({ ...shown, stdout: next.printed.stdout }))).toEqual(["d.txt"]),
    5_000,
  );
  next.child.kill("SIGINT");
  await next.result;
});
