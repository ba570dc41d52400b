import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { noBrowser } from "../support/browser.ts";
import { consoleScene, PHONE, picture } from "./scene.ts";

const scene = consoleScene();
const fixtures = join(import.meta.dirname, "../fixtures/shown");
const shown = (name: string) => new File([readFileSync(join(fixtures, name))], name);

/** So many are in one channel that they are neither on one page nor in the page at once. */
const MANY = 250;

beforeAll(async () => {
  if (noBrowser) return;
  const { vault } = scene;
  const many = Array.from({ length: MANY }, (_, i) => new File([`report ${i}`], `report-${i}.txt`));
  const path = { partition: "finance", collection: "reports", channel: "daily" };
  // One after the other in time, so that the order is known at its ends.
  for await (const { error } of vault.assets.uploadMany(many, path, { concurrency: 12 })) if (error) throw error;
  const blog = { partition: "marketing", collection: "blog", channel: "hero-images" };
  for (const name of ["a.png", "a.jpg", "a.webp", "a.gif"])
    await vault.assets.upload(shown(name), { ...blog, tags: ["hero", name.slice(2)], metadata: { alt: name } });
  await vault.assets.upload(new File(["%PDF-1.7"], "offer.pdf"), { ...blog, channel: "downloads", tags: ["offer"] });
  await vault.assets.upload(new File([new Uint8Array(600_000)], "large.png", { type: "image/png" }), {
    ...blog,
    channel: "raw",
  });
});

const names = (page: Page) => page.locator(".c-name a").allInnerTexts();
const rowOf = (page: Page, name: string) =>
  page.locator(".row").filter({ has: page.getByRole("link", { name, exact: true }) });

it("browse: shows the folders with what is in them, and goes into them and back", async () => {
  await scene.openConsole(scene.credentials.secret_key, async (page) => {
    const { vault_id, url } = scene.credentials;
    const folders = page.getByRole("navigation", { name: "Folders" });
    await folders.getByRole("link", { name: `finance ${MANY} files` }).waitFor();
    await page.getByText(new RegExp(`^${MANY + 6} files · `)).waitFor();
    await page.locator(".row").nth(5).waitFor();
    await picture(page, "browse");
    await folders.getByRole("link", { name: "marketing 6 files" }).click();
    await folders.getByRole("link", { name: "blog 6 files" }).click();
    await folders.getByRole("link", { name: "hero-images 4 files" }).click();
    await expect.poll(() => names(page)).toEqual(["a.gif", "a.webp", "a.jpg", "a.png"]);
    expect(page.url()).toBe(`${url}/#/${vault_id}/marketing/blog/hero-images`);
    // A picture of each, fetched with the key: there is no key in its address.
    await expect.poll(() => page.locator(".thumb img[src^='blob:']").count()).toBe(4);
    await picture(page, "browse-images");
    await page.goBack();
    await page.getByRole("heading", { name: "blog" }).waitFor();
    await rowOf(page, "large.png").locator(".thumb svg").waitFor();
    await page.reload();
    await rowOf(page, "offer.pdf").getByText("PDF", { exact: true }).waitFor();
    expect(await rowOf(page, "offer.pdf").locator(".below").innerText()).toBe("downloads");
  });
});

it("browse: loads pages while one scrolls, and holds at most 200 rows in the page", async () => {
  await scene.openConsole(
    scene.credentials.public_key,
    async (page) => {
      await page.locator(".row").first().waitFor();
      const seen = new Set<string>();
      let most = 0;
      await expect
        .poll(
          async () => {
            for (const name of await names(page)) seen.add(name);
            most = Math.max(most, await page.locator("tr").count());
            await page.locator(".scroller").evaluate((element: { scrollTop: number; clientHeight: number }) => {
              element.scrollTop += element.clientHeight;
            });
            return seen.size;
          },
          { timeout: 30_000, interval: 30 },
        )
        .toBe(MANY);
      expect(most).toBeLessThanOrEqual(200);
      await picture(page, "browse-scrolled");
      // With a public key nothing is offered that writes.
      for (const name of ["Upload", "Keys"]) expect(await page.getByText(name, { exact: true }).count()).toBe(0);
      expect(await page.getByRole("checkbox").count()).toBe(0);
    },
    { fragment: `/${scene.credentials.vault_id}/finance/reports/daily` },
  );
});

