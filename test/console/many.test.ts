/** Many assets in the console: how they are selected, tagged, moved and deleted, and what is told of those that are refused. */

import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { type Asset, Strongroom } from "../../src/client/index.ts";
import { changeAll } from "../../src/console/many/changing.ts";
import { noBrowser } from "../support/browser.ts";
import { consoleScene, PHONE, picture } from "./scene.ts";

const console = consoleScene();

const FILES = 8;
/** An asset takes no more tags than this. */
const MOST_TAGS = 1_000;

const full = Array.from({ length: MOST_TAGS }, (_, at) => `t${at}`);

/** Some files in a channel of their own, the last of which has all the tags that it may have. */
async function fill(channel: string): Promise<{ fragment: string; ids: string[] }> {
  const ids: string[] = [];
  for (let at = 1; at <= FILES; at++) {
    const tags = at === FILES ? full : ["old", ...(at > 4 ? ["late"] : [])];
    const file = new File([`file ${at}`], `file-${at}.txt`);
    const path = { partition: "site", collection: "blog", channel };
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that their order is known
    const { id } = await console.vault.assets.upload(file, { ...path, tags });
    ids.push(id);
  }
  return { fragment: `/${console.vault.vaultId}/site/blog/${channel}`, ids };
}

const all = async (channel: string): Promise<Asset[]> => (await console.vault.assets.list({ channel })).data;
const bar = (page: Page) => page.getByRole("toolbar", { name: "Selected files" });
const box = (page: Page, at: number) => page.getByRole("checkbox", { name: `Select file-${at}.txt` });
const dialog = (page: Page, name: string | RegExp) => page.getByRole("dialog", { name });

let publicKey: string;

beforeAll(async () => {
  if (noBrowser) return;
  ({ token: publicKey } = await console.vault.keys.create({ type: "public" }));
});

it("selects by checkbox, by range and all, and tags, moves and deletes what is selected", async () => {
  const { fragment, ids } = await fill("many");
  await console.openConsole(
    console.credentials.secret_key,
    async (page) => {
      await box(page, 6).click();
      await bar(page).getByText("1 file", { exact: true }).waitFor();
      await box(page, 3).click({ modifiers: ["Shift"] });
      await bar(page).getByText("4 files", { exact: true }).waitFor();
      await box(page, 4).click();
      await bar(page).getByText("3 files", { exact: true }).waitFor();
      await picture(page, "many-selected");

      await bar(page).getByRole("button", { name: "Tag" }).click();
      const tags = dialog(page, "Tag 3 files");
      await tags.getByLabel("Add a tag").fill("new");
      await tags.getByLabel("Add a tag").press("Enter");
      await tags.getByRole("button", { name: "old 3" }).click();
      await picture(page, "many-tags");
      await tags.getByRole("button", { name: "Tag 3 files" }).click();
      await page.locator(".toast", { hasText: "3 files tagged." }).waitFor();
      const tagged = (await all("many")).filter(({ tags: has }) => has.includes("new")).map(({ filename }) => filename);
      expect(tagged.toSorted()).toEqual(["file-3.txt", "file-5.txt", "file-6.txt"]);
      expect((await console.vault.assets.get(ids[4] ?? "")).tags).toEqual(["late", "new"]);

      await bar(page).getByRole("button", { name: "Move" }).click();
      const place = dialog(page, "Move 3 files");
      expect(await place.getByLabel("Channel").inputValue()).toBe("many");
      await place.getByLabel("Channel").fill("No");
      await place.getByText("Lowercase letters only.").waitFor();
      await place.getByLabel("Channel").fill("moved");
      await place.getByRole("button", { name: "Move 3 files" }).click();
      await page.locator(".toast", { hasText: "3 files moved." }).waitFor();
      await box(page, 6).waitFor({ state: "detached" });
      expect((await all("moved")).map(({ filename }) => filename)).toEqual(["file-6.txt", "file-5.txt", "file-3.txt"]);

      await box(page, 1).click();
      await bar(page).getByRole("button", { name: "Select all 5 loaded" }).click();
      await box(page, 8).click();
      await bar(page).getByRole("button", { name: "Delete" }).click();
      const question = dialog(page, "Delete 4 files?");
      await question.getByText("They have 24 B together.").waitFor();
      await picture(page, "many-delete");
      await question.getByRole("button", { name: "Cancel" }).click();
      expect(await all("many")).toHaveLength(5);
      await bar(page).getByRole("button", { name: "Delete" }).click();
      await question.getByRole("button", { name: "Delete 4 files" }).click();
      await page.locator(".toast", { hasText: "4 files deleted." }).waitFor();
      await bar(page).waitFor({ state: "detached" });
      await expect.poll(() => page.evaluate("document.activeElement.className")).toBe("scroller");
      expect((await all("many")).map(({ filename }) => filename)).toEqual(["file-8.txt"]);
    },
    { fragment },
  );
});

