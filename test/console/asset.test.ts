/** One asset in the console: how it is shown, edited, shared, downloaded and deleted. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { type Asset, Strongroom } from "../../src/client/index.ts";
import { noBrowser } from "../support/browser.ts";
import { asksToStay, type ConsoleOptions, consoleScene, PHONE, picture } from "./scene.ts";

const console = consoleScene();
const PATH = { partition: "site", collection: "blog", channel: "shown" };
const PNG = new Uint8Array(readFileSync(join(import.meta.dirname, "../fixtures/shown/a.png")));

/** What would be seen if any of a file's script ran. */
const TRICK = "window.tricked = true; top.tricked = true; sessionStorage.setItem('tricked', 'yes')";
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" onload="${TRICK}"><script>${TRICK}</script><rect width="40" height="20" fill="teal"/></svg>`;
const HTML = `<!doctype html><title>Trick</title><script>${TRICK}</script><img src=x onerror="${TRICK}">`;

/** A second of sound at 8,000 Hz, as a WAV. */
function wav(): Uint8Array<ArrayBuffer> {
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + 8_000, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  for (const [at, value] of [1, 1].entries()) header.writeUInt16LE(value, 20 + 2 * at);
  for (const [at, value] of [8_000, 8_000].entries()) header.writeUInt32LE(value, 24 + 4 * at);
  for (const [at, value] of [1, 8].entries()) header.writeUInt16LE(value, 32 + 2 * at);
  header.write("data", 36);
  header.writeUInt32LE(8_000, 40);
  return new Uint8Array([...header, ...new Uint8Array(8_000).fill(128)]);
}

const upload = (
  name: string,
  content: string | Uint8Array<ArrayBuffer>,
  type: string,
  more: Partial<Asset> = {},
): Promise<Asset> => console.vault.assets.upload(new File([content], name, { type }), { ...PATH, ...more });

let publicKey: string;

beforeAll(async () => {
  if (noBrowser) return;
  ({ token: publicKey } = await console.vault.keys.create({ type: "public" }));
});

const open = (
  asset: Asset,
  work: (page: Page) => Promise<void>,
  { key = console.credentials.secret_key, ...options }: ConsoleOptions & { key?: string } = {},
): Promise<void> => {
  const fragment = `/${asset.vault_id}/site/blog/shown?asset=${asset.id}`;
  return console.openConsole(key, work, { fragment, ...options });
};

const panel = (page: Page) => page.locator(".asset-panel");
const button = (page: Page, name: string | RegExp) => panel(page).getByRole("button", { name, exact: true });
const saved = (page: Page) => page.locator(".toast", { hasText: "Saved." }).first().waitFor();

it("shows images, sound and text, and runs nothing of a file", async () => {
  const files = [
    await upload("photo.png", PNG, "image/png", { metadata: { alt: "A cat" }, tags: ["hero"] }),
    await upload("drawing.svg", SVG, "image/svg+xml"),
    await upload("sound.wav", wav(), "audio/wav"),
    await upload("page.html", HTML, "text/html"),
    await upload("long.txt", `${"ä".repeat(200_000)}the end`, "text/plain"),
    await upload("lying.txt", PNG, "text/plain"),
    await upload("lying.png", HTML, "image/png"),
    await upload("document.pdf", "%PDF-1.4", "application/pdf"),
  ] as const;
  const [photo] = files;
  await open(photo, async (page) => {
    const show = async (name: string): Promise<void> => {
      const asset = files.find(({ filename }) => filename === name);
      await page.evaluate(`location.hash = location.hash.replace(/asset=.*/, "asset=${asset?.id}")`);
      await panel(page).getByRole("heading", { name, exact: true }).waitFor();
    };
    const image = panel(page).locator(".preview-image img");
    await image.waitFor();
    expect(await image.getAttribute("src")).toMatch(/^blob:/);
    expect(await image.getAttribute("alt")).toBe("A cat");
    expect(await panel(page).getByText("16 × 16").isVisible()).toBe(true);
    await expect.poll(() => page.evaluate("document.querySelector('.preview-image img')?.naturalWidth")).toBe(16);
    await picture(page, "asset-image");

    await show("drawing.svg");
    await panel(page).locator(`.preview-image img[src^="data:image/svg+xml;base64,"]`).waitFor();

    await show("sound.wav");
    const sound = panel(page).locator("audio");
    await sound.waitFor();
    await expect.poll(() => page.evaluate("document.querySelector('audio')?.duration")).toBe(1);

    const text = panel(page).locator(".preview-text pre");
    await show("page.html");
    await expect.poll(() => text.textContent()).toBe(HTML);

    await show("long.txt");
    await text.getByText("ää").waitFor();
    const shown = (await text.textContent()) ?? "";
    expect(shown).toBe("ä".repeat(128 * 1024));
    await panel(page).getByText("The first 262 KB of 400 KB.").waitFor();

    await show("lying.txt");
    await panel(page).getByText("it does not read as text").waitFor();
    await show("lying.png");
    await panel(page).getByText("This browser cannot show the file.").waitFor();
    await show("document.pdf");
    await panel(page).getByText("There is no preview of this type.").waitFor();

    expect(await page.evaluate("[window.tricked ?? null, sessionStorage.getItem('tricked')]")).toEqual([null, null]);
    expect(await page.evaluate("document.querySelectorAll('iframe, object, embed').length")).toBe(0);
  });
});

