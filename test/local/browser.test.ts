/**
 * What a browser makes of content that is opened by a signed link. A browser is the one judge of whether content is
 * shown.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AssetRecord } from "../../src/model/asset.ts";
import { browserScene } from "./browser-scene.ts";

const scene = browserScene();
const fixtures = join(import.meta.dirname, "../fixtures/shown");

/** Uploads a file and returns a link to it. The file's type comes from its name unless it is given. */
async function link(filename: string, content: Uint8Array<ArrayBuffer> | string, type = ""): Promise<string> {
  const { url, vault_id, secret_key } = scene.credentials;
  const headers = { Authorization: `Bearer ${secret_key}` };
  const assets = `${url}/api/v1/vaults/${vault_id}/assets`;
  const form = new FormData();
  for (const name of ["partition", "collection", "channel"]) form.set(name, "x");
  form.set("file", new File([content], filename, { type }));
  const { id } = await (await fetch(assets, { method: "POST", headers, body: form })).json<AssetRecord>();
  const made = await fetch(`${assets}/${id}/links`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: "{}",
  });
  return (await made.json<{ url: string }>()).url;
}

/** Runs in the page, once what it shows has come: what can be seen or played, and whether a script in the page runs. */
const LOOK = `(async () => {
  const player = document.querySelector("video, audio");
  for (let n = 0; player && player.readyState < 2 && !player.error && n < 500; n++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const script = document.createElement("script");
  script.textContent = "document.title = 'a script ran'";
  document.documentElement.append(script);
  return {
    width: document.querySelector("img")?.naturalWidth ?? null,
    ready: player && !player.error ? player.readyState : 0,
    text: document.body?.innerText ?? "",
    ran: document.title === "a script ran",
  };
})()`;

const shown = (url: string) =>
  scene.withPage(async (page) => {
    await page.goto(url);
    return page.evaluate<{ width: number | null; ready: number; text: string; ran: boolean }>(LOOK);
  });

/** A tone of a tenth of a second, as 8-bit PCM. */
function wav(): Uint8Array<ArrayBuffer> {
  const samples = 800;
  const bytes = new Uint8Array(44 + samples);
  const view = new DataView(bytes.buffer);
  const text = (at: number, chars: string): void => {
    for (let i = 0; i < chars.length; i++) view.setUint8(at + i, chars.charCodeAt(i));
  };
  text(0, "RIFF");
  view.setUint32(4, 36 + samples, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, 8_000, true); // samples a second
  view.setUint32(28, 8_000, true); // bytes a second
  view.setUint16(32, 1, true); // bytes a sample
  view.setUint16(34, 8, true); // bits a sample
  text(36, "data");
  view.setUint32(40, samples, true);
  for (let i = 0; i < samples; i++) bytes[44 + i] = 128 + Math.round(100 * Math.sin(i / 3));
  return bytes;
}

const files = readdirSync(fixtures);
const isImage = (name: string): boolean => /\.(?:png|jpe?g|gif|webp|avif|bmp|ico|apng)$/.test(name);

describe("a signed link, opened in a browser", () => {
  it.each(files.filter(isImage))("shows the image %s", async (name) => {
    const seen = await shown(await link(name, Uint8Array.from(readFileSync(join(fixtures, name)))));
    expect(seen).toMatchObject({ width: 16, ran: false });
  });

  it.each(files.filter((name) => !isImage(name)))("plays %s", async (name) => {
    const seen = await shown(await link(name, Uint8Array.from(readFileSync(join(fixtures, name)))));
    expect(seen).toMatchObject({ ran: false });
    expect(seen.ready).toBeGreaterThanOrEqual(2);
  });

  it("plays a WAV file", async () => {
    const seen = await shown(await link("tone.wav", wav()));
    expect(seen.ready).toBeGreaterThanOrEqual(2);
  });

  it.each(["text/plain", "text/plain; charset=utf-8", 'text/plain; charset="utf-8"'])(
    "shows %s as text",
    async (type) => {
      const html = "<title>page</title><script>document.title = 'a script ran'</script>";
      const seen = await shown(await link("x.html", html, type));
      expect(seen).toMatchObject({ text: html, ran: false });
    },
  );

  it.each(["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/pdf"])(
    "never opens %s as a page",
    async (type) => {
      const url = await link("x.bin", "<title>page</title><script>document.title = 'a script ran'</script>", type);
      await scene.withPage(async (page) => {
        await expect(page.goto(url)).rejects.toThrow("Download is starting");
        expect(await page.title()).toBe("");
      });
    },
  );
});