it("deletes a whole folder, also what is not loaded, and never one that is filtered", async () => {
  const more = 110;
  const path = { partition: "site", collection: "blog", channel: "whole" };
  const files = Array.from({ length: more }, (_, at) => new File([`${at}`], `n-${at}.txt`));
  await Promise.all(files.map((file) => console.vault.assets.upload(file, path)));
  const place = `/${console.vault.vaultId}/site/blog/whole`;
  await console.openConsole(
    console.credentials.secret_key,
    async (page) => {
      const select = page.getByRole("checkbox", { name: /^Select all/ });
      const whole = bar(page).getByRole("button", { name: `Delete the folder, ${more} files` });
      await select.click();
      await bar(page).getByText("100 files", { exact: true }).waitFor();
      expect(await whole.count()).toBe(0);
      await page.goto(`${console.credentials.url}/#${place}`);
      await page.getByText("Clear filters").waitFor({ state: "detached" });
      await bar(page).waitFor({ state: "detached" });
      await select.click();
      await whole.click();
      const question = dialog(page, `Delete ${more} files in site/blog/whole?`);
      await question.getByRole("button", { name: `Delete ${more} files` }).click();
      await page.locator(".toast", { hasText: `${more} files deleted.` }).waitFor();
      await page.getByText("Nothing in site/blog/whole").waitFor();
      await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("main");
      expect(await all("whole")).toEqual([]);
    },
    { fragment: `${place}?filename_prefix=n-` },
  );
});

it("tells by name and reason what was refused, keeps it selected, and tries it again", async () => {
  const { fragment, ids } = await fill("refused");
  await console.openConsole(
    console.credentials.secret_key,
    async (page) => {
      await box(page, 1).click();
      await bar(page).getByRole("button", { name: "Select all 8 loaded" }).click();
      await bar(page).getByRole("button", { name: "Tag" }).click();
      const tags = dialog(page, "Tag 8 files");
      await tags.getByText("The 60 most frequent of 1002 tags.").waitFor();
      await tags.getByLabel("Add a tag").fill("one more");
      await tags.getByRole("button", { name: "Tag 8 files" }).click();
      const result = dialog(page, "7 of 8 files tagged");
      await result.getByText("file-8.txt").waitFor();
      await result.getByText(`more than ${MOST_TAGS} tags`).waitFor();
      await picture(page, "many-refused");
      await console.vault.assets.update(ids.at(-1) ?? "", { tags: [] });
      await result.getByRole("button", { name: "Try the other 1 again" }).click();
      await page.locator(".toast", { hasText: "1 file tagged." }).waitFor();
      expect((await console.vault.assets.get(ids.at(-1) ?? "")).tags).toEqual(["one more"]);
      await bar(page).getByText("1 file", { exact: true }).waitFor();

      // What a request that fails has left open is told, too.
      await page.route("**/assets/batch", (route) =>
        route.fulfill({ status: 401, json: { error: { code: "UNAUTHORIZED", message: "no", status: 401 } } }),
      );
      await bar(page).getByRole("button", { name: "Delete" }).click();
      await dialog(page, "Delete 1 file?").getByRole("button", { name: "Delete 1 file" }).click();
      await dialog(page, "0 of 1 file deleted").getByText("The key is no longer accepted").waitFor();
      expect(await all("refused")).toHaveLength(FILES);
    },
    { fragment, viewport: PHONE, dark: true },
  );
});