it("shows what turns the order in which a name is read", async () => {
  const asset = await upload("\u202egnp.evil.txt", "evil", "text/plain");
  await open(asset, async (page) => {
    await page.getByRole("link", { name: "\\u202egnp.evil.txt", exact: true }).waitFor();
    await panel(page).getByRole("heading", { name: "\\u202egnp.evil.txt", exact: true }).waitFor();
  });
});

it("edits tags, metadata, name and place, with one condition for all of it", async () => {
  const asset = await upload("draft.png", PNG, "image/png", {
    metadata: { alt: "A cat", year: 2025, old: true, nested: { a: 1, b: 2 } },
    tags: ["hero", "cats"],
  });
  await open(asset, async (page) => {
    await button(page, "Remove the tag cats").click();
    await panel(page).getByLabel("Add a tag").fill("featured");
    await panel(page).getByLabel("Add a tag").press("Enter");
    await panel(page).getByLabel("Value of year").fill("twenty");
    await panel(page).getByText("This is not a number.").waitFor();
    expect(await button(page, "Save").isDisabled()).toBe(true);
    await panel(page).getByLabel("Value of year").fill("2026");
    await button(page, "Remove old").click();
    await panel(page).getByLabel("Value of nested").fill('{"b": 2}');
    await button(page, "Add a field").click();
    await panel(page).getByLabel("Name of the new field").fill("note");
    await panel(page).getByLabel("Kind of note").selectOption("nothing");
    await button(page, "Move or rename").click();
    await panel(page).getByLabel("Name", { exact: true }).fill("final.png");
    await panel(page).getByLabel("Channel", { exact: true }).fill("Not a name");
    await panel(page).getByText("Lowercase letters only.").waitFor();
    await panel(page).getByLabel("Channel", { exact: true }).fill("done");
    await picture(page, "asset-edited");
    await page.keyboard.press("Control+s");
    await saved(page);
    const after = await console.vault.assets.get(asset.id);
    expect(after).toMatchObject({ filename: "final.png", channel: "done", tags: ["hero", "featured"] });
    // A null and a removed key: no single patch can say both.
    expect(after.metadata).toEqual({ alt: "A cat", year: 2026, nested: { b: 2 }, note: null });
    await panel(page).getByRole("heading", { name: "final.png" }).waitFor();

    await button(page, "JSON").click();
    const raw = panel(page).getByLabel("Metadata as JSON");
    await raw.fill('{"alt": "A cat", "big": 12345678901234567890}');
    await panel(page).getByText("cannot be kept exactly").waitFor();
    await raw.fill('{"small": 1e-400}');
    await panel(page).getByText("The number 1e-400 cannot be kept exactly").waitFor();
    await raw.fill(JSON.stringify({ alt: "x".repeat(70_000) }));
    await button(page, "Save").click();
    await panel(page).getByText("Metadata: must be at most 65536 bytes of JSON").waitFor();
    await raw.fill('{"alt": "Two cats"}');
    await button(page, "Save").click();
    await button(page, "Save").waitFor({ state: "detached" });
    expect((await console.vault.assets.get(asset.id)).metadata).toEqual({ alt: "Two cats" });

    // What is edited is not lost by a click beside it.
    await panel(page).getByLabel("Add a tag").fill("kept");
    await panel(page).getByLabel("Add a tag").press("Enter");
    await page.evaluate("location.hash = location.hash.replace(/[?].*/, '')");
    const back = page.getByRole("button", { name: "Back to it" });
    await back.waitFor();
    expect(await asksToStay(page)).toBe(true);
    await back.click();
    await button(page, "Remove the tag kept").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Discard what" }).getByRole("button", { name: "Discard" }).click();
    await panel(page).waitFor({ state: "detached" });
    expect(await asksToStay(page)).toBe(false);
    expect((await console.vault.assets.get(asset.id)).tags).toEqual(["hero", "featured"]);
  });
});

