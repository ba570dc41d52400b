/**
 * What everybody needs of each page: axe finds nothing serious, in both themes, on a phone and on a desktop; nothing is
 * wider than the window; and what can be done can be done by keyboard.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, expect, it } from "vitest";
import { cases } from "../support/at-length.ts";
import { noBrowser } from "../support/browser.ts";
import { consoleScene, PHONE, picture, WIDE } from "./scene.ts";

const scene = consoleScene();
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const fixtures = join(import.meta.dirname, "../fixtures");
const PATH = { partition: "marketing", collection: "blog", channel: "hero-images" };

let assetId = "";

beforeAll(async () => {
  if (noBrowser) return;
  const { vault } = scene;
  for (const [name, tags] of [
    ["shown/a.png", ["hero", "icon"]],
    ["shown/a.webp", ["hero"]],
    ["shown/a.gif", []],
    ["photo.jpg", ["hero", "photo", "spring", "2026"]],
    ["document.pdf", ["offer"]],
  ] as const) {
    const file = new File([readFileSync(join(fixtures, name))], name.split("/").at(-1) ?? "");
    const asset = await vault.assets.upload(file, { ...PATH, tags, metadata: { alt: "A harbour at dawn", width: 3 } });
    if (name === "photo.jpg") assetId = asset.id;
  }
  for (const [partition, channel] of [
    ["products", "shoes"],
    ["support", "manuals"],
  ] as const)
    await vault.assets.upload(new File(["a,b\n1,2\n"], `${channel}.csv`), { ...PATH, partition, channel });
});

interface Finding {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

/** What axe finds that keeps somebody out; with `rules` by these alone. */
async function findings(page: Page, rules?: readonly string[]): Promise<string[]> {
  const options = { resultTypes: ["violations"], ...(rules ? { runOnly: { type: "rule", values: rules } } : {}) };
  const run = `axe.run(${JSON.stringify(options)})`;
  const { violations } = await page.evaluate<{ violations: Finding[] }>(run);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
}

interface Shown {
  readonly name: string;
  readonly fragment: string;
  /** What is there once it has come, and on no page that comes before it here. */
  readonly shows: string;
}

/** Each page, by what one is signed in with who may see it. */
const pages = (): readonly (readonly [credential: string | undefined, shown: readonly Shown[]])[] => {
  const { vault_id, secret_key, admin_token } = scene.credentials;
  const inVault = `/${vault_id}`;
  const section = (name: string): string => `.frame:has([aria-current][href$="/-/${name}"]) main h1`;
  return [
    [undefined, [{ name: "sign-in", fragment: "", shows: "form" }]],
    [
      secret_key,
      [
        { name: "files", fragment: inVault, shows: ".row" },
        { name: "filtered", fragment: `${inVault}/marketing/blog?tag=hero&mime_type=image%2F*`, shows: ".chip" },
        { name: "empty", fragment: `${inVault}/nothing`, shows: ".empty" },
        { name: "asset", fragment: `${inVault}/marketing?asset=${assetId}`, shows: ".asset-panel .panel-section" },
        ...["overview", "keys", "settings", "health"].map((name) => ({
          name,
          fragment: `${inVault}/-/${name}`,
          shows: section(name),
        })),
      ],
    ],
    [
      admin_token,
      [
        { name: "vaults", fragment: "/", shows: "main h1" },
        { name: "vault-settings", fragment: `${inVault}/-/settings`, shows: section("settings") },
      ],
    ],
  ];
};

const DEVICES = { desktop: WIDE, phone: PHONE } as const;

for (const device of cases<keyof typeof DEVICES>(["desktop"], ["phone"])) {
  const viewport = DEVICES[device];
  it(`everyone: axe finds nothing serious on any page, in both themes, on a ${device}`, async () => {
    const found: string[] = [];
    const look = async (page: Page, { name, shows }: Shown): Promise<void> => {
      await page.locator(shows).first().waitFor();
      await expect.poll(() => page.locator(":is([aria-busy=true], .skeleton):visible").count()).toBe(0);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await picture(page, `${name}-${device}-${colorScheme}`);
        // The other theme has other colours and nothing else.
        const rules = colorScheme === "dark" ? ["color-contrast"] : undefined;
        found.push(...(await findings(page, rules)).map((each) => `${name}, ${device}, ${colorScheme}: ${each}`));
      }
      const isFitting = await page.evaluate<boolean>("document.documentElement.scrollWidth <= innerWidth");
      if (!isFitting) found.push(`${name}, ${device}: wider than the window`);
      // Every page says what it is.
      if ((await page.locator("h1").count()) !== 1) found.push(`${name}: has not one h1`);
    };
    for (const [credential, all] of pages()) {
      await scene.openConsole(
        credential,
        async (page) => {
          await page.evaluate(AXE);
          for (const shown of all) {
            await page.evaluate(`location.hash = ${JSON.stringify(shown.fragment)}`);
            await look(page, shown);
          }
        },
        { fragment: all[0]?.fragment ?? "", viewport },
      );
    }
    expect(found).toEqual([]);
  });
}
