import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type {
  Asset,
  CreatedKey,
  CreatedVault,
  KeyInfo,
  StoredAsset,
  VaultInfo,
  VaultReport,
} from "../../src/client/index.ts";
import { NODE_20, objects, type Result, useProgram } from "./program.ts";
import { CommandScene } from "./server.ts";

const program = useProgram();
const server = new CommandScene();
const content = randomBytes(3_000);

const ID = /^asset_[0-9a-z]{26}$/;

const folder = "marketing/blog/hero/";

const run = (...args: string[]): Promise<Result> => program.run(args, { env: server.env });

/** Of a run that must succeed and say nothing beside its data. */
async function data(...args: string[]): Promise<string> {
  const result = await run(...args);
  expect(result).toMatchObject({ code: 0, stderr: "" });
  return result.stdout;
}

async function json<T>(...args: string[]): Promise<T[]> {
  const result = await run(...args, "--json");
  expect(result, result.stderr).toMatchObject({ code: 0 });
  return objects<T>(result);
}

/** Uploads the content under a name of its own. */
async function uploaded(filename: string, into = folder): Promise<Asset> {
  const file = join(program.work, filename);
  writeFileSync(file, content);
  const [line] = await json<{ asset: Asset }>("put", filename, into);
  if (!line) throw new Error("nothing was printed");
  return line.asset;
}

it.concurrent("put, ls: a file is uploaded and listed", async () => {
  writeFileSync(join(program.work, "first.txt"), content);
  const own = "listed/blog/hero/";
  const put = await run("put", "first.txt", own);
  expect(put).toMatchObject({ code: 0, stderr: "" });
  const [id = "", path] = put.stdout.trim().split(/\s+/);
  expect(id).toMatch(ID);
  expect(path).toBe(`${own}first.txt`);

  expect(await data("ls", own)).toMatch(
    new RegExp(`^2\\.9 KiB  \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d  ${own}first\\.txt\n$`),
  );
  expect(await data("ls", "--long", "listed/")).toMatch(new RegExp(`^${id}  text/plain  2\\.9 KiB  .*first\\.txt\n$`));
  const [asset] = await json<Asset>("ls", own);
  expect(asset).toMatchObject({ id, filename: "first.txt", size: 3_000, metadata: {}, tags: [] });
  expect(await json("ls", "listed/other/")).toEqual([]);
});

it.concurrent("ls: finds by what its options say, oldest first if asked, and shows folders with their counts", async () => {
  for (const name of ["f1.txt", "f2.txt"]) await uploaded(name, "found/a/b/");
  await uploaded("g.json", "found/a/c/");
  const [f1] = await json<Asset>("set", "found/a/b/f1.txt", "--add-tag", "hero", "--add-tag", "cats", "n=1");
  const names = async (...args: string[]): Promise<string[]> =>
    (await json<Asset>("ls", "found/", ...args)).map(({ filename }) => filename);
  expect(f1?.tags).toEqual(["hero", "cats"]);
  expect(await names("--tag", "hero", "--tag", "cats")).toEqual(["f1.txt"]);
  expect(await names("--oldest")).toEqual(["f1.txt", "f2.txt", "g.json"]);
  expect(await names("--name", "f", "--limit", "1")).toEqual(["f2.txt"]);
  expect(await names("--type", "application/*")).toEqual(["g.json"]);
  expect(await names("--meta", "n=1")).toEqual(["f1.txt"]);
  expect(await names("--search", "F1.T")).toEqual(["f1.txt"]);
  expect(await names("--since", "2020-01-01", "--before", "2099-01-01T00:00:00Z")).toHaveLength(3);
  expect(await names("--before", "2020-01-01")).toEqual([]);
  expect(await run("ls", "--since", "2026-02-30")).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/^strongroom: --since: must be a day, or an RFC 3339 time, that exists/) as string,
  });
  expect(await data("ls", "found/a/", "--folders")).toMatch(
    /^ *2 +5\.9 KiB  found\/a\/b\/\n *1 +2\.9 KiB  found\/a\/c\/\n$/,
  );
  expect(await json("ls", "found/", "--folders")).toEqual([{ name: "a", assets: 3, bytes: 9_000 }]);
  for (const [args, message] of [
    [["found/a/b/", "--folders"], "a channel has no folders in it"],
    [["--folders", "--tag", "x"], "--folders: goes with --limit alone"],
    [["--meta", "x"], "--meta x: must be KEY=VALUE"],
  ] as const) {
    expect(await run("ls", ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  }
  expect(await run("ls", "--search", "ab")).toMatchObject({ code: 1, stderr: expect.stringContaining("q: must be") });
});