it("keeps what was edited of each asset, also where a narrowed key may not move it", async () => {
  const assets = [await upload("one.txt", "1", "text/plain"), await upload("two.txt", "2", "text/plain")] as const;
  await upload("three.txt", "3", "text/plain");
  const { token } = await console.vault.keys.create({ type: "secret", scope: PATH });
  const [first, second] = assets;
  const work = async (page: Page): Promise<void> => {
    const back = (name: string) =>
      page
        .locator(".toast", { hasText: `What you edited of ${name} is not saved.` })
        .getByRole("button")
        .first();
    await button(page, "Move or rename").click();
    await panel(page).getByLabel("Partition", { exact: true }).fill("elsewhere");
    await button(page, "Save").click();
    await panel(page).getByText("This key moves nothing out of its folder.").waitFor();
    expect(await panel(page).getByLabel("Partition", { exact: true }).inputValue()).toBe("elsewhere");
    await page.getByRole("link", { name: "two.txt", exact: true }).waitFor();

    await button(page, "The one above").click();
    await panel(page).getByRole("heading", { name: "two.txt" }).waitFor();
    await panel(page).getByLabel("Add a tag").fill("second");
    await panel(page).getByLabel("Add a tag").press("Enter");
    await button(page, "The one above").click();
    await panel(page).getByRole("heading", { name: "three.txt" }).waitFor();
    await page.getByRole("link", { name: "one.txt", exact: true }).click();
    await panel(page).getByText("Not saved: partition").waitFor();
    await button(page, "Close").click();
    await page.getByRole("dialog", { name: "Discard what" }).getByRole("button", { name: "Discard" }).click();
    await panel(page).waitFor({ state: "detached" });
    // What no panel shows is asked for all the same.
    expect(await asksToStay(page)).toBe(true);
    await back("two.txt").click();
    await button(page, "Remove the tag second").waitFor();
    await button(page, "Save").click();
    await expect.poll(() => asksToStay(page)).toBe(false);
  };
  await open(first, work, { key: `${token} narrowed` });
  expect((await console.vault.assets.get(first.id)).partition).toBe("site");
  expect((await console.vault.assets.get(second.id)).tags).toEqual(["second"]);
});

it("shows theirs and yours when someone else was faster, and takes either", async () => {
  const asset = await upload("both.png", PNG, "image/png", { metadata: { alt: "A cat", year: 2025 }, tags: ["hero"] });
  const { vault } = console;
  await open(asset, async (page) => {
    await panel(page).getByLabel("Value of alt").fill("My cat");
    await panel(page).getByLabel("Add a tag").fill("mine");
    await panel(page).getByLabel("Add a tag").press("Enter");
    await vault.assets.update(asset.id, { metadata: { alt: "Their cat", year: 2026 }, tags: ["theirs"] });
    // It is known before one saves, because the list is live; else by the answer to the save.
    await button(page, "Save").click();
    const dialog = page.getByRole("dialog", { name: "Someone else was faster" });
    await dialog.waitFor();
    await picture(page, "asset-conflict");
    const [text] = await dialog.allInnerTexts();
    for (const each of ["My cat", "Their cat", "mine", "theirs", "year"]) expect(text).toContain(each);
    const save = dialog.getByRole("button", { name: "Save what is chosen" });
    expect(await save.isDisabled()).toBe(true);
    const choose = (part: string, side: string) => dialog.getByRole("group", { name: part }).getByLabel(side).check();
    await choose("Metadata “alt”", "Yours");
    await choose("Tags", "Theirs");
    // And a third one is faster still.
    let isFirst = true;
    await page.route(/assets.asset_[^/]*$/, async (route) => {
      if (isFirst && route.request().method() === "PATCH") {
        isFirst = false;
        await vault.assets.update(asset.id, { filename: "renamed.png" });
      }
      await route.continue();
    });
    await save.click();
    await dialog.getByText("do not touch the same parts").waitFor();
    await dialog.getByRole("button", { name: "Save yours as well" }).click();
    await saved(page);
    expect(await vault.assets.get(asset.id)).toMatchObject({
      filename: "renamed.png",
      metadata: { alt: "My cat", year: 2026 },
      tags: ["theirs"],
    });

    // Nothing is deleted that is not what one sees.
    await vault.assets.update(asset.id, { add_tags: ["late"] });
    await button(page, "Remove the tag late").waitFor();
    await vault.assets.delete(asset.id);
    await panel(page).getByText("This asset is gone").waitFor();
  });
});

