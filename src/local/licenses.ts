import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGES = join(import.meta.dirname, "../../node_modules");

/** The licenses of packages, as whoever hands on something of them has to. Throws when one has none. */
export function licensesOf(packages: Iterable<string>): string {
  const texts = [...new Set(packages)].toSorted().map((name) => {
    const folder = join(PACKAGES, name);
    const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    // `name.js.LICENSE.txt` is of what that file brings with it.
    const files = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice)\b|\.LICENSE\.txt$/i.test(file));
    if (files.length === 0) throw new Error(`${name} has no license`);
    const parts = files.map((file) => `--- ${file}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`);
    return `${"=".repeat(80)}\n${name} ${version}\n\n${parts.join("\n")}`;
  });
  return `Strongroom has the license in LICENSE. In dist/ are parts of these packages, which have others.\n\n${texts.join("\n")}`;
}