it.concurrent("ls: stops at a limit, newest first", async () => {
  for (const name of ["l1", "l2", "l3"]) await uploaded(name, "limited/a/b/");
  const names = (await json<Asset>("ls", "limited/", "--limit", "2")).map(({ filename }) => filename);
  expect(names).toEqual(["l3", "l2"]);
  expect(await run("ls", "--limit", "0")).toMatchObject({ code: 2, stdout: "" });
});

it.concurrent("show, cat, get: by id and by path", async () => {
  const { id } = await uploaded("seen.bin");
  for (const name of [id, `${folder}seen.bin`]) {
    const [shown, [asset], cat] = await Promise.all([
      data("show", name),
      json<StoredAsset>("show", name),
      run("cat", name),
    ]);
    expect(shown).toContain(`id       ${id}\nasset    ${folder}seen.bin\nsize     2.9 KiB (3,000 bytes)\n`);
    expect(asset).toMatchObject({ id, metadata: {}, tags: [], etag: expect.stringMatching(/^"\d+"$/) as string });
    // Printed as text it has lost what is no UTF-8.
    expect(cat).toMatchObject({ code: 0, stdout: content.toString("utf8") });

    expect(await data("get", name, `${asset?.etag.length}.out`)).toBe(`${asset?.etag.length}.out\n`);
    expect(readFileSync(join(program.work, `${asset?.etag.length}.out`))).toEqual(content);
  }
  expect(await data("get", id, "made/for/it/")).toBe("made/for/it/seen.bin\n");
  expect(await run("get", id, "nowhere/seen.bin")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "strongroom: nowhere: no such file or directory\n",
  });
  const sha256 = createHash("sha256").update(content).digest("hex");
  expect(await json("get", id, `${program.work}/`)).toEqual([
    { status: "downloaded", file: join(program.work, "seen.bin"), id, size: 3_000, sha256 },
  ]);
  expect(await json("get", id, "--skip-existing")).toEqual([
    { status: "skipped", file: "seen.bin", id, size: 3_000, reason: "already there" },
  ]);
});

it.concurrent("show, get, rm: a path is the newest of its name", async () => {
  const { id: older } = await uploaded("twice.txt");
  const { id: newer } = await uploaded("twice.txt");
  expect(await json("show", `${folder}twice.txt`)).toMatchObject([{ id: newer }]);
  const removed = await run("rm", `${folder}twice.txt`);
  expect(removed).toEqual({ code: 0, stdout: "", stderr: `deleted ${folder}twice.txt (${newer})\n` });
  expect(await json("show", `${folder}twice.txt`)).toMatchObject([{ id: older }]);
  expect(await json("rm", older)).toEqual([{ status: "deleted", id: older, asset: older }]);
  expect(await run("show", `${folder}twice.txt`)).toMatchObject({
    code: 1,
    stdout: "",
    stderr: `strongroom: there is no asset at ${folder}twice.txt\n`,
  });
});

it.concurrent("show, cat, get: an empty file, which has no byte to ask for", async () => {
  writeFileSync(join(program.work, "empty"), "");
  const [line] = await json<{ asset: Asset }>("put", "empty", folder);
  expect(await json("show", `${folder}empty`)).toMatchObject([{ id: line?.asset.id, size: 0 }]);
  expect(await data("cat", `${folder}empty`)).toBe("");
  const [again] = await json("put", "empty", folder, "--skip-existing");
  expect(again).toEqual({ status: "skipped", file: "empty", reason: "already there", id: line?.asset.id });
});

