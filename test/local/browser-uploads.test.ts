/**
 * A page of another origin, in a browser: it shows a gallery by delivery URLs and uploads files by tickets, in one request
 * and by tus. It knows no secret, and what it knows stays out of the server's log.
 */

import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, stop } from "esbuild";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Asset, Strongroom } from "../../src/client/index.ts";
import { noBrowser } from "../support/browser.ts";
import { Line } from "../support/line.ts";
import { listen } from "../support/listen.ts";
import { browserScene } from "./browser-scene.ts";

const MIB = 1024 * 1024;
const IMAGES = ["a.png", "a.jpg", "a.webp", "a.gif"];
const PATH = { partition: "site", collection: "guests", channel: "photos" };

const scene = browserScene();
const folder = mkdtempSync(join(tmpdir(), "strongroom-page-"));
let line: Line;
let site: Server;
let siteUrl: string;
let gallery: string[];
/** What must not be in the server's log, and the secret, which must be nowhere. */
const unloggable: string[] = [];

/** The vault, as the page's own server has it. */
let vault: Strongroom;

const row = (id: string, text: string): string =>
  `<label>${text} <input type="file" id="${id}"></label> <progress id="${id}-bar" value="0"></progress> <output id="${id}-told">–</output>`;

const HTML = `<!doctype html><meta charset="utf-8"><title>Guest book</title><link rel="icon" href="data:,">
<style>
  body { font: 16px system-ui; margin: 2rem; display: grid; gap: 1rem; justify-items: start }
  #gallery { display: flex; gap: 1rem } img { width: 96px; height: 96px; image-rendering: pixelated }
</style>
<h1 id="title">Guest book</h1><div id="gallery"></div>
${[row("ticket", "One photo"), row("tus", "A film, by tus-js-client"), row("uppy", "A film, by Uppy")].map((each) => `<div>${each}</div>`).join("")}
<script type="module" src="/page.js"></script>`;

