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
    entryPoints: ["main.tsx", "styles/index.css", "styles/late.css"].map((file) => join(SOURCES, file)),
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
  const address = (output: string): string => `${FOLDER}/${basename(output)}`;
  const made = (entry: string): string => {
    const found = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint?.endsWith(entry));
    if (!found) throw new Error(`esbuild made nothing of ${entry}`);
    return found[0];
  };
  // What the entry cannot do without is asked for with it, not after it.
  const needed = metafile.outputs[made("main.tsx")]?.imports.filter(({ kind }) => kind === "import-statement") ?? [];
  const preloads = needed.map(({ path }) => `<link rel="modulepreload" href="${address(path)}" />`);
  const html = readFileSync(join(SOURCES, "index.html"), "utf8")
    .replace("{{styles}}", address(made("styles/index.css")))
    .replace("{{late}}", address(made("styles/late.css")))
    .replace("<!-- preloads -->", preloads.join("\n    "))
    .replace("{{script}}", address(made("main.tsx")));
  mkdirSync(join(site, FOLDER), { recursive: true });
  writeFileSync(join(site, "index.html"), html);
  writeFileSync(join(site, "icon.svg"), readFileSync(join(SOURCES, "icon.svg")));
  return packagesIn(metafile);
}