it.concurrent("rm: of several, those that fail are named", async () => {
  const { id } = await uploaded("gone.txt");
  const missing = `asset_${"0".repeat(26)}`;
  const result = await run("rm", missing, id, `${folder}none.txt`);
  expect(result).toMatchObject({ code: 1, stdout: "" });
  expect(result.stderr.split("\n")).toEqual([
    `strongroom: ${missing}: no asset with this id in this vault`,
    `deleted ${id}`,
    `strongroom: there is no asset at ${folder}none.txt`,
    "",
  ]);
});

it.concurrent("set: merges metadata, and changes tags", async () => {
  const { id } = await uploaded("set.txt");
  const set = async (...args: string[]) => (await json<StoredAsset>("set", id, ...args))[0];
  expect(
    await set("alt=A cat", "width=640", 'version="1.0"', 'o={"a":null,"b":{}}', "url=a=b", "--tag", "x", "--tag", "y"),
  ).toMatchObject({
    metadata: { alt: "A cat", width: 640, version: "1.0", o: { a: null, b: {} }, url: "a=b" },
    tags: ["x", "y"],
  });
  // In one change that removes and in two: an object takes the place of what was there.
  expect(await set("width=[1]", "--unset", "alt", "--untag", "x", "--tag", "z", "--tag", "y")).toMatchObject({
    metadata: { width: [1], version: "1.0", o: { a: null, b: {} }, url: "a=b" },
    tags: ["y", "z"],
  });
  const last = await set('o={"c":null}', "--unset", "url", "--unset", "width");
  expect(last?.metadata).toEqual({ version: "1.0", o: { c: null } });
  expect(last?.tags).toEqual(["y", "z"]);
  expect(await data("set", id, "--untag", "y")).toMatch(
    /^tags +z\nmetadata\.version +"1\.0"\nmetadata\.o +\{"c":null\}$/m,
  );
});

it.concurrent("set: adds and removes tags by either name", async () => {
  const { id } = await uploaded("both.txt");
  const set = async (...args: string[]) => (await json<StoredAsset>("set", id, ...args))[0]?.tags;
  expect(await set("--add-tag", "x", "--tag", "y", "--add-tag", "z")).toEqual(["x", "z", "y"]);
  expect(await set("--remove-tag", "z", "--untag", "x", "--add-tag", "w", "--add-tag", "y")).toEqual(["y", "w"]);
  expect(await run("set", id, "--add-tag", "q", "--untag", "q")).toMatchObject({ code: 2 });
});

it.concurrent("mv: moves and renames the newest of a name", async () => {
  const { id: older } = await uploaded("mv.txt");
  const { id } = await uploaded("mv.txt");
  expect(await data("mv", `${folder}mv.txt`, "moved/b/c/")).toContain(`id       ${id}\nasset    moved/b/c/mv.txt\n`);
  expect(await json("mv", `${folder}mv.txt`, "moved/b/c/other.txt")).toMatchObject([
    { id: older, partition: "moved", collection: "b", channel: "c", filename: "other.txt" },
  ]);
  expect(await json("mv", id, "moved/b/d/renamed.txt")).toMatchObject([{ id, channel: "d", filename: "renamed.txt" }]);
  expect(await data("cat", "moved/b/d/renamed.txt")).not.toBe("");
  for (const [place, message] of [
    ["moved/", "moved/: an asset lies in a channel: partition/collection/channel/"],
    ["moved/b/c/a/b", "moved/b/c/a/b: is no asset"],
    [older, `${older}: is an asset; a place is partition/collection/channel/name`],
  ] as const) {
    expect(await run("mv", id, place)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) as string });
  }
  expect(await run("mv", `${folder}mv.txt`, "moved/b/c/")).toMatchObject({ code: 1 });
});

