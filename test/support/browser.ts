/** A real browser for the tests of what a browser shows, if one is installed. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

/** The place where Debian's package puts it. Playwright's own browsers are a download, which no test may need. */
const EXECUTABLE = "/usr/bin/chromium";

/** Why a test that needs a browser cannot run; undefined when it can. */
export const noBrowser: string | undefined = existsSync(EXECUTABLE)
  ? undefined
  : `there is no ${EXECUTABLE} (apt-get install chromium)`;

/** With these flags it does not reach for the network by itself, and needs no display. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A page that has not come by then shows nothing. Milliseconds. */
const OPEN_MS = 15_000;

/** A browser with an empty profile. A test file has one. */
export class Browser {
  readonly context: BrowserContext;
  readonly #profile: string;

  private constructor(context: BrowserContext, profile: string) {
    this.context = context;
    this.#profile = profile;
  }

  static async start(): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), "strongroom-browser-"));
    const context = await chromium.launchPersistentContext(profile, { executablePath: EXECUTABLE, args: FLAGS });
    context.setDefaultTimeout(OPEN_MS);
    return new Browser(context, profile);
  }

  async stop(): Promise<void> {
    await this.context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }
}
