import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, type TestContext } from "vitest";
import { barLine } from "../../src/cli/terminal/bar.ts";
import { bytes, clock, count, duration } from "../../src/cli/terminal/format.ts";
import { Table } from "../../src/cli/terminal/table.ts";
import { visible, visibleJson } from "../../src/cli/terminal/visible.ts";
import { listen } from "../support/listen.ts";
import { useProgram } from "./program.ts";

/** What a person at a terminal sees. A terminal is made by util-linux's `script`. */
const program = useProgram();
const KEY = `sk_${"0".repeat(52)}${"A".repeat(43)}`;
const PUBLIC = `pk_${"0".repeat(52)}${"B".repeat(43)}`;

/** Takes its time for an upload, and refuses those whose name says so. */
const server = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? "", "http://x");
  const filename = searchParams.get("filename") ?? "";
  request.resume();
  response.setHeader("Content-Type", "application/json");
  if (/\/vaults\/[^/]+$/.test(request.url ?? "")) {
    if (request.method === "DELETE") deleted++;
    response.end('{"id":"vault","name":"the shop","assets":3}');
    return;
  }
  const asset = {
    id: `asset_${"0".repeat(26)}`,
    partition: "p",
    collection: "c",
    channel: "h",
    filename: "a name",
    size: 1_500_000,
    metadata: "{}",
    tags: "[]",
    created_at: "2026-01-15T10:30:00Z",
  };
  if (request.method === "DELETE") {
    folders.push(`${searchParams.get("partition")} ${searchParams.get("collection")}`);
    const isFirst = folders.length === 1;
    response.end(JSON.stringify({ deleted: isFirst ? 1_000 : 500, has_more: isFirst }));
    return;
  }
  if (request.method === "GET") response.end(JSON.stringify({ data: [asset], cursor: null, has_more: false }));
  else if (filename.startsWith("bad")) {
    response.statusCode = 400;
    response.end(JSON.stringify({ error: { code: "INVALID_PARAMS", message: "filename: is bad", status: 400 } }));
  } else setTimeout(() => response.end(JSON.stringify(asset)), 250);
});
let url = "";
/** Vaults that it was told to delete. */
let deleted = 0;
/** Folders that it was told to delete assets of. */
const folders: string[] = [];

beforeAll(async () => {
  url = await listen(server);
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

/** Runs the program at a terminal. What it prints on both of its outputs is what the terminal shows. */
function atTerminal(
  args: readonly string[],
  env: Record<string, string> = {},
): { shown: () => string; type: (text: string) => void; code: Promise<number | null> } {
  const command = ["stty cols 100 rows 30;", "exec", process.execPath, program.file, ...args].join(" ");
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: program.work,
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: program.home,
      TERM: "xterm",
      TZ: "UTC",
      LANG: "C.UTF-8",
      SHELL: "/bin/sh",
      STRONGROOM_URL: url,
      STRONGROOM_KEY: KEY,
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
  });
  return {
    shown: () => shown,
    type: (text) => void child.stdin.write(text),
    code: new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve(code));
    }),
  };
}

function needsTerminal({ skip }: TestContext): void {
  let isThere = false;
  try {
    isThere = execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux");
  } catch {
    // There is none, or another one.
  }
  skip(!isThere, "util-linux's script, which makes a terminal, is not installed");
}