it("browse: narrows by search and filters, which stand in the address and as chips", async () => {
  await scene.openConsole(
    scene.credentials.secret_key,
    async (page) => {
      await expect.poll(() => names(page)).toEqual(["a.gif", "a.webp", "a.jpg", "a.png"]);
      await picture(page, "browse-chips");
      await page.getByRole("button", { name: "jpg", exact: true }).click();
      await expect.poll(() => names(page)).toEqual(["a.jpg"]);
      expect(page.url()).toMatch(/\?tag=hero&tag=jpg$/);
      await page.getByRole("button", { name: "Remove the filter Tag jpg" }).click();
      await page.getByRole("button", { name: "Filter", exact: true }).click();
      await picture(page, "browse-filter");
      await page.getByLabel("Type").selectOption({ label: "PDF" });
      await page.keyboard.press("Escape");
      await page.getByRole("heading", { name: "No file matches" }).waitFor();
      await picture(page, "browse-no-match");
      await page.getByRole("button", { name: "Clear search and filters" }).click();
      await expect.poll(() => names(page)).toHaveLength(6);
      await page.keyboard.press("/");
      await page.keyboard.type("OFF");
      await expect.poll(() => names(page)).toEqual(["offer.pdf"]);
      expect(page.url()).toMatch(/\?q=OFF$/);
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Filter", exact: true }).click();
      await page.getByLabel("Metadata").fill("alt");
      await page.getByLabel("is", { exact: true }).fill("a.webp");
      await page.keyboard.press("Enter");
      await expect.poll(() => names(page)).toEqual(["a.webp"]);
      await page.getByRole("button", { name: "Clear filters" }).click();
      await page.getByRole("button", { name: "Added" }).click();
      await expect.poll(async () => (await names(page))[0]).toBe("a.png");
    },
    { fragment: `/${scene.credentials.vault_id}/marketing?tag=hero` },
  );
});

it("browse: shows at once what others upload, change, move and delete", async () => {
  const { vault } = scene;
  const path = { partition: "live", collection: "x", channel: "y" };
  await scene.openConsole(
    scene.credentials.public_key,
    async (page) => {
      await page.getByRole("heading", { name: "Nothing in live" }).waitFor();
      const first = await vault.assets.upload(new File(["1"], "one.txt"), path);
      await expect.poll(() => names(page)).toEqual(["one.txt"]);
      const second = await vault.assets.upload(new File(["22"], "two.txt"), path);
      await expect.poll(() => names(page)).toEqual(["two.txt", "one.txt"]);
      await page.getByText("2 files · 3 B").waitFor();
      await vault.assets.update(first.id, { filename: "uno.txt", add_tags: ["new"] });
      await rowOf(page, "uno.txt").getByRole("button", { name: "new" }).waitFor();
      await vault.assets.update(second.id, { partition: "elsewhere" });
      await expect.poll(() => names(page)).toEqual(["uno.txt"]);
      await vault.assets.delete(first.id);
      await page.getByRole("heading", { name: "Nothing in live" }).waitFor();
      await vault.assets.delete(second.id);
    },
    { fragment: `/${scene.credentials.vault_id}/live` },
  );
});

