import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build, stop } from "esbuild";
import { packagesIn } from "./bundle.ts";

const SOURCES = join(import.meta.dirname, "../console");

/** The folder of the site that holds what the console loads. The names have a digest: they may be cached for ever. */
const FOLDER = "console";

/**
 * Writes the console into the folder of a site: `index.html`, and in `console/` its styles and its scripts, of which the
 * first view loads one. Resolves to the packages of which something went into it.
 */
export async function buildConsole(site: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [join(SOURCES, "main.tsx"), join(SOURCES, "styles/index.css")],
    outdir: join(site, FOLDER),
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["chrome123", "firefox128", "safari17.5"],
    minify: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    metafile: true,
    legalComments: "none",
  });
  await stop();
  const made = (entry: string): string => {
    const found = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint?.endsWith(entry));
    if (!found) throw new Error(`esbuild made nothing of ${entry}`);
    return `${FOLDER}/${basename(found[0])}`;
  };
  const html = readFileSync(join(SOURCES, "index.html"), "utf8")
    .replace("{{styles}}", made("styles/index.css"))
    .replace("{{script}}", made("main.tsx"));
  mkdirSync(join(site, FOLDER), { recursive: true });
  writeFileSync(join(site, "index.html"), html);
  writeFileSync(join(site, "icon.svg"), readFileSync(join(SOURCES, "icon.svg")));
  return packagesIn(metafile);
}
