/** The pages of a vault itself and of all vaults, for whoever manages them. */

import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { Strongroom, StrongroomError } from "../../src/client/index.ts";
import { DATA } from "../../src/local/layout.ts";
import { StoredFiles } from "../local/stored-files.ts";
import { asksToStay, consoleScene, PHONE, picture } from "./scene.ts";

const PATH = { partition: "marketing", collection: "blog", channel: "hero-images" };

const scene = consoleScene();

const file = (name: string, content = "hello"): File => new File([content], name, { type: "text/plain" });

/** A vault of its own. */
async function newVault(name: string): Promise<{ id: string; vault: Strongroom; key: string }> {
  const { id, secret_key: key } = await scene.admin.vaults.create({ name });
  return { id, key, vault: opened(key) };
}

const opened = (key: string): Strongroom => new Strongroom({ url: scene.credentials.url, key });

const button = (at: Page | Locator, name: string | RegExp): Locator => at.getByRole("button", { name });
const see = (at: Page | Locator, text: string | RegExp): Promise<void> => at.getByText(text).first().waitFor();
const row = (page: Page, text: string): Locator => page.getByRole("row").filter({ hasText: text });

/** The status that a key is answered with. */
async function statusOf(key: string): Promise<number> {
  try {
    await opened(key).assets.list();
    return 200;
  } catch (error) {
    return error instanceof StrongroomError ? error.status : 0;
  }
}

