import { copyFileSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type BuildOptions, build, stop } from "esbuild";

/**
 * What is made of the sources: `npm run build` writes it to dist/, and `npm start` makes the Worker and the site anew, so
 * that a pulled change never meets an old build.
 */

const ROOT = join(import.meta.dirname, "../..");

/** Where `npm run build` writes; npm runs it after each install and before it packs. */
export const DIST = join(ROOT, "dist");

/** Of Swagger UI, what its page loads. */
const SWAGGER_FILES = ["swagger-ui.css", "swagger-ui-bundle.js"];

const WORKER: BuildOptions = {
  entryPoints: [join(ROOT, "src/index.ts")],
  bundle: true,
  format: "esm",
  target: "es2024",
  conditions: ["workerd", "worker", "browser"],
  external: ["cloudflare:*", "node:*"],
};

/** The Worker as one module, with its source map inside. */
export async function bundleWorker(): Promise<string> {
  const { outputFiles } = await build({ ...WORKER, sourcemap: "inline", write: false });
  // esbuild works in a process of its own, which would otherwise live as long as the server.
  await stop();
  const output = outputFiles?.[0];
  if (!output) throw new Error("esbuild wrote nothing");
  return output.text;
}

/** Writes the pages, and the headers that they are served with, into a directory, which is emptied first. */
export function buildSite(directory: string): void {
  // Beside it first: a server that serves the directory never sees half of it.
  const made = `${directory}.new`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(dirname(made), { recursive: true });
  cpSync(join(ROOT, "src/site"), made, { recursive: true });
  const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  for (const name of SWAGGER_FILES) copyFileSync(join(swagger, name), join(made, "docs", name));
  rmSync(directory, { recursive: true, force: true });
  renameSync(made, directory);
}

/** `npm run build` */
async function main(): Promise<void> {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  writeFileSync(join(DIST, "worker.js"), await bundleWorker());
  buildSite(join(DIST, "site"));
}

if (import.meta.main) await main();