it.concurrent("rm -r: deletes what folders hold, and other assets beside them", async () => {
  for (const place of ["rmr/a/x/", "rmr/a/y/", "rmr/b/x/"]) await uploaded("r.txt", place);
  const { id } = await uploaded("beside.txt");
  // Nobody can be asked.
  expect(await run("rm", "-r", "rmr/a/")).toMatchObject({
    code: 2,
    stderr: "strongroom: rm -r asks first, and there is no terminal: add --yes\n",
  });
  expect(await run("rm", "-r", "--yes", "rmr/a/", "/")).toMatchObject({ code: 2 });
  expect(await run("rm", "--yes", "rmr/a/")).toMatchObject({ code: 2 });
  expect(await json("ls", "rmr/")).toHaveLength(3);
  expect(await json("rm", "-r", "--yes", "rmr/a/y/", id)).toEqual([
    { status: "deleted", folder: "rmr/a/y/", deleted: 1 },
    { status: "deleted", id, asset: id },
  ]);
  expect(await run("rm", "--recursive", "--yes", "rmr/")).toEqual({
    code: 0,
    stdout: "",
    stderr: "deleted 2 assets in rmr/\n",
  });
  expect(await json("ls", "rmr/")).toEqual([]);
});

it.concurrent("set: loses no tag of many who add some at once", async () => {
  const { id } = await uploaded("tags.txt");
  const tags = ["a", "b", "c", "d", "e"];
  await Promise.all(tags.map((tag) => data("set", id, "--tag", tag)));
  expect((await json<StoredAsset>("show", id))[0]?.tags.toSorted()).toEqual(tags);
});

it.concurrent("set: refuses what it cannot carry out exactly", async () => {
  const { id } = await uploaded("refused.txt");
  const refused = async (...args: string[]) => {
    const { code, stdout, stderr } = await run("set", id, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    return stderr;
  };
  expect(await refused()).toContain("nothing to change");
  expect(await refused("alt")).toBe("strongroom: alt: must be key=value\n");
  expect(await refused("n=1546130668394913822")).toContain("the number 1546130668394913822 cannot be kept exactly");
  expect(await refused("a=1", "--unset", "a")).toContain("a: cannot be added and removed at once");
  expect((await json<StoredAsset>("show", id))[0]?.metadata).toEqual({});
});

it.concurrent("link: makes a URL that opens the content without a key", async () => {
  const { id } = await uploaded("linked.bin");
  const { code, stdout, stderr } = await run("link", id, "--expires", "30m");
  expect(code).toBe(0);
  expect(stderr).toMatch(/^good until \d{4}-\d\d-\d\d \d\d:\d\d\n$/);
  const response = await fetch(stdout.trim());
  expect(Buffer.from(await response.arrayBuffer())).toEqual(content);

  const [link] = await json<{ url: string; expires_at: string }>("link", `${folder}linked.bin`, "--download");
  expect(link?.url).toContain("disposition=attachment");
  const left = Date.parse(link?.expires_at ?? "") - Date.now();
  expect(left).toBeGreaterThan(3_500_000);
  expect(left).toBeLessThanOrEqual(3_600_000);
  expect(await run("link", id, "--expires", "8d")).toMatchObject({ code: 2, stdout: "" });
});

it.concurrent("ticket: makes a URL that takes one upload without a key", async () => {
  const { code, stdout, stderr } = await run("ticket", folder, "--filename", "by-ticket.txt", "--expires", "10m");
  expect(code).toBe(0);
  expect(stderr).toMatch(/^good until \d{4}-\d\d-\d\d \d\d:\d\d, as ticket_\w[\w-]+\n$/);
  const response = await fetch(stdout.trim(), {
    method: "POST",
    body: "hello",
    headers: { "Content-Type": "text/plain" },
  });
  expect(response.status).toBe(201);
  expect(await response.json()).toMatchObject({ filename: "by-ticket.txt", size: 5 });

  const options = ["--max-size", "1KB", "--type", "image/png", "--type", "text/*"];
  const [made] = await json<{ url: string; ticket_id: string }>("ticket", folder, ...options);
  const over = await fetch(`${made?.url}&filename=a.txt`, { method: "POST", body: "x".repeat(1_001) });
  expect(over.status).toBe(413);
  const wrong = { method: "POST", body: "x", headers: { "Content-Type": "image/gif" } };
  expect((await fetch(`${made?.url}&filename=a.txt`, wrong)).status).toBe(415);
  for (const bad of [
    ["--expires", "8d"],
    ["--max-size", "6GiB"],
    ["--max-size", "0"],
  ]) {
    expect(await run("ticket", folder, ...bad)).toMatchObject({ code: 2, stdout: "" });
  }
  expect(await run("ticket", "marketing/")).toMatchObject({ code: 2, stdout: "" });
});

it.concurrent("keys: are made, listed, changed and revoked", async () => {
  const made = await run("keys", "create", "--type", "public", "--label", "website", "--expires", "30d");
  expect(made).toMatchObject({ code: 0, stderr: "The token is shown this once: nobody can read it back.\n" });
  const token = /^token +(pk_[\w-]+)$/m.exec(made.stdout)?.[1] ?? "";
  const id = /^id +(key_\w+)$/m.exec(made.stdout)?.[1] ?? "";
  const read = { env: { ...server.env, STRONGROOM_KEY: token } };
  expect(await program.run(["ls"], read)).toMatchObject({ code: 0 });
  writeFileSync(join(program.work, "denied.txt"), "");
  const denied = await program.run(["put", "denied.txt", folder], read);
  expect(denied).toMatchObject({ code: 1, stdout: "" });
  expect(denied.stderr).toMatch(
    /^strongroom: denied\.txt: .*\n {2}asked was http:.*\(from STRONGROOM_URL\), with the key from STRONGROOM_KEY\n$/,
  );

  const [made2] = await json<CreatedKey>("keys", "create", "--expires", "2099-01-01T00:00:00Z");
  expect(made2).toMatchObject({ type: "secret", expires_at: "2099-01-01T00:00:00Z" });
  const listed = await json<KeyInfo>("keys", "ls");
  expect(listed.map((key) => key.id)).toEqual(expect.arrayContaining([id, made2?.id]));
  expect(await data("keys", "ls")).toMatch(new RegExp(`^${id}  public +/ .* good until .* website$`, "m"));

  const [narrow] = await json<CreatedKey>("keys", "create", "--type", "delivery", "--scope", "marketing/blog");
  expect(narrow).toMatchObject({ type: "delivery", scope: { partition: "marketing", collection: "blog" } });
  expect(await run("keys", "set", narrow?.id ?? "", "--expires", "7d", "--label", "old")).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^key_\w+ is good until /) as string,
  });
  expect(await data("keys", "ls")).toMatch(new RegExp(`^${narrow?.id}  delivery  marketing/blog/ .* old$`, "m"));
  expect(await run("keys", "set", narrow?.id ?? "", "--expires", "8d")).toMatchObject({ code: 1, stdout: "" });

  expect(await run("keys", "revoke", id)).toEqual({ code: 0, stdout: "", stderr: `revoked ${id}\n` });
  expect(await program.run(["ls"], read)).toMatchObject({ code: 1, stdout: "" });
  expect(await json("keys", "revoke", made2?.id ?? "")).toEqual([{ status: "revoked", id: made2?.id }]);
  expect(await data("keys", "ls")).toMatch(new RegExp(`^${id} .* revoked .* website$`, "m"));
});

