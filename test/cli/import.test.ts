import { appendFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { type Change, type ImportedLine, Strongroom, StrongroomAdmin } from "../../src/client/index.ts";
import { objects, type Result, useProgram } from "./program.ts";
import { CommandScene } from "./server.ts";

const program = useProgram();
const server = new CommandScene();

const run = (...args: string[]): Promise<Result> => program.run(args, { env: server.env });

const PATH = { partition: "marketing", collection: "blog", channel: "hero" };

const admin = (maxRetries?: number): StrongroomAdmin =>
  new StrongroomAdmin({ url: server.credentials.url, token: server.credentials.admin_token, maxRetries });

const open = (key: string): Strongroom => new Strongroom({ url: server.credentials.url, key });

const all = async (vault: Strongroom): Promise<Change[]> => {
  const changes: Change[] = [];
  for await (const change of vault.changes.list({ full: true })) changes.push(change);
  return changes;
};

/** What an asset is, but for the vault that it is in. */
const elsewhere = (changes: Change[]) =>
  changes.map((change) => {
    if (change.type !== "asset") return change;
    const { vault_id: from, r2_key, ...asset } = change.asset;
    return { ...change, asset, key: r2_key.slice(from.length) };
  });

const at = (file: string): string => join(program.work, file);

it("import: a vault comes back from its export and its files, where it was cut off too, and is verified", async () => {
  const vault = open(server.credentials.secret_key);
  const upload = (text: string, filename: string) => vault.assets.upload(new Blob([text]), { ...PATH, filename });
  const [first] = [await upload("one", "same.txt"), await upload("two", "same.txt"), await upload("", "empty.txt")];
  const gone = await upload("gone", "gone.txt");
  const large = await upload("x".repeat(3_000_000), "large.bin");
  const long = await upload("long", `${"l".repeat(251)}.txt`);
  await vault.assets.update(first.id, { channel: "moved", metadata: { n: 1 }, tags: ["grün"] });
  const exporting = ["export", "all.ndjson", "--cursor-file", "cursor", "--bodies", "files"];
  expect(await run(...exporting)).toMatchObject({ code: 0, stderr: "6 lines in all.ndjson\n" });
  // A second export goes behind the first: the last line about an asset counts.
  await vault.assets.delete(gone.id);
  await vault.assets.update(long.id, { filename: "short.txt" });
  renameSync(at("all.ndjson"), at("backup.ndjson"));
  expect(await run(...exporting)).toMatchObject({ code: 0, stderr: "2 lines in all.ndjson\n" });
  appendFileSync(at("backup.ndjson"), readFileSync(at("all.ndjson")));
  expect(readdirSync(at("files/marketing/blog/hero"))).toHaveLength(6);

  const made = await admin().vaults.create({ name: "copy" });
  const importing = ["import", "backup.ndjson", made.id, "--bodies", "files"];
  const body = at(`files/marketing/blog/hero/${large.id}_large.bin`);
  renameSync(body, at("aside"));
  const broken = await run(...importing);
  expect(broken).toMatchObject({ code: 1, stdout: "" });
  expect(broken.stderr).toMatch(
    /^strongroom: backup\.ndjson, line \d: large\.bin: no file in files is its own \(SHA-256 [0-9a-f]{64}\)$/m,
  );
  expect(broken.stderr).toContain(
    "imported 4 assets; 1 without a file\n  the import is not done: the same command goes on",
  );
  expect((await run("vaults", "show", made.id)).stdout).toMatch(
    /^import +under way or broken off: since .+, 4 of 5 assets are there\n +to go on: the same strongroom import again$/m,
  );
  writeFileSync(at("other.txt"), "other");
  for (const words of [
    ["put", "other.txt", "a/b/c/"],
    ["export", "-"],
  ]) {
    const waiting = program.start(words, { env: { ...server.env, STRONGROOM_KEY: made.secret_key } });
    await vi.waitUntil(() => waiting.printed.stderr.includes("\n"), { timeout: 20_000, interval: 10 });
    expect(waiting.printed.stderr).toMatch(
      /^strongroom: the vault is being imported: .* that is done; trying again in 30 s\n$/,
    );
    waiting.child.kill("SIGINT");
    await waiting.result;
  }
  // Another file of the same size is not it.
  writeFileSync(body, "y".repeat(3_000_000));
  expect((await run(...importing)).stderr).toContain("no file in files is its own");
  renameSync(at("aside"), body);
  await server.kill();
  const going = program.start([...importing, "--json"], { env: server.env });
  await vi.waitUntil(() => going.printed.stderr.includes("\n"), { timeout: 20_000, interval: 10 });
  await server.restart();
  const done = await going.result;
  expect(done.stderr).toMatch(
    /^strongroom: no answer .*; trying again in \d s\nimported 1 asset; 4 were there already\nverified: vault_\w+ has the 5 assets of backup\.ndjson/,
  );
  expect(done.code).toBe(0);
  expect(objects(done)).toEqual([{ vault_id: made.id, imported: 1, present: 4, assets: 5, bytes: 3_000_010 }]);
  const copy = open(made.secret_key);
  expect((await run("vaults", "show", made.id)).stdout).not.toContain("import");
  expect(elsewhere(await all(copy))).toEqual(elsewhere(await all(vault)));
  expect(await (await copy.assets.download(long.id)).text()).toBe("long");
  // The key that it was read with is of no more use.
  expect((await admin().keys(made.id).list()).data.filter(({ label, revoked_at }) => label && !revoked_at)).toEqual([]);
  // Again: there is nothing to do.
  expect((await run(...importing)).stderr).toContain("imported 0 assets; 5 were there already\nverified");
  // It lives on, and is another one then.
  await copy.assets.update(first.id, { tags: [] });
  expect((await run(...importing)).stderr).toContain("differs from that of the asset in the vault");
});

it("import: a vault with assets is left alone, and a line that is none is named", async () => {
  const bad = (text: string): string => {
    writeFileSync(at("bad.ndjson"), text);
    return "bad.ndjson";
  };
  const good = readFileSync(at("backup.ndjson"), "utf8").split("\n")[0] ?? "";
  const into = async (file: string) =>
    run("import", file, (await admin().vaults.create({ name: "x" })).id, "--bodies", ".");
  expect((await run("import", "backup.ndjson", "--bodies", "files")).stderr).toMatch(
    /^strongroom: the vault has \d assets: import into an empty one\n$/,
  );
  expect((await into(bad(`${good}\nnonsense\n`))).stderr).toBe("strongroom: bad.ndjson, line 2: is no JSON\n");
  expect((await into(bad("{}\n"))).stderr).toBe("strongroom: bad.ndjson, line 1: is no line of an export\n");
  const old = good.replace(/,"seq".*$/, "}");
  expect((await into(bad(old))).stderr).toContain("line 1: has no seq or no sha256: export again");
  const climbing = good.replace(/"filename":"[^"]*"/, '"filename":"../x"');
  expect((await into(bad(`\n${climbing}`))).stderr).toContain(
    "bad.ndjson, line 2: asset.filename: must not contain / or \\",
  );
  expect((await into(bad(`${good}\n${" ".repeat(5 << 20)}\n`))).stderr).toBe(
    "strongroom: bad.ndjson, line 2: is longer than 4194304 bytes, and no line of an export is\n",
  );
  // A vault takes a single import, so one of nothing would use it up.
  expect(await into("/dev/null")).toEqual({ code: 1, stdout: "", stderr: "strongroom: /dev/null: has no assets\n" });
  expect(await run("import", "backup.ndjson")).toMatchObject({ code: 2 });
});

it("import: a server that is killed while it takes lines has all that it acknowledged, and the import goes on", async () => {
  const { id: from, secret_key: key } = await admin().vaults.create({ name: "original" });
  const vault = open(key);
  const assets = await Promise.all(
    Array.from({ length: 60 }, (_, n) => vault.assets.upload(new Blob([`${n}`]), { ...PATH, filename: `${n}.txt` })),
  );
  for (const { id } of assets.slice(0, 5)) await vault.assets.update(id, { channel: "moved", tags: ["moved"] });
  const feed = `${server.credentials.url}/api/v1/vaults/${from}/changes?full=true&limit=1000`;
  const exported = await fetch(feed, { headers: { Authorization: `Bearer ${key}` } });
  const { data: lines } = (await exported.json()) as { data: ImportedLine[] };
  const terms = {
    top: Math.max(...lines.map(({ etag }) => Number(etag.slice(1, -1)))),
    assets: lines.length,
    bytes: lines.reduce((sum, { asset }) => sum + asset.size, 0),
  };
  const copy = await admin().vaults.create({ name: "copy" });
  await admin().vaults.importPage(copy.id, { ...terms, records: [] });
  await Promise.all(
    lines.map((line) =>
      admin().vaults.importBody(copy.id, line, new Blob([line.asset.filename.slice(0, -".txt".length)])),
    ),
  );
  const pages = Array.from({ length: 20 }, (_, n) => lines.slice(3 * n, 3 * n + 3));
  for (const most of [3, 10]) {
    let [taken, isOver] = [0, false];
    const sending = (async () => {
      for (const records of pages) {
        await admin(0).vaults.importPage(copy.id, { ...terms, records });
        taken++;
      }
    })().finally(() => (isOver = true));
    const cutOff = expect(sending).rejects.toThrow();
    await vi.waitUntil(() => taken >= most || isOver, { timeout: 60_000, interval: 1 });
    await sleep(10 * Math.random());
    await server.kill();
    await cutOff;
    await server.restart();
  }
  let present = 0;
  for (const records of pages) {
    const answer = await admin().vaults.importPage(copy.id, { ...terms, records });
    expect(answer.missing).toEqual([]);
    present += answer.present;
  }
  expect(present).toBeGreaterThanOrEqual(10 * 3);
  expect(present).toBeLessThan(lines.length);
  const end = await admin().vaults.importPage(copy.id, { ...terms, records: [], finish: true });
  expect(end).toMatchObject({ done: true, missing: [] });
  expect(elsewhere(await all(open(copy.secret_key)))).toEqual(elsewhere(await all(vault)));
});
