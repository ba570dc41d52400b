/**
 * The examples, run as the page about them says: by Node, with the address and the key in the environment, and with the
 * client as it is built for the package. `SCREENSHOTS=folder` keeps pictures of their pages.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Asset, Strongroom } from "../../src/client/index.ts";
import { bundle } from "../../src/local/bundle.ts";
import { browserScene } from "../local/browser-scene.ts";
import { temporaryState } from "../local/server-process.ts";
import { Line } from "../support/line.ts";

const ROOT = join(import.meta.dirname, "../..");
const MIB = 1024 * 1024;

const scene = browserScene();
/** A project of somebody's: the examples, and the packages that they import. */
const home = temporaryState();
const children: ChildProcess[] = [];
let vault: Strongroom;

beforeAll(async () => {
  cpSync(join(ROOT, "examples"), join(home, "examples"), { recursive: true });
  const modules = join(home, "node_modules");
  mkdirSync(join(modules, "strongroom/dist/client"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(modules, "strongroom/package.json"));
  const { code } = await bundle(join(ROOT, "src/client/index.ts"), { target: "es2022", platform: "neutral" });
  writeFileSync(join(modules, "strongroom/dist/client/index.js"), code);
  for (const name of ["@uppy", "esbuild"]) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  writeFileSync(join(home, "package.json"), `{"type":"module"}`);
});

beforeEach(() => {
  const { url, secret_key } = scene.credentials;
  vault = new Strongroom({ url, key: secret_key });
});

afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(home, { recursive: true });
});

/** Starts an example. `told` resolves to what it has printed once that has a line like this, or it has ended. */
function start(script: string, args: readonly string[] = [], url = scene.credentials.url) {
  const env = { ...process.env, STRONGROOM_URL: url, STRONGROOM_KEY: scene.credentials.secret_key, PORT: "0" };
  const child = spawn(process.execPath, [`examples/${script}`, ...args], { cwd: home, env });
  children.push(child);
  let [out, errors] = ["", ""];
  const told = (line: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => line.test(out) && resolve(out);
      child.stdout.on("data", look);
      child.once("close", () => (line.test(out) ? resolve(out) : reject(new Error(out + errors))));
      look();
    });
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const ended = new Promise<{ out: string; errors: string; code: number | null }>((resolve) => {
    child.once("close", (code) => resolve({ out, errors, code }));
  });
  return { told, ended };
}

/** Starts an example that is a server, opens its page, and notes what the page sends and complains of. */
async function open(page: Page, script: string, url?: string): Promise<{ sent: string[]; complaints: string[] }> {
  const [, address = ""] = /(http:\S+)\n/.exec(await start(script, [], url).told(/http:\S+\n/)) ?? [];
  const [sent, complaints]: [string[], string[]] = [[], []];
  page.on("request", (request) => sent.push(`${request.url()} ${JSON.stringify(request.headers())}`));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(address);
  return { sent, complaints };
}

/** Pictures of a page, for whoever looks at it. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder === undefined) return;
  for (const colorScheme of ["light", "dark"] as const) {
    for (const [width, height] of [
      [1280, 800],
      [390, 844],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height });
      await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png` });
    }
  }
}

async function assetsAt(path: { partition: string }): Promise<Asset[]> {
  const { data } = await vault.assets.list(path);
  return data;
}

const shown = (name: string): string => join(ROOT, "test/fixtures/shown", name);

it("gallery: shows what is there, takes pictures from visitors, and its page knows no key but one for pictures", async () => {
  await scene.withPage(async (page) => {
    const { sent, complaints } = await open(page, "gallery/server.js");
    await page.getByText("No pictures yet").waitFor();
    await picture(page, "gallery-empty");
    const extra = process.env["PICTURES"]?.split(" ") ?? [];
    await page.locator("#choose").setInputFiles([shown("a.png"), shown("a.jpg"), shown("a.webp"), ...extra]);
    await page.getByText(`${3 + extra.length} pictures`).waitFor();
    await page.waitForFunction("[...document.images].every((image) => image.complete)");
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('#pictures img')].slice(-3).map((image) => image.alt + image.naturalWidth)",
      ),
    ).toEqual(["a.webp16", "a.jpg16", "a.png16"]);
    expect(complaints).toEqual([]);
    await picture(page, "gallery");
    await page.locator("#pictures button").first().click();
    await page.locator("dialog img").waitFor();
    await picture(page, "gallery-large");
    await page.keyboard.press("Escape");
    // What the server of the gallery does not allow, the ticket does not take.
    await page.locator("#choose").setInputFiles([{ name: "a.html", mimeType: "text/html", buffer: Buffer.from("x") }]);
    await page.getByText("is not a picture that can be shown here").waitFor();
    await picture(page, "gallery-failed");
    expect((await assetsAt({ partition: "gallery" })).slice(-3)).toMatchObject([
      { filename: "a.webp", metadata: {}, tags: [] },
      { filename: "a.jpg" },
      { filename: "a.png" },
    ]);
    const known = sent.join("\n");
    for (const secret of [scene.credentials.secret_key, "sk_", "authorization"]) expect(known).not.toContain(secret);
    expect(known).toContain("token=dk_");
  });
});

it("node: publishes a folder, and only once", async () => {
  const folder = join(home, "photos");
  mkdirSync(folder);
  for (const name of ["one.txt", "two.txt"]) writeFileSync(join(folder, name), `I am ${name}`);
  const first = await start("node/publish.js", ["photos"]).ended;
  expect(first).toMatchObject({
    code: 0,
    errors: expect.stringMatching(/^uploaded (?:one|two)\.txt, 12 bytes$/m) as string,
  });
  for (const line of first.out.trim().split("\n")) {
    const [name, link = ""] = line.split("\t");
    expect(await (await fetch(link)).text()).toBe(`I am ${name}`);
  }
  writeFileSync(join(folder, "three.txt"), "I am three.txt");
  const second = await start("node/publish.js", ["photos"]).ended;
  expect(second).toMatchObject({ code: 0, errors: "uploaded three.txt, 14 bytes\n" });
  expect(second.out.split("\n")).toHaveLength(4);
  expect(await assetsAt({ partition: "published" })).toHaveLength(3);
  expect(await start("node/publish.js").ended).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/^usage/) as string,
  });
});

it("uppy: sends a large file by ticket, which goes on after a lost connection", async () => {
  const line = await Line.to(scene.credentials.url);
  await scene.withPage(async (page) => {
    const { sent } = await open(page, "uppy/server.js", line.url);
    await picture(page, "uppy-empty");
    const film = join(home, "film.mp4");
    writeFileSync(film, randomBytes(20 * MIB));
    const held = line.holdAfter(12 * MIB);
    await page.locator("#choose").setInputFiles(film);
    await held;
    await picture(page, "uppy");
    line.cut();
    await page.getByText("done, 21 MB").waitFor({ timeout: 60_000 });
    await picture(page, "uppy-done");
    const [asset, ...more] = await assetsAt({ partition: "inbox" });
    expect([asset?.filename, asset?.mime_type, more]).toEqual(["film.mp4", "video/mp4", []]);
    const content = Buffer.from(await (await vault.assets.download(asset?.id ?? "")).arrayBuffer());
    expect(content.equals(readFileSync(film))).toBe(true);
    expect(sent.join("\n")).not.toMatch(/sk_|authorization/);
  });
  line.close();
});

it("the page about the examples names each of them, and how it is started", () => {
  const text = readFileSync(join(ROOT, "examples/README.md"), "utf8");
  for (const script of ["gallery/server.js", "node/publish.js", "uppy/server.js"])
    expect(text).toContain(`node examples/${script}`);
});
