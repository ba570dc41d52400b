import { mkdirSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { Strongroom, StrongroomAdmin } from "../../src/client/index.ts";
import { browserScene } from "../local/browser-scene.ts";

/** A phone and a desktop, as the console is looked at. */
export const WIDE = { width: 1280, height: 800 } as const;
export const PHONE = { width: 390, height: 844 } as const;

/** What has not come by then does not come. The machine may be busy. Milliseconds. */
const WAIT_MS = 20_000;

export interface ConsoleOptions {
  /** What stands behind the `#`. */
  fragment?: string;
  viewport?: { width: number; height: number };
  dark?: boolean;
}

/**
 * A server on a fresh state and a browser, for the tests of one file. Where there is no browser they are skipped.
 * `SCREENSHOTS=folder` keeps pictures.
 */
export function consoleScene() {
  const scene = browserScene();
  return {
    scene,
    get credentials() {
      return scene.credentials;
    },
    /** The vault that `npm start` made, with its secret key. */
    get vault(): Strongroom {
      const { url, secret_key } = scene.credentials;
      return new Strongroom({ url, key: secret_key });
    },
    get admin(): StrongroomAdmin {
      const { url, admin_token } = scene.credentials;
      return new StrongroomAdmin({ url, token: admin_token });
    },
    /**
     * Opens the console in a window of its own, signed in with a key or the admin token if one is given, and runs `work`.
     * Throws afterwards if the page complained of anything: a script that failed, or something that its policy forbade.
     */
    async openConsole(
      credential: string | undefined,
      work: (page: Page) => Promise<void>,
      { fragment = "", viewport = WIDE, dark = false }: ConsoleOptions = {},
    ): Promise<void> {
      const complaints: string[] = [];
      await scene.withPage(async (page) => {
        page.setDefaultTimeout(WAIT_MS);
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme: dark ? "dark" : "light", reducedMotion: "reduce" });
        page.on("pageerror", (error) => complaints.push(error.message));
        page.on("console", (message) => {
          // What the network answers is the console's to show; it is no complaint.
          const isAnswer = message.text().startsWith("Failed to load resource");
          if (message.type() === "error" && !isAnswer) complaints.push(message.text());
        });
        // Once: whoever has signed out stays so when the page is loaded anew.
        if (credential !== undefined) await page.addInitScript(storeOnce(credential));
        await page.goto(`${scene.credentials.url}/${fragment && `#${fragment}`}`);
        await work(page);
      });
      expect(complaints).toEqual([]);
    },
  };
}

/** Whether a page would ask before it is left. */
export const asksToStay = (page: Page): Promise<boolean> =>
  page.evaluate<boolean>(
    `(() => { const event = new Event("beforeunload", { cancelable: true }); dispatchEvent(event); return event.defaultPrevented; })()`,
  );

/** Keeps a picture of a page, if pictures are wanted. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}

const storeOnce = (credential: string): string =>
  `if (!sessionStorage.getItem("test")) {
    sessionStorage.setItem("test", "signed in");
    sessionStorage.setItem("strongroom.credential", ${JSON.stringify(credential)});
  }`;