it("browse: shows the files though the vault cannot be followed, and misses nothing once it can", async () => {
  const { vault, credentials } = scene;
  const path = { partition: "slow", collection: "x", channel: "y" };
  await vault.assets.upload(new File(["1"], "first.txt"), path);
  await scene.openConsole(undefined, async (page) => {
    let isRefused = true;
    let refusals = 0;
    // As an import under way answers, but for the pause.
    await page.route(/\/changes/, (route) => {
      if (!isRefused) return route.continue();
      refusals++;
      return route.fulfill({ status: 503, headers: { "Retry-After": "0" } });
    });
    await page.clock.install();
    /** The page's pauses between tries are over at once. */
    const later = <T>(look: () => T): Promise<T> => page.clock.fastForward(3_000).then(look);
    await page.getByLabel("Key or admin token").fill(credentials.public_key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "slow 1 file" }).click();
    await expect.poll(() => names(page)).toEqual(["first.txt"]);
    await page.getByText("Reconnecting").waitFor();
    await vault.assets.upload(new File(["2"], "second.txt"), path);
    // It has given up once by then, and tries anew.
    const before = refusals;
    await expect.poll(() => later(() => refusals)).toBeGreaterThanOrEqual(before + 5);
    expect(await names(page)).toEqual(["first.txt"]);
    isRefused = false;
    await expect.poll(() => later(() => names(page))).toEqual(["second.txt", "first.txt"]);
    await page.getByText("Reconnecting").waitFor({ state: "detached" });
    await vault.assets.upload(new File(["3"], "third.txt"), path);
    await expect.poll(() => names(page)).toEqual(["third.txt", "second.txt", "first.txt"]);
  });
});

it("browse: goes by keyboard alone, and on a phone", async () => {
  await scene.openConsole(
    scene.credentials.secret_key,
    async (page) => {
      await page.locator(".row").nth(20).waitFor();
      await picture(page, "browse-phone");
      await page.locator(".c-name a").first().focus();
      await page.keyboard.press("End");
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Space");
      await page.keyboard.press("Shift+ArrowDown");
      await expect.poll(() => page.locator(".row.selected").count()).toBe(2);
      await page.keyboard.press("Escape");
      await expect.poll(() => page.locator(".row.selected").count()).toBe(0);
      await expect.poll(async () => (await names(page))[2]).toMatch(/^report-/);
      const third = (await names(page))[2];
      await expect.poll(() => page.evaluate("document.activeElement.textContent")).toBe(third);
      await page.keyboard.press("Enter");
      await expect.poll(() => page.url()).toContain("?asset=asset_");
      // Nothing is wider than the window.
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    },
    { fragment: `/${scene.credentials.vault_id}/finance`, viewport: PHONE, dark: true },
  );
});

it("browse: a folder behind the first page of its level shows its counts, and keeps them when they change", async () => {
  const { vault, credentials } = scene;
  const path = { partition: "wide", collection: "c" };
  const channel = (i: number): string => `ch-${String(i).padStart(3, "0")}`;
  const operations = Array.from({ length: 205 }, (_, i) => ({ ...path, channel: channel(i) }));
  await Promise.all(operations.map((to) => vault.assets.upload(new File(["x"], "x.txt"), to)));
  await scene.openConsole(
    credentials.secret_key,
    async (page) => {
      const folders = page.getByRole("navigation", { name: "Folders" });
      await folders.getByRole("link", { name: "ch-204 1 file" }).waitFor();
      await page.getByText(/^1 file · /).waitFor();
      await vault.assets.upload(new File(["x"], "y.txt"), { ...path, channel: channel(204) });
      await folders.getByRole("link", { name: "ch-204 2 files" }).waitFor();
      await page.getByText(/^2 files · /).waitFor();
      expect(await folders.getByRole("link", { name: /^ch-/ }).count()).toBe(205);
    },
    { fragment: `/${credentials.vault_id}/wide/c/ch-204` },
  );
});

it("browse: what an address says badly is left out, and a link to another vault is said to be one", async () => {
  const { credentials } = scene;
  await scene.openConsole(
    credentials.secret_key,
    async (page) => {
      const folders = page.getByRole("navigation", { name: "Folders" });
      for (const fragment of ["//all", "/IMG/..%2F/x", "/?created_since=yesterday"]) {
        await page.goto(`${credentials.url}/#/${credentials.vault_id}${fragment}`);
        await page.getByRole("heading", { name: "All files" }).waitFor();
        await page.locator(".row").first().waitFor();
      }
      expect(await folders.locator("[aria-current=page]").innerText()).toContain("All files");
      await page.goto(`${credentials.url}/#/vault_01k2m8z4v9c7r5t3n1w6x0y8qe/marketing`);
      await page.getByText("The link is to another vault.").waitFor();
      await page.getByRole("heading", { name: "All files" }).waitFor();
    },
    { fragment: `/${credentials.vault_id}` },
  );
});
