import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { browserScene } from "./browser-scene.ts";

/** The reference page, as a browser shows it. `SCREENSHOTS=folder` keeps pictures of it. */
const scene = browserScene();

/** What a page did that it must not: what its policy forbade, what it asked of others, and what it complained of. */
function watched(page: Page, origin: string): string[] {
  const seen: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") seen.push(message.text());
  });
  page.on("pageerror", (error) => seen.push(error.message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith("data:")) seen.push(url);
  });
  return seen;
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: `${folder}/${name}.png` });
}

it("docs: shows every endpoint and works with a pasted key, and asks nobody else", async () => {
  const { url, secret_key, vault_id } = scene.credentials;
  await scene.withPage(async (page) => {
    const seen = watched(page, url);
    await page.goto(`${url}/docs`);
    await page.getByText("List assets, newest first").waitFor();
    expect(await page.title()).toBe("Strongroom API");
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const operations = Object.values(document.paths).flatMap((path) => Object.keys(path));
    expect(await page.locator(".opblock").count()).toBe(operations.length);
    await picture(page, "docs");

    await page.getByRole("button", { name: "Authorize" }).first().click();
    const dialog = page.locator(".dialog-ux");
    await dialog.locator("input").first().fill(secret_key);
    await dialog.getByRole("button", { name: "Apply credentials" }).first().click();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    const list = page.locator(".opblock", { hasText: "List assets, newest first" });
    await list.locator(".opblock-summary-control").click();
    await list.locator("tr", { hasText: "vaultId" }).locator("input").fill(vault_id);
    await list.getByRole("button", { name: "Execute" }).click();
    await list.locator(".live-responses-table .response-col_status", { hasText: "200" }).first().waitFor();
    expect(await list.locator(".live-responses-table .highlight-code").first().innerText()).toContain(
      '"has_more": false',
    );
    await list.scrollIntoViewIfNeeded();
    await picture(page, "docs-list");
    expect(seen).toEqual([]);
  });
});