/** A server as a user of Strongroom has one. It knows the secret key, and the page does not. */
async function startSite(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "uploads-page.mjs")],
    bundle: true,
    format: "esm",
    platform: "browser",
    write: false,
  });
  await stop();
  const script = outputFiles[0]?.text ?? "";
  const answer = async (request: IncomingMessage): Promise<[type: string, text: string] | undefined> => {
    switch (`${request.method} ${request.url}`) {
      case "GET /":
        return ["text/html", HTML];
      case "GET /page.js":
        return ["text/javascript", script];
      case "GET /gallery":
        return ["application/json", JSON.stringify(gallery)];
      case "POST /ticket": {
        const { url } = await vault.tickets.create({ ...PATH, max_file_bytes: 50 * MIB, metadata: {}, tags: [] });
        unloggable.push(new URL(url).searchParams.get("ticket") ?? "");
        return ["application/json", JSON.stringify({ url })];
      }
      default:
        return undefined;
    }
  };
  site = createServer((request, response) => {
    answer(request).then(
      (found) => response.writeHead(found ? 200 : 404, { "Content-Type": found?.[0] ?? "text/plain" }).end(found?.[1]),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  // Another host than the server's, so that nothing is shared between them.
  siteUrl = (await listen(site)).replace("127.0.0.1", "localhost");
}

beforeAll(async () => {
  if (noBrowser) return;
  const { url, secret_key } = scene.credentials;
  line = await Line.to(url);
  vault = new Strongroom({ url: line.url, key: secret_key });
  const { token } = await vault.keys.create({ type: "delivery", scope: { partition: "site" } });
  unloggable.push(token);
  gallery = [];
  for (const name of IMAGES) {
    const bytes = readFileSync(join(import.meta.dirname, "../fixtures/shown", name));
    const asset = await vault.assets.upload(new File([bytes], name), { ...PATH, channel: "gallery" });
    gallery.push(
      name === "a.png" ? vault.assets.url(asset, { token, by: "path" }) : vault.assets.url(asset, { token }),
    );
    const { url: link } = await vault.assets.createLink(asset.id);
    await (await fetch(link)).arrayBuffer();
    unloggable.push(new URL(link).searchParams.get("signature") ?? "");
  }
  await startSite();
});

afterAll(() => {
  site?.close();
  site?.closeAllConnections();
  line?.close();
  rmSync(folder, { recursive: true });
});

/** A file to choose, and its SHA-256. */
function newFile(name: string, bytes: Uint8Array): { path: string; sha256: string } {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return { path, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** The one asset of a name, whose file must be what was sent. */
async function check(filename: string, sha256: string): Promise<Asset> {
  const found: Asset[] = [];
  for await (const asset of vault.assets.list(PATH)) if (asset.filename === filename) found.push(asset);
  expect(found).toHaveLength(1);
  const [asset] = found;
  if (!asset) throw new Error("there is none");
  const bytes = Buffer.from(await (await vault.assets.download(asset.id)).arrayBuffer());
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
  return asset;
}

/** Opens the page, and notes all that it sends. */
async function open(page: Page): Promise<{ sent: string[]; complaints: string[] }> {
  const [sent, complaints]: [string[], string[]] = [[], []];
  page.on("request", (request) => {
    sent.push(`${request.method()} ${request.url()} ${JSON.stringify(request.headers())}`);
  });
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(siteUrl);
  await page.locator("#title[data-ready]").waitFor();
  return { sent, complaints };
}

const told = (page: Page, id: string) => page.locator(`#${id}-told`, { hasText: /^(?:done|failed)/ });
const outcome = async (page: Page, id: string): Promise<string> => {
  await told(page, id).waitFor({ timeout: 60_000 });
  return told(page, id).innerText();
};
const shown = async (page: Page, id: string): Promise<number[]> =>
  ((await page.locator(`#${id}-bar`).getAttribute("data-shown")) ?? "").split(" ").map(Number);

it("a page of another origin shows a gallery and uploads files, and knows no secret", async () => {
  await scene.withPage(async (page) => {
    const photo = newFile("photo.png", readFileSync(join(import.meta.dirname, "../fixtures/shown/a.png")));
    const film = newFile("film.mp4", randomBytes(12 * MIB + 1));
    const other = newFile("other.mp4", randomBytes(6 * MIB));
    const { sent, complaints } = await open(page);

    await page.waitForFunction("[...document.images].every((image) => image.complete)");
    const widths = await page.evaluate("[...document.images].map((image) => image.naturalWidth)");
    expect(widths).toEqual(IMAGES.map(() => 16));

    await page.locator("#ticket").setInputFiles(photo.path);
    expect(await outcome(page, "ticket")).toMatch(/^done asset_/);
    expect(await check("photo.png", photo.sha256)).toMatchObject({ width: 16, height: 16, metadata: {} });

    await page.locator("#tus").setInputFiles(film.path);
    expect(await outcome(page, "tus")).toBe("done");
    expect(await check("film.mp4", film.sha256)).toMatchObject({ mime_type: "video/mp4" });
    // The bar went up, in more than the three steps that there are requests.
    const steps = await shown(page, "tus");
    expect(steps.length).toBeGreaterThan(5);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));

    await page.locator("#uppy").setInputFiles(other.path);
    expect(await outcome(page, "uppy")).toBe("done");
    await check("other.mp4", other.sha256);

    expect(complaints).toEqual([]);
    const known = [...sent, await page.content(), await page.evaluate<string>("JSON.stringify(localStorage)")].join(
      "\n",
    );
    const { secret_key, admin_token } = scene.credentials;
    for (const secret of [secret_key, admin_token, "sk_", "Bearer", "authorization"])
      expect(known).not.toContain(secret);
    expect(sent.filter((request) => request.includes("/uploads")).length).toBeGreaterThan(5);
    const pictures = process.env["SCREENSHOTS"];
    if (pictures !== undefined) await page.screenshot({ path: `${pictures}/uploads.png` });
  });
});

it("tus-js-client in a page goes on after the page was loaded anew", async () => {
  await scene.withPage(async (page) => {
    const film = newFile("reloaded.mp4", randomBytes(12 * MIB));
    await open(page);
    const held = line.holdAfter(8 * MIB);
    await page.locator("#tus").setInputFiles(film.path);
    await held;
    await page.reload();
    line.cut();
    await page.locator("#title[data-ready]").waitFor();
    await page.locator("#tus").setInputFiles(film.path);
    expect(await outcome(page, "tus")).toBe("done");
    expect(Math.min(...(await shown(page, "tus")))).toBeGreaterThanOrEqual(5 * MIB);
    await check("reloaded.mp4", film.sha256);
  });
});

it("Uppy in a page pauses, and goes on after a killed connection and after a kill of the server", async () => {
  await scene.withPage(async (page) => {
    const film = newFile("killed.mp4", randomBytes(18 * MIB));
    await open(page);
    await page.locator("#uppy").setInputFiles(film.path);
    await line.holdAfter(4 * MIB);
    await page.evaluate("pauseOrGoOn()");
    line.cut();
    const paused = await shown(page, "uppy");
    await page.waitForTimeout(500);
    expect(await shown(page, "uppy")).toEqual(paused);
    await page.evaluate("pauseOrGoOn()");
    await line.holdAfter(3 * MIB);
    line.cut();
    await line.holdAfter(3 * MIB);
    await scene.server.kill();
    const restarted = scene.server.restart();
    line.cut();
    expect(await outcome(page, "uppy")).toBe("done");
    await restarted;
    await check("killed.mp4", film.sha256);
  });
});

it("no token, ticket or signature is in what the server prints", () => {
  // The greeting shows the keys of the first vault; it is for whoever has started the server.
  const log = scene.server.output.split("\n").filter((text) => text.startsWith("{"));
  const endpoints = new Set(log.map((text) => (JSON.parse(text) as { endpoint?: string | null }).endpoint));
  for (const id of ["content.get", "files.get", "assets.create", "uploads.create", "uploads.append", "tickets.create"])
    expect(endpoints).toContain(id);
  expect(unloggable.length).toBeGreaterThan(6);
  for (const value of [...unloggable, scene.credentials.secret_key]) {
    expect(value.length).toBeGreaterThan(20);
    const where = value === scene.credentials.secret_key ? log.join("\n") : scene.server.output;
    // Not even its end, which is the part that cannot be guessed.
    for (const part of [value.slice(-20), encodeURIComponent(value)]) expect(where.includes(part)).toBe(false);
  }
});
