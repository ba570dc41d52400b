import { expect, it } from "vitest";
import { consoleScene, picture } from "./scene.ts";

const scene = consoleScene();

it("sign in: takes a key, keeps it in this tab alone, and forgets it", async () => {
  await scene.openConsole(undefined, async (page) => {
    await picture(page, "sign-in");
    await page.getByLabel("Key or admin token").fill(scene.credentials.secret_key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("link", { name: "Files" }).waitFor();
    await picture(page, "signed-in");
    expect(page.url()).toBe(`${scene.credentials.url}/#/${scene.credentials.vault_id}`);
    await page.getByRole("button", { name: "Dark theme" }).click();
    await page.getByRole("link", { name: "Health" }).click();
    await picture(page, "dark");
  });
});