/** Changes D1 behind the server's back. */
function inD1(vaultId: string, sql: string): void {
  for (const path of globSync(join(scene.scene.server.state, DATA.databases, "*/*.sqlite"))) {
    const db = new DatabaseSync(path, { timeout: 10_000 });
    try {
      if (!db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'vaults'").get()) continue;
      if (db.prepare("SELECT 1 FROM vaults WHERE id = ?").get(vaultId)) db.exec(sql);
    } finally {
      db.close();
    }
  }
}

it("a secret key: sees how its vault is, reads the settings, and makes, changes and revokes keys", async () => {
  const { id, vault, key } = await newVault("The shop");
  await vault.assets.upload(file("a.txt", "x".repeat(750)), PATH);
  await vault.assets.upload(file("b.txt", "x".repeat(200)), { ...PATH, partition: "legal" });
  await scene.admin.vaults.update(id, {
    quota_bytes: 1_000,
    quota_assets: 4,
    allowed_types: ["text/*"],
    cache_seconds: 0,
  });

  await scene.openConsole(
    key,
    async (page) => {
      await page.getByRole("heading", { name: "The shop" }).waitFor();
      await see(page, "95% of 1 KB");
      await expect.poll(() => page.title()).toBe("Overview of The shop – Strongroom");
      await see(page, "50% of 4");
      await see(page, "The storage is nearly at its limit");
      await page.getByRole("link", { name: "marketing" }).waitFor();
      await picture(page, "vault-overview");

      await page.getByRole("link", { name: "Settings", exact: true }).click();
      await see(page, "Only the operator changes these");
      await see(page, "At most 1 KB");
      await see(page, "Not cached");
      expect(await page.getByRole("textbox").count()).toBe(0);
      await picture(page, "vault-settings-read");

      await page.getByRole("link", { name: "Keys" }).click();
      await row(page, "Yours").waitFor();
      await button(page, "New key").click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Delivery").check();
      await dialog.getByLabel("Label").fill("website");
      await dialog.getByLabel("Folder").fill("marketing/Blog");
      await see(dialog, /“Blog” must be 1 to 64 lowercase letters/);
      await dialog.getByLabel("Folder").fill("marketing/blog");
      await dialog.getByLabel("Expires").selectOption("In 30 days");
      await picture(page, "vault-new-key");
      await button(dialog, "Make the key").click();
      await see(dialog, "It is shown this once");
      const token = await dialog.locator(".token code").innerText();
      expect(token).toMatch(/^dk_/);
      await picture(page, "vault-key-shown");
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await button(dialog, "Copy the delivery key").click();
      await expect.poll(() => page.evaluate("navigator.clipboard.readText()")).toBe(token);
      // Nothing but its own button closes it, and then it is nowhere any more.
      await page.keyboard.press("Escape");
      await see(dialog, token);
      await button(dialog, "I have copied it").click();
      await dialog.waitFor({ state: "detached" });
      expect(await page.content()).not.toContain(token);

      const made = row(page, "website");
      await see(made, "marketing/blog/");
      expect(await made.innerText()).toContain("Delivery");
      await button(made, "Actions for website").click();
      await page.getByRole("menuitem", { name: "Edit" }).click();
      await dialog.getByLabel("Label").fill("old website");
      await dialog.getByLabel("Expires").fill("2099-01-01T00:00");
      await see(dialog, "Must not be later than it is");
      const tomorrow = new Date(Date.now() + 36 * 3_600_000).toISOString().slice(0, 16);
      await dialog.getByLabel("Expires").fill(tomorrow);
      await button(dialog, "Save").click();
      await see(row(page, "old website"), "tomorrow");
      await picture(page, "vault-keys");
      const listed = (await vault.keys.list()).data.find(({ label }) => label === "old website");
      expect(listed).toMatchObject({ type: "delivery", scope: { partition: "marketing", collection: "blog" } });
      expect(listed?.expires_at?.slice(0, 16)).toBe(new Date(tomorrow).toISOString().slice(0, 16));

      await button(row(page, "old website"), "Actions for old website").click();
      await page.getByRole("menuitem", { name: "Revoke…" }).click();
      await see(page.getByRole("dialog"), "This cannot be undone");
      await button(page.getByRole("dialog"), "Cancel").click();
      expect((await vault.keys.list()).data.find((each) => each.id === listed?.id)?.revoked_at).toBeNull();
      await button(row(page, "old website"), "Actions for old website").click();
      await page.getByRole("menuitem", { name: "Revoke…" }).click();
      await button(page.getByRole("dialog"), "Revoke").click();
      await page.getByText("1 key that was revoked or has expired").click();
      await see(row(page, "old website"), "Revoked just now");
      expect((await vault.keys.list()).data.find((each) => each.id === listed?.id)?.revoked_at).not.toBeNull();

      // Whoever revokes the own key is signed out with it.
      await button(row(page, "Yours"), /^Actions for/).click();
      await page.getByRole("menuitem", { name: "Revoke…" }).click();
      await see(page.getByRole("dialog"), "will be signed out");
      await button(page.getByRole("dialog"), "Revoke").click();
      await page.getByLabel("Key or admin token").waitFor();
      expect(await statusOf(key)).toBe(401);
    },
    { fragment: `/${id}/-/overview` },
  );
});

it("a key that manages nothing: is led to the files, and is offered nothing that would be refused", async () => {
  const { id, vault } = await newVault("narrow");
  const narrowed = await vault.keys.create({ scope: { partition: "marketing" } });
  const reader = await vault.keys.create({ type: "public" });
  const sees = await vault.keys.create({ type: "public", scope: { partition: "marketing" } });
  await vault.assets.upload(file("a.txt"), PATH);
  await vault.assets.upload(file("b.txt"), { ...PATH, partition: "legal" });
  for (const { token, type } of [narrowed, sees]) {
    await scene.openConsole(
      undefined,
      async (page) => {
        await page.getByLabel("Key or admin token").fill(token);
        await button(page, "Sign in").click();
        await page.waitForURL(`**/#/${id}`);
        // It is known after a reload, too.
        await page.reload();
        await page.getByRole("link", { name: "a.txt" }).click();
        await see(page.locator(".asset-panel"), "Delivery URLs");
        for (const name of ["Overview", "Keys", "Settings", "Health"])
          expect(await page.getByRole("link", { name, exact: true }).count()).toBe(0);
        expect(await page.getByRole("link", { name: "legal" }).count()).toBe(0);
        expect(await button(page, "Make a key").count()).toBe(0);
        expect(await button(page, "Make a link").count()).toBe(type === "secret" ? 1 : 0);
        await picture(page, `vault-narrowed-${type}`);
        if (type !== "secret") return;
        await button(page, "Make a link").click();
        await see(page, "Opens for whoever has it");
        await page.keyboard.press("Escape");
        await page.locator(".asset-panel").waitFor({ state: "detached" });
        const choosing = page.waitForEvent("filechooser");
        await button(page, "Upload").click();
        await page.getByRole("menuitem", { name: "Files…" }).click();
        await (await choosing).setFiles({ name: "c.txt", mimeType: "text/plain", buffer: Buffer.from("c") });
        const dialog = page.getByRole("dialog");
        for (const name of ["Partition", "Collection", "Channel"]) await dialog.getByLabel(name).fill("legal");
        await button(dialog, "Upload").click();
        await see(page, "This key does not reach that folder");
        await picture(page, "vault-narrowed-upload");
      },
      { fragment: `/${id}/-/keys` },
    );
  }
  await scene.openConsole(
    reader.token,
    async (page) => {
      await page.waitForURL(`**/#/${id}`);
      expect(await page.getByRole("link", { name: "Keys" }).count()).toBe(0);
    },
    { fragment: `/${id}/-/keys` },
  );
});

it("the operator: finds all vaults, makes one, sets its bounds, opens no files, and deletes it by its name", async () => {
  const { admin } = scene;
  await admin.vaults.create({ name: "the oldest" });
  await Promise.all(Array.from({ length: 50 }, (_, n) => admin.vaults.create({ name: `tenant ${n}` })));
  await admin.vaults.create({ name: "the newest" });
  await scene.openConsole(scene.credentials.admin_token, async (page) => {
    await see(page, "the newest");
    expect(await page.getByRole("row").count()).toBe(51);
    await button(page, "Show more vaults").click();
    await page.getByRole("link", { name: "the oldest" }).waitFor();
    await picture(page, "admin-vaults");

    await button(page, "New vault").click();
    const dialog = page.getByRole("dialog");
    await button(dialog, "Make the vault").click();
    await see(dialog, "The name must not be empty");
    await dialog.getByLabel("Name").fill("Acme");
    await button(dialog, "Make the vault").click();
    await see(dialog, "They are shown this once");
    await picture(page, "admin-keys-shown");
    const [secret = "", reader = ""] = await dialog.locator(".token code").allInnerTexts();
    expect([await statusOf(secret), await statusOf(reader)]).toEqual([200, 200]);
    await button(dialog, "I have copied them").click();
    await dialog.waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(secret);

    await page.getByRole("link", { name: "Acme" }).click();
    await see(page, "Nothing is stored here yet");
    await page.getByRole("link", { name: "Settings" }).click();
    const save = button(page, "Save");
    expect(await save.isDisabled()).toBe(true);
    for (const [label, wrong, rule, right] of [
      ["Assets", "ten", "Must be a whole number from 0 to 1,000,000,000", "10,000"],
      ["Storage", "10 parsecs", "Must be a size such as 10 GB or 500 MiB", "1.5 GiB"],
      ["Size of one file", "6 GB", "Must be a size from 1 byte to 5 GiB", "10MB"],
      [
        "Types of files",
        "image/png; jpeg",
        "“jpeg” must be a media type such as image/png",
        "image/*, application/PDF",
      ],
      ["Requests a second", "0", "Must be a whole number from 1 to 10,000", "500"],
      ["Time in caches", "2 days", "Must be a time of at most 1 day", "1 h"],
    ] as const) {
      await page.getByLabel(label, { exact: true }).fill(wrong);
      await see(page, rule);
      expect(await save.isDisabled()).toBe(true);
      if (label === "Size of one file") await picture(page, "admin-settings-wrong");
      await page.getByLabel(label, { exact: true }).fill(right);
    }
    await page.getByLabel("Name", { exact: true }).fill("Acme Ltd");
    await save.click();
    await see(page, "Saved. It acts from now on.");
    const id = opened(secret).vaultId;
    const { name, settings } = await admin.vaults.get(id);
    expect([name, settings]).toEqual([
      "Acme Ltd",
      {
        quota_assets: 10_000,
        quota_bytes: 1.5 * 2 ** 30,
        max_file_bytes: 10_000_000,
        allowed_types: ["image/*", "application/pdf"],
        requests_per_second: 500,
        cache_seconds: 3_600,
      },
    ]);
    // As they were set they stand in the form, and an empty field takes a bound away.
    expect(await page.getByLabel("Storage", { exact: true }).inputValue()).toBe("1.5 GiB");
    expect(await page.getByLabel("Time in caches").inputValue()).toBe("1 hour");
    // What was typed is not lost with the page.
    await page.getByLabel("Assets", { exact: true }).fill("7 or so");
    await page.getByRole("link", { name: "Overview" }).click();
    await see(page, "The settings of Acme Ltd are not saved.");
    expect(await asksToStay(page)).toBe(true);
    await button(page, "Back to it").click();
    expect(await page.getByLabel("Assets", { exact: true }).inputValue()).toBe("7 or so");
    await button(page, "Undo").click();
    await page.getByLabel("Storage", { exact: true }).fill("");
    await save.click();
    await expect.poll(async () => (await admin.vaults.get(id)).settings.quota_bytes).toBeNull();
    await picture(page, "admin-settings");

    // What another window has saved meanwhile is not overwritten without a word.
    await page.getByLabel("Assets", { exact: true }).fill("900");
    await page.getByLabel("Requests a second", { exact: true }).fill("400");
    await admin.vaults.update(id, { quota_assets: 500, cache_seconds: 60 });
    await save.click();
    const question = page.getByRole("dialog", { name: "Save all the same?" });
    await question.getByText("Changed meanwhile: Assets from 10,000 to 500.").waitFor();
    await button(question, "Cancel").click();
    expect((await admin.vaults.get(id)).settings).toMatchObject({ quota_assets: 500, requests_per_second: 500 });
    await save.click();
    await button(question, "Save").click();
    await expect.poll(async () => (await admin.vaults.get(id)).settings.quota_assets).toBe(900);
    expect((await admin.vaults.get(id)).settings).toMatchObject({ requests_per_second: 400, cache_seconds: 60 });

    await page.getByRole("link", { name: "Files" }).click();
    await see(page, "The admin token opens no files");
    await picture(page, "admin-no-files");
    await page.goBack();
    await button(page, "Delete…").click();
    const remove = button(dialog, "Delete the vault");
    await dialog.getByLabel("Type its name to go on").fill("Acme");
    expect(await remove.isDisabled()).toBe(true);
    await dialog.getByLabel("Type its name to go on").fill("Acme Ltd");
    await picture(page, "admin-delete");
    await remove.click();
    await see(row(page, "Acme Ltd"), "Being deleted");
    expect(await statusOf(secret)).toBe(401);
    await page.getByRole("link", { name: "Acme Ltd" }).click();
    await page.getByRole("link", { name: "Settings" }).click();
    await see(page, "Nothing of them changes while the vault is being deleted.");
    await page.getByRole("link", { name: "Files" }).click();
    await see(page, "This vault is being deleted");
    expect(await button(page, /^Key to/).count()).toBe(0);
    await page.getByRole("link", { name: "All vaults" }).click();

    // Another vault is looked into with a key that is made on the way.
    await page.getByRole("link", { name: "the newest" }).click();
    await page.getByRole("link", { name: "Files" }).click();
    await button(page, "Key to make changes").click();
    await see(dialog, "It is shown this once");
    await button(dialog, "Sign in with it").click();
    await page.getByRole("link", { name: "Keys" }).click();
    await see(row(page, "Yours"), "console, for a day");
    expect(await page.getByRole("link", { name: "All vaults" }).count()).toBe(0);
  });
});

it("health: shows what D1 refuses, what a comparison finds, and what was lost, until the operator clears it", async () => {
  const { id, vault, key } = await newVault("patient");
  const lacking = await vault.assets.upload(file("lacking.txt"), PATH);
  await scene.openConsole(
    key,
    async (page) => {
      await page.clock.install();
      await page.reload();
      await see(page, "All is well");
      await see(page, "The stores have not been compared yet");
      /** Sees what the page comes to by itself when some seconds have passed. */
      const seeLater = (text: string): Promise<unknown> =>
        expect.poll(() => page.clock.fastForward(5_000).then(() => page.getByText(text).count())).toBeGreaterThan(0);
      inD1(
        id,
        "CREATE TRIGGER refuse BEFORE INSERT ON assets WHEN NEW.filename LIKE 'bad%' BEGIN SELECT RAISE(ABORT, 'no bad names'); END",
      );
      const bad = await vault.assets.upload(file("bad.txt"), PATH);
      expect(bad.durability).toBe("queued");
      await seeLater("D1 refuses 1 asset");
      await see(row(page, bad.id), "no bad names");
      await see(page, "Next is what D1 refuses");
      await picture(page, "vault-health-parked");

      inD1(id, `DROP TRIGGER refuse; DELETE FROM assets WHERE id = '${lacking.id}'`);
      await button(page, "Compare now").click();
      await see(page, "record written to D1 again");
      await see(page, "All is well");
      await button(page, "Compare now").waitFor();
      await picture(page, "vault-health-compared");

      inD1(
        id,
        `CREATE TRIGGER refuse BEFORE UPDATE ON vaults WHEN NEW.id = '${id}' BEGIN SELECT RAISE(ABORT, 'down'); END`,
      );
      expect((await vault.assets.upload(file("queued.txt"), PATH)).durability).toBe("queued");
      await seeLater("1 change waits to be recorded in D1");
      await picture(page, "vault-health-queued");

      // What rests on the vault's storage alone is lost with it.
      const server = scene.scene.server;
      await server.kill();
      new StoredFiles(server.state).loseVaults();
      inD1(id, "DROP TRIGGER refuse");
      await server.restart();
      await page.reload();
      await see(page, "The vault lost its own storage once");
      expect(await button(page, "Clear…").count()).toBe(0);
      await button(page, "Compare now").click();
      await see(page, "file that no asset names yet");
      await picture(page, "vault-health-lost");
    },
    { fragment: `/${id}/-/health` },
  );
  await scene.openConsole(
    scene.credentials.admin_token,
    async (page) => {
      await see(page, "The vault lost its own storage once");
      await picture(page, "vault-health-phone");
      await button(page, "Clear…").click();
      await button(page.getByRole("dialog"), "Clear the lost windows").click();
      await see(page, "All is well");
      expect((await scene.admin.vaults.get(id)).lost_windows).toEqual([]);
    },
    { fragment: `/${id}/-/health`, viewport: PHONE, dark: true },
  );
});