/** What is left of what was shown without what moves the cursor, hides it or erases. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const plain = (shown: string): string => shown.replace(/\u001b\[[0-9;?]*[A-Za-ln-z]/g, "");

it("terminal: a list has a heading, and there is colour unless NO_COLOR is set", async (context) => {
  needsTerminal(context);
  const coloured = atTerminal(["ls", "p/"]);
  expect(await coloured.code).toBe(0);
  expect(coloured.shown()).toBe(
    "\u001b[2m   SIZE  CREATED           ASSET\u001b[22m\r\n1.4 MiB  2026-01-15 10:30  p/c/h/a name\r\n",
  );
  const plainly = atTerminal(["ls", "p/"], { NO_COLOR: "1" });
  expect(await plainly.code).toBe(0);
  expect(plainly.shown()).toBe("   SIZE  CREATED           ASSET\r\n1.4 MiB  2026-01-15 10:30  p/c/h/a name\r\n");
  const wrong = atTerminal(["ls", "p"]);
  expect(await wrong.code).toBe(2);
  expect(wrong.shown()).toBe("\u001b[31mstrongroom:\u001b[39m p: is no folder; did you mean p/?\r\n");
});

it("terminal: one bar for many files; failures stand above it, and it is gone in the end", async (context) => {
  needsTerminal(context);
  mkdirSync(join(program.work, "many"));
  for (const name of ["a", "bad", "c", "d", "e", "f"])
    writeFileSync(join(program.work, "many", name), "x".repeat(1000));
  const put = atTerminal(["put", "many", "p/c/h/", "--parallel", "1"]);
  expect(await put.code).toBe(1);
  const shown = put.shown();
  expect(plain(shown)).toMatch(
    /uploading {2}━+─+ {2}[1-5]\/6 files +\d\.\d KiB\/5\.9 KiB +\d\.\d KiB\/s {2}0:0\d left\r\n/,
  );
  const last = shown.split(/\r\n/).filter((line) => plain(line) !== "");
  expect(plain(last.at(-2) ?? "")).toMatch(/^uploaded 5 files \(4\.9 KiB\) in \d\.\d s, 1 failed$/);
  // The cursor is back.
  expect(shown.lastIndexOf("\u001b[?25h")).toBeGreaterThan(shown.lastIndexOf("\u001b[?25l"));
  expect(shown).toContain("\u001b[31mstrongroom:\u001b[39m many/bad: filename: is bad\r\n");
  // Names are for those who do not see the bar.
  expect(shown).not.toContain("asset_");

  const dumb = atTerminal(["put", "many/a", "many/c", "p/c/h/"], { TERM: "dumb" });
  expect(await dumb.code).toBe(0);
  // eslint-disable-next-line no-control-regex -- control characters are what it looks for
  expect(dumb.shown()).not.toMatch(/\u001b/);
  expect(dumb.shown()).toMatch(/^(asset_0{26} {2}p\/c\/h\/[ac]\r\n){2}uploaded 2 files/);
});

it("login: what is typed is not shown, and Ctrl-C ends it", async (context) => {
  needsTerminal(context);
  const env = { STRONGROOM_URL: "", XDG_CONFIG_HOME: join(program.home, "typed") };
  const until = async (run: ReturnType<typeof atTerminal>, text: string): Promise<void> => {
    while (!run.shown().includes(text)) await sleep(5);
  };
  const given = atTerminal(["login"], env);
  await until(given, "Server (https://…): ");
  given.type(`${url}\r`);
  await until(given, "Key (sk_…, pk_…, dk_… or uk_…): ");
  given.type(`${PUBLIC}x\u007f\r`);
  expect(await given.code).toBe(0);
  expect(given.shown()).not.toContain("BBBB");
  const file = join(program.home, "typed/strongroom/profile.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ url, key: PUBLIC });
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const broken = atTerminal(["login", "--url", url], env);
  await until(broken, "Key (sk_…, pk_…, dk_… or uk_…): ");
  broken.type(`${KEY}\u0003`);
  expect(await broken.code).toBe(130);
  expect(broken.shown()).not.toContain("AAAA");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ url, key: PUBLIC });
});

it("vaults rm: asks for the vault's name, and deletes nothing without it", async (context) => {
  needsTerminal(context);
  const answered = async (answer: string): Promise<{ code: number | null; shown: string }> => {
    const run = atTerminal(["vaults", "rm", `vault_${"0".repeat(26)}`], { STRONGROOM_ADMIN_TOKEN: "operator" });
    while (!run.shown().includes("Type its name to go on: ")) await sleep(5);
    run.type(answer);
    return { code: await run.code, shown: run.shown() };
  };
  const asked = await answered("the shop!\r");
  expect(asked.code).toBe(2);
  expect(asked.shown).toContain(`vault_${"0".repeat(26)} "the shop" holds 3 assets. All are deleted with it.\r\n`);
  expect(asked.shown).toContain("that is not its name: nothing was deleted");
  expect(await answered("\u0004")).toMatchObject({ code: 2 });
  expect(await answered("the shop\u0003")).toMatchObject({ code: 130 });
  expect(deleted).toBe(0);
  expect(await answered("the shop\r")).toMatchObject({ code: 0 });
  expect(deleted).toBe(1);
});

it("rm -r: asks for the folder's name, and deletes nothing without it", async (context) => {
  needsTerminal(context);
  const answered = async (answer: string): Promise<{ code: number | null; shown: string }> => {
    const run = atTerminal(["rm", "-r", "marketing/blog/"]);
    while (!run.shown().includes("Type its name to go on: ")) await sleep(5);
    run.type(answer);
    return { code: await run.code, shown: run.shown() };
  };
  const asked = await answered("yes\r");
  expect(asked.code).toBe(2);
  expect(asked.shown).toContain("All assets in marketing/blog/ are deleted, with their files.\r\n");
  expect(asked.shown).toContain("that is not its name: nothing was deleted");
  expect(await answered("\u0004")).toMatchObject({ code: 2 });
  expect(folders).toEqual([]);
  const done = await answered("marketing/blog\r");
  expect(done).toMatchObject({ code: 0 });
  expect(done.shown).toContain("deleted 1,500 assets in marketing/blog/");
  expect(folders).toEqual(["marketing blog", "marketing blog"]);
});

it("bar: fits into any terminal, and does not jump while numbers grow", () => {
  const cells = ["#", "-"] as const;
  const at = (files: number, moved: number, columns: number): string =>
    barLine(
      "uploading",
      { files, bytes: moved, moved, totalFiles: 10_000, totalBytes: 4e9 },
      { rate: 12.3e6, secondsLeft: 83, columns, cells },
    );
  expect(at(312, 1.2e9, 100)).toBe(
    "uploading  ####---------------------     312/10,000 files  1.1 GiB/3.7 GiB   12 MiB/s  1:23 left",
  );
  expect(at(10_000, 4e9, 100).length).toBe(at(0, 0, 100).length);
  for (const columns of [1, 10, 20, 40, 60, 79, 80, 81, 200])
    expect(at(312, 1.2e9, columns).length).toBeLessThan(Math.max(columns, 2));
  expect(at(312, 1.2e9, 70)).not.toContain("#");
  // Of a single file there is nothing to count, and before all is counted nothing to compare with.
  const view = { rate: 0, secondsLeft: undefined, columns: 80, cells };
  expect(barLine("downloading", { files: 0, bytes: 50, moved: 50, totalFiles: 1, totalBytes: 100 }, view)).toBe(
    "downloading  #############-------------     50 B/100 B      0 B/s",
  );
  expect(
    barLine("downloading", { files: 7, bytes: 50, moved: 50, totalFiles: undefined, totalBytes: undefined }, view),
  ).toBe("downloading  7 files     50 B      0 B/s");
});

it("numbers: are written as people read them", () => {
  expect([0, 999, 1000, 1023, 1024, 10_188, 10_240, 1023 * 1024, 104_857_600, 5 * 2 ** 40].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 KiB",
    "1.0 KiB",
    "1.0 KiB",
    "9.9 KiB",
    "10 KiB",
    "1.0 MiB",
    "100 MiB",
    "5.0 TiB",
  ]);
  expect([0, 999, 1000, 1_234_567].map(count)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([0, 9_949, 9_950, 59_400, 83_000, 3_723_000].map(duration)).toEqual([
    "0.0 s",
    "9.9 s",
    "10 s",
    "59 s",
    "1:23",
    "1:02:03",
  ]);
  expect([0, 59, 60, 3_600].map(clock)).toEqual(["0:00", "0:59", "1:00", "1:00:00"]);
});

it("table: aligns by what a terminal shows", () => {
  const table = new Table([{ title: "NAME" }, { title: "N", isRight: true }, { title: "" }]);
  expect(
    table.lines([
      ["猫.png", "1", "x"],
      ["👩‍👩‍👧", "100", ""],
      ["é", "20", "y"],
    ]),
  ).toEqual(["猫.png    1  x", "👩‍👩‍👧      100", "é        20  y"]);
  // What comes later is aligned with what was there.
  expect(table.lines([["a", "1", "z"]])).toEqual(["a         1  z"]);
});

it("visible: escapes what a terminal would obey, and nothing else", () => {
  expect(visible("plain ä 猫 👩‍👩‍👧 \u200d")).toBe("plain ä 猫 👩‍👩‍👧 \u200d");
  expect(visible("\u0000\t\n\u001b\u007f\u009b\u202e\u2028\ud800\u{e0041}")).toBe(
    "\\u0000\\u0009\\u000a\\u001b\\u007f\\u009b\\u202e\\u2028\\ud800\\udb40\\udc41",
  );
  const value = { "\u009b": ["\u202e\\", '"\u{e0041}'] };
  expect(visibleJson(value)).toBe('{"\\u009b":["\\u202e\\\\","\\"\\udb40\\udc41"]}');
  expect(JSON.parse(visibleJson(value))).toEqual(value);
});
