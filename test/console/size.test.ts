/** What a browser loads before it shows the console: the page, its styles, and the scripts that the first one needs. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { buildConsole } from "../../src/local/console.ts";

/** What the first view may take on its way, compressed as a server usually does. Bytes. */
const MOST = 40 * 1024;

it("size: the first view is at most 40 KB, and what is shown later is loaded later", async () => {
  const site = mkdtempSync(join(tmpdir(), "strongroom-site-"));
  try {
    await buildConsole(site);
    const read = (name: string): string => readFileSync(join(site, name), "utf8");
    const html = read("index.html");
    const loaded = new Set(
      [...html.matchAll(/<(?:link|script) [^>]*?(?:href|src)="(console\/[^"]+)"/g)].map(([, name = ""]) => name),
    );
    for (const name of loaded) {
      // Whatever is imported, and not by `import()`.
      for (const [, other] of read(name).matchAll(/(?:from|import)"\.\/([^"]+)"/g)) loaded.add(`console/${other}`);
    }
    const sizes = ["index.html", ...loaded].map((name) => [name, gzipSync(read(name)).byteLength] as const);
    const total = sizes.reduce((sum, [, size]) => sum + size, 0);
    expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(MOST);
    // It is the whole of it that was measured.
    expect(sizes.filter(([name]) => name.endsWith(".js")).length).toBeGreaterThan(1);
    expect(sizes.filter(([name]) => name.endsWith(".css"))).toHaveLength(1);
    // Neither script nor style stands in the page: its policy forbids it.
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)| on\w+=/);
    for (const part of ["panel", "pages", "list", "bar"])
      expect(
        [...loaded].some((name) => name.startsWith(`console/${part}-`)),
        part,
      ).toBe(false);
    if (process.env["SIZES"] !== undefined) console.log(total, sizes);
  } finally {
    rmSync(site, { recursive: true });
  }
});