it("shares by links with an expiry and by delivery URLs, downloads and deletes", async () => {
  await upload("beside.txt", "beside", "text/plain");
  const asset = await upload("shared ü.txt", "shared", "text/plain");
  const other = await upload("other.txt", "other", "text/plain", { channel: "elsewhere" });
  await open(asset, async (page) => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await panel(page).getByLabel("A link that is good for").selectOption("5 minutes");
    await button(page, "Make a link").click();
    const link = await panel(page).getByLabel("Link", { exact: true }).inputValue();
    await panel(page).getByText("Opens for whoever has it").waitFor();
    expect(await (await fetch(link)).text()).toBe("shared");
    await panel(page).getByRole("button", { name: "Copy: Link", exact: true }).click();
    await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe(link);

    const { token: elsewhere } = await console.vault.keys.create({ type: "delivery", scope: { partition: "other" } });
    const paste = panel(page).getByLabel("Or one that you have");
    for (const [key, answer] of [
      [console.credentials.secret_key, "it begins with dk_"],
      [elsewhere, "This key is for another folder."],
    ] as const) {
      await paste.fill(key);
      await button(page, "Use it").click();
      await panel(page).getByText(answer).waitFor();
    }
    await panel(page).getByLabel("A new delivery key for").selectOption("site/blog/shown");
    await button(page, "Make a key").click();
    const urls = [
      await panel(page).getByLabel("URL of this file", { exact: true }).inputValue(),
      await panel(page).getByLabel("URL of its path and name", { exact: true }).inputValue(),
    ];
    for (const url of urls) expect(await (await fetch(url)).text()).toBe("shared");
    const { data: keys } = await console.vault.keys.list();
    expect(keys[0]).toMatchObject({ type: "delivery", scope: PATH });
    await picture(page, "asset-shared");
    // It is known after a reload, and forgotten when one signs out.
    await page.reload();
    await panel(page).getByLabel("URL of this file", { exact: true }).waitFor();

    // It is looked at for each file, and again when one comes back to the window.
    const show = (id: string) => page.evaluate(`location.hash = location.hash.replace(/asset=.*/, "asset=${id}")`);
    const url = panel(page).getByLabel("URL of this file", { exact: true });
    await show(other.id);
    await panel(page).getByText("This key is for another folder.").waitFor();
    expect(await url.count()).toBe(0);
    await show(asset.id);
    await url.waitFor();
    await console.vault.keys.revoke(keys[0]?.id ?? "");
    await page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`);
    await panel(page).getByText("This key is no longer accepted: it was revoked or has expired.").waitFor();
    expect(await url.count()).toBe(0);
    await page.reload();
    await panel(page).getByText("This key is no longer accepted").waitFor();
    await button(page, "Make a key").click();
    await url.waitFor();

    await panel(page).getByText("Record as JSON").click();
    const record = await panel(page).getByLabel("The record as JSON").innerText();
    expect(JSON.parse(record)).toMatchObject({ id: asset.id, tags: "[]", metadata: "{}" });

    const download = page.waitForEvent("download");
    await button(page, "Download").click();
    const file = await download;
    expect(file.suggestedFilename()).toBe("shared ü.txt");
    expect(readFileSync(await file.path(), "utf8")).toBe("shared");

    await button(page, "Delete").click();
    await page.getByRole("dialog", { name: "Delete shared ü.txt?" }).getByRole("button", { name: "Delete" }).click();
    await page.locator(".toast", { hasText: "shared ü.txt is deleted." }).waitFor();
    await panel(page).waitFor({ state: "detached" });
    await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe("beside.txt");
    await expect(console.vault.assets.get(asset.id)).rejects.toMatchObject({ code: "ASSET_NOT_FOUND" });

    await page.getByRole("button", { name: "Sign out" }).click();
    expect(await page.evaluate("Object.keys(sessionStorage).filter((name) => name.includes('key'))")).toEqual([]);
  });
});

it("leaves nothing of one session to the next in the same tab", async () => {
  const { token } = await console.vault.keys.create({ label: "the next one" });
  const other = await console.admin.vaults.create({ name: "another vault" });
  const asset = await upload("left.txt", "left", "text/plain");
  const elsewhere = new Strongroom({ url: console.credentials.url, key: other.secret_key });
  const theirs = await elsewhere.assets.upload(new File(["theirs"], "theirs.txt"), PATH);
  await open(asset, async (page) => {
    await button(page, "Make a key").click();
    await panel(page).getByLabel("URL of this file", { exact: true }).waitFor();
    await panel(page).getByLabel("Add a tag").fill("mine");
    await panel(page).getByLabel("Add a tag").press("Enter");
    const signOut = page.getByRole("button", { name: "Sign out" });
    await signOut.click();
    const question = page.getByRole("dialog", { name: "Sign out?" });
    await question.getByText("What is not saved").waitFor();
    await question.getByRole("button", { name: "Cancel" }).click();
    await signOut.click();
    await question.getByRole("button", { name: "Sign out" }).click();
    const signIn = async (key: string): Promise<void> => {
      await page.getByLabel("Key or admin token").fill(key);
      await page.getByRole("button", { name: "Sign in" }).click();
    };
    await page.getByLabel("Key or admin token").waitFor();
    expect(await page.locator(".toast").count()).toBe(0);
    await signIn(token);
    await panel(page).getByRole("heading", { name: "left.txt" }).waitFor();
    await button(page, "Make a key").waitFor();
    expect(await button(page, "Remove the tag mine").count()).toBe(0);
    expect(await panel(page).getByLabel("URL of this file", { exact: true }).count()).toBe(0);

    await button(page, "Make a key").click();
    await panel(page).getByLabel("URL of this file", { exact: true }).waitFor();
    await signOut.click();
    await signIn(other.secret_key);
    await page.getByRole("link", { name: "theirs.txt" }).click();
    await panel(page).getByRole("heading", { name: "theirs.txt" }).waitFor();
    await button(page, "Make a key").waitFor();
    expect((await elsewhere.assets.get(theirs.id)).tags).toEqual([]);
  });
});

it("keeps what is edited when its key is revoked, until one signs in with another", async () => {
  const asset = await upload("kept.txt", "kept", "text/plain");
  const { id, token } = await console.vault.keys.create({ type: "secret" });
  const work = async (page: Page): Promise<void> => {
    await panel(page).getByLabel("Add a tag").fill("mine");
    await panel(page).getByLabel("Add a tag").press("Enter");
    await console.vault.keys.revoke(id);
    // Whatever changes wakes whoever waits.
    await upload("waker.txt", "awake", "text/plain");
    const told = page.locator(".toast", { hasText: "The key is no longer accepted" });
    await told.waitFor();
    await button(page, "Save").click();
    await panel(page).getByText("Sign in again.").waitFor();
    await told.getByRole("button", { name: "Sign in with another key" }).click();
    const question = page.getByRole("dialog", { name: "Sign out?" });
    await question.getByRole("button", { name: "Cancel" }).click();
    await button(page, "Remove the tag mine").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await question.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Key or admin token").fill(console.credentials.secret_key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await panel(page).getByRole("heading", { name: "kept.txt" }).waitFor();
    await panel(page).getByLabel("Add a tag").waitFor();
    expect(await button(page, "Remove the tag mine").count()).toBe(0);
    expect(await told.count()).toBe(0);
  };
  await open(asset, work, { key: token });
});

it("is read-only with a public key, and fills a phone", async () => {
  const asset = await upload("public.txt", "public", "text/plain", { metadata: { alt: "A cat" }, tags: ["hero"] });
  const work = async (page: Page): Promise<void> => {
    await panel(page).locator(".preview-text pre", { hasText: "public" }).waitFor();
    await panel(page).getByText("A cat", { exact: true }).waitFor();
    for (const name of ["Delete", "Move or rename", "Add a field", "Make a link", "Make a key", /^Remove/])
      expect(await button(page, name).count()).toBe(0);
    expect(await panel(page).getByLabel("Add a tag").count()).toBe(0);
    const box = await panel(page).boundingBox();
    expect(box).toEqual({ x: 0, y: 0, ...PHONE });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(PHONE.width);
    await picture(page, "asset-phone");

    const { token } = await console.vault.keys.create({ type: "delivery" });
    await panel(page).getByLabel("A delivery key").fill(token);
    await button(page, "Use it").click();
    const url = await panel(page).getByLabel("URL of this file", { exact: true }).inputValue();
    expect(await (await fetch(url)).text()).toBe("public");
    const download = page.waitForEvent("download");
    await button(page, "Download").click();
    expect(readFileSync(await (await download).path(), "utf8")).toBe("public");
    await page.keyboard.press("Escape");
    await panel(page).waitFor({ state: "detached" });
  };
  await open(asset, work, { key: publicKey, viewport: PHONE });
  expect(new Strongroom({ url: console.credentials.url, key: publicKey }).vaultId).toBe(asset.vault_id);
});