it.concurrent("vaults: are made, listed, shown and deleted", async () => {
  const made = await run("vaults", "create", "second");
  expect(made).toMatchObject({ code: 0, stderr: "The keys are shown this once: nobody can read them back.\n" });
  const id = /^id +(vault_\w+)$/m.exec(made.stdout)?.[1] ?? "";
  expect(made.stdout).toMatch(/^secret key +sk_[\w-]+\npublic key +pk_[\w-]+$/m);
  expect(await data("vaults", "ls")).toMatch(new RegExp(`^${id}  active  .*  second$`, "m"));
  expect((await json<VaultInfo>("vaults", "ls")).map((vault) => vault.id)).toContain(id);
  expect(await data("vaults", "show", id)).toMatch(new RegExp(`^id +${id}\nname +second\nstatus +active$`, "m"));
  // For its own vault a key will do.
  const { STRONGROOM_ADMIN_TOKEN: _, ...own } = server.env;
  const shown = await program.run(["vaults", "show", "--json"], { env: own });
  expect(objects<VaultReport>(shown)).toMatchObject([{ id: server.credentials.vault_id, name: "local" }]);

  expect(await json("keys", "create", "--vault", id)).toMatchObject([{ vault_id: id }]);
  expect(await run("vaults", "reconcile", id)).toEqual({
    code: 0,
    stdout: "",
    stderr: `begun; strongroom vaults show ${id} tells what it found\n`,
  });

  const asked = await run("vaults", "rm", id);
  expect(asked).toMatchObject({ code: 2, stdout: "" });
  expect(asked.stderr).toContain("add --yes");
  expect(await run("vaults", "rm", id, "--yes")).toMatchObject({ code: 0, stdout: "" });
  expect((await json<VaultInfo>("vaults", "ls")).find((vault) => vault.id === id)?.status ?? "gone").not.toBe("active");
});

