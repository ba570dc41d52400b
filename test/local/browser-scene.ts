import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { Browser, noBrowser } from "../support/browser.ts";
import { ServerScene } from "./server-scene.ts";

/** A server and a browser for the tests of one file. */
export interface BrowserScene {
  /** Where the server is, and who may call it. */
  readonly credentials: ServerScene["credentials"];
  readonly server: ServerScene;
  /** Runs `work` with a page of its own. */
  withPage<T>(work: (page: Page) => Promise<T>): Promise<T>;
}

/** Sets a scene for the tests of the file that calls it. Where there is no browser they are skipped, and say why. */
export function browserScene(): BrowserScene {
  let starting: Promise<Browser> | undefined;
  let browser: Browser | undefined;

  // It starts while the server does.
  beforeAll(() => {
    if (noBrowser) return;
    starting = Browser.start();
    starting.catch(() => {});
  });

  const server = new ServerScene([], noBrowser === undefined);

  beforeAll(async () => {
    browser = await starting;
  });

  afterAll(async () => {
    await (await starting)?.stop();
  });

  beforeEach(({ skip }) => {
    skip(noBrowser !== undefined, noBrowser);
  });

  return {
    server,
    get credentials() {
      return server.credentials;
    },
    withPage: async (work) => {
      if (!browser) throw new Error("no browser");
      const page = await browser.context.newPage();
      try {
        return await work(page);
      } finally {
        await page.close();
      }
    },
  };
}