it("offers nothing of it with a public key", async () => {
  const { fragment } = await fill("public");
  await console.openConsole(
    publicKey,
    async (page) => {
      await page.getByRole("link", { name: "file-1.txt" }).waitFor();
      expect(await page.getByRole("checkbox").count()).toBe(0);
      await page.keyboard.press("Control+a");
      expect(await bar(page).count()).toBe(0);
    },
    { fragment },
  );
});

it("says of a narrowed key that it moves nothing out of its folder", async ({ skip }) => {
  skip(noBrowser !== undefined, noBrowser);
  const { ids } = await fill("narrow");
  const scope = { partition: "site", collection: "blog" };
  const { token } = await console.vault.keys.create({ type: "secret", scope });
  const vault = new Strongroom({ url: console.credentials.url, key: token });
  const [first = "", second = ""] = ids;
  await console.vault.assets.delete(first);
  const real = (await all("narrow")).filter(({ id }) => id === second);
  const gone = real.map((asset) => ({ ...asset, id: first }));
  const run = { onProgress: () => {}, isStopped: () => false };
  const reasons = async (change: { partition: string } | { channel: string }): Promise<string[]> => {
    const { failed } = await changeAll(vault, [...gone, ...real], { op: "update", ...change }, run);
    return failed.map(({ reason }) => reason);
  };
  const within = "This key moves nothing out of its folder.";
  const deleted = "It was deleted by someone else.";
  expect(await reasons({ partition: "elsewhere" })).toEqual([deleted, within]);
  expect(await reasons({ channel: "narrower" })).toEqual([deleted]);
});

it("changes thousands in requests of 1,000, and divides what is too much for one", async ({ skip }) => {
  skip(noBrowser !== undefined, noBrowser);
  const { url, secret_key } = console.credentials;
  const sent: number[] = [];
  const vault = new Strongroom({
    url,
    key: secret_key,
    fetch: (to, init) => {
      if (to.endsWith("/batch"))
        sent.push((JSON.parse(init.body as string) as { operations: unknown[] }).operations.length);
      return fetch(to, init);
    },
  });
  const real = (await all("public")).at(-1);
  if (!real) throw new Error("there is none");
  const gone = Array.from({ length: 2_000 }, (_, at) => ({
    ...real,
    id: `asset_${String(at).padStart(26, "0")}`,
    filename: `gone-${at}`,
  }));
  const told: number[] = [];
  const run = { onProgress: ({ tried }: { tried: number }) => told.push(tried), isStopped: () => false };
  const outcome = await changeAll(vault, [...gone, real], { op: "update", add_tags: ["bite"] }, run);
  expect(sent).toEqual([1_000, 1_000, 1]);
  expect(told).toEqual([1_000, 2_000, 2_001]);
  expect(outcome.done).toHaveLength(1);
  expect(outcome.failed).toHaveLength(2_000);
  expect(outcome.failed[0]).toMatchObject({ asset: { filename: "gone-0" }, reason: "It was deleted by someone else." });
  expect((await vault.assets.get(real.id)).tags).toContain("bite");

  // 4,000,000 bytes of records go into one request: of these 61.
  const text = "x".repeat(64_000);
  const large = Array.from({ length: 70 }, (_, at) => ({ file: new File(["x"], `${at}.txt`), metadata: { text } }));
  const path = { partition: "site", collection: "blog", channel: "large" };
  for await (const { error } of vault.assets.uploadMany(large, path)) if (error) throw error;
  const { data: heavy } = await vault.assets.list({ ...path, limit: 200 });
  sent.length = 0;
  const divided = await changeAll(vault, heavy, { op: "update", add_tags: ["heavy"] }, run);
  expect(sent).toEqual([70, 9]);
  expect([divided.done.length, divided.failed, divided.left]).toEqual([70, [], []]);

  // It is stopped between requests, and says what is left.
  let requests = 0;
  const stopped = await changeAll(
    vault,
    [...gone, ...heavy],
    { op: "delete" },
    { onProgress: () => (requests += 1), isStopped: () => requests > 0 },
  );
  expect([stopped.done.length, stopped.left.length]).toEqual([1_000, 1_070]);
  expect(await all("large")).toHaveLength(50);
});