it.concurrent("vaults set, show: a vault gets bounds, which are shown with what is used of them", async () => {
  const [made] = await json<CreatedVault>("vaults", "create", "bounded");
  const { id = "", secret_key = "" } = made ?? {};
  writeFileSync(join(program.work, "bounded.txt"), content);
  const { STRONGROOM_ADMIN_TOKEN: _, ...env } = server.env;
  const own = { env: { ...env, STRONGROOM_KEY: secret_key } };
  expect(await program.run(["put", "bounded.txt", folder], own)).toMatchObject({ code: 0 });

  const bounds = [
    "--quota-assets",
    "12",
    "--quota-bytes",
    "10KB",
    "--max-file",
    "1.5MiB",
    "--rate",
    "200",
    "--cache",
    "60",
  ];
  const set = await data("vaults", "set", id, "--name", "Bounded", ...bounds, "--types", "image/*, Text/Plain");
  const lines = [
    `id +${id}`,
    "name +Bounded",
    "status +active",
    "created +.*",
    String.raw`assets +1 of 12 \(8%\)`,
    String.raw`size +2\.9 KiB of 9\.8 KiB \(30%\)`,
    String.raw`max file +1\.5 MiB`,
    String.raw`types +image/\*, text/plain`,
    "rate +200 requests a second",
    "cache +60 seconds",
  ];
  expect(set).toMatch(new RegExp(`^${lines.join("\n")}\n`));
  expect(await data("vaults", "show", id)).toMatch(new RegExp(`^${lines.join("\n")}\n`));
  expect(await json<VaultReport>("vaults", "set", id, "--quota-assets", "1", "--types", "none")).toMatchObject([
    {
      name: "Bounded",
      usage: { assets: 1, bytes: 3_000 },
      settings: {
        quota_assets: 1,
        quota_bytes: 10_000,
        max_file_bytes: 1_572_864,
        allowed_types: null,
        requests_per_second: 200,
        cache_seconds: 60,
      },
    },
  ]);
  const refused = await program.run(["put", "bounded.txt", folder], own);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("quota_assets: 0 of 1 are left in this vault");

  const none = ["--quota-assets", "--quota-bytes", "--max-file", "--rate", "--cache"].flatMap((option) => [
    option,
    "none",
  ]);
  expect(await data("vaults", "set", id, ...none)).toMatch(/^assets +1\nsize +2\.9 KiB\nrevision/m);
  expect(await run("vaults", "set", id, "--types", "*/*")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("allowed_types.0: must be a media type") as string,
  });
});

it.concurrent("everything: on Node 20", async ({ skip }) => {
  if (NODE_20 === undefined) {
    skip("Node 20 is not installed");
    return;
  }
  const name = "old.bin";
  writeFileSync(join(program.work, name), content);
  const place = `${folder}${name}`;
  const steps = [
    ["put", name, folder],
    ["put", name, folder, "--skip-existing"],
    ["set", place, "alt=text", "--tag", "a"],
    ["show", place, "--json"],
    ["ls", folder, "--limit", "3"],
    ["cat", place],
    ["get", place, `${name}.out`],
    ["vaults", "show"],
    ["rm", place],
  ];
  for (const step of steps) {
    const result = await program.run(step, { node: NODE_20, env: server.env });
    expect(result, step.join(" ")).toMatchObject({ code: 0 });
    // Node says nothing of its own, such as that something is experimental.
    expect(result.stderr).toMatch(step[0] === "rm" ? /^deleted .*\n$/ : /^$/);
  }
  expect(readFileSync(join(program.work, `${name}.out`))).toEqual(content);
});
