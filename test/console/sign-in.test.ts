/** How one signs in, with what, and where the key is then: in this tab, and nowhere else. */

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { consoleScene, picture } from "./scene.ts";

const scene = consoleScene();

async function signIn(page: Page, credential: string): Promise<void> {
  await page.getByLabel("Key or admin token").fill(credential);
  await page.getByRole("button", { name: "Sign in" }).click();
}

const stored = (page: Page): Promise<string> =>
  page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])");

it("sign in: takes a key, keeps it in this tab alone, and forgets it", async () => {
  const { secret_key, url, vault_id } = scene.credentials;
  await scene.openConsole(undefined, async (page) => {
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.getByRole("heading", { name: "Strongroom" }).waitFor();
    await picture(page, "sign-in");
    // One may paste at once, and so after one has signed out.
    await page.locator("input:focus").waitFor();
    await signIn(page, `  ${secret_key}\n`);
    await page.getByRole("link", { name: "Files", exact: true }).waitFor();
    expect(page.url()).toBe(`${url}/#/${vault_id}`);
    expect(await stored(page)).toBe(JSON.stringify([{ "strongroom.credential": secret_key }, {}, ""]));
    expect(JSON.stringify(await page.context().storageState())).not.toContain(secret_key);

    // It outlives a reload, and no other tab has it.
    await page.reload();
    await page.getByRole("link", { name: "Keys" }).waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByLabel("Key or admin token").waitFor();
    await other.close();

    await page.getByRole("button", { name: "Dark theme" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.locator("input:focus").waitFor();
    expect(await stored(page)).toBe(JSON.stringify([{ "strongroom.theme": "dark" }, {}, ""]));

    expect(requests.length).toBeGreaterThan(5);
    for (const request of requests) {
      expect(request.startsWith(`${url}/`)).toBe(true);
      expect(request).not.toContain(secret_key.slice(-20));
    }
  });
  // The greeting has it, which is for whoever starts the server; the log has not.
  const log = scene.scene.server.output.split("\n").filter((line) => line.startsWith("{"));
  expect(log.length).toBeGreaterThan(2);
  expect(log.join("\n")).not.toContain(secret_key.slice(-20));
});

it("sign in: says why a credential is no good, in words", async () => {
  const { vault, credentials } = scene;
  const expired = await vault.keys.create({ type: "public" });
  await vault.keys.revoke(expired.id);
  const delivery = await vault.keys.create({ type: "delivery" });
  const upload = await vault.keys.create({ type: "upload" });
  const wrong = credentials.secret_key.slice(0, -1) + (credentials.secret_key.endsWith("A") ? "B" : "A");
  await scene.openConsole(undefined, async (page) => {
    const told = page.getByRole("alert");
    for (const [credential, words] of [
      ["", "Paste a key or the admin token."],
      [credentials.secret_key.slice(0, 50), "This is not a whole key."],
      [delivery.token, "This is a delivery key: it only opens files by their URL."],
      [upload.token, "This is an upload key: it cannot see what is stored."],
      [expired.token, "This key is not accepted."],
      [wrong, "This key is not accepted."],
      ["an-admin-token-that-is-none", "This is neither a key"],
      ["two words", "A key or token is one word."],
    ] as const) {
      await signIn(page, credential);
      await expect.poll(() => told.innerText(), { message: words }).toContain(words);
      expect(await stored(page)).toBe('[{},{},""]');
    }
    await picture(page, "sign-in-refused");
    // What is right goes through after what was wrong.
    await signIn(page, credentials.admin_token);
    await page.getByRole("heading", { name: "Vaults" }).waitFor();
    expect(page.url()).toBe(`${credentials.url}/`);
  });
});

it("sign in: comes to where an address leads, and with a public key to nothing that writes", async () => {
  const { public_key, vault_id } = scene.credentials;
  await scene.vault.assets.upload(new File(["x"], "x.txt"), { partition: "a", collection: "b", channel: "c" });
  await scene.openConsole(
    undefined,
    async (page) => {
      await signIn(page, public_key);
      await page.getByRole("link", { name: "x.txt" }).waitFor();
      expect(page.url()).toContain(`#/${vault_id}/a/b?q=txt`);
      for (const name of ["Upload", "Keys", "Settings"])
        expect(await page.getByText(name, { exact: true }).count()).toBe(0);
      // The pages of the vault are not this key's to see.
      await page.evaluate(`location.hash = "#/${vault_id}/-/keys"`);
      await page.getByRole("heading", { name: "All files" }).waitFor();
    },
    { fragment: `/${vault_id}/a/b?q=txt` },
  );
});

it("sign in: a key that is revoked while somebody looks signs them out", async () => {
  const { id, token } = await scene.vault.keys.create({ type: "public" });
  await scene.openConsole(token, async (page) => {
    await page.getByRole("heading", { name: "All files" }).waitFor();
    await page.getByText(/^1 file ·/).waitFor();
    await scene.vault.keys.revoke(id);
    // Whatever changes wakes whoever waits.
    await scene.vault.assets.upload(new File(["y"], "y.txt"), { partition: "a", collection: "b", channel: "c" });
    await page.getByLabel("Key or admin token").waitFor();
    await page.getByText("The key is no longer accepted").waitFor();
    expect(await stored(page)).not.toContain(token);
  });
});
