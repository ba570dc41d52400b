import { copyFileSync, cpSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { BuildOptions } from "esbuild";
import type { Migration } from "../d1/migrate.ts";
import { type Bundle, bundle } from "./bundle.ts";
import { workerConfig } from "./config.ts";
import { buildConsole } from "./console.ts";
import { type Build, readMigrations } from "./dist.ts";

/**
 * What is made of the sources for a server. `npm start` makes it anew, so that a pulled change never meets an old build;
 * `npm run build` writes it to dist/ (package.ts).
 */

const ROOT = join(import.meta.dirname, "../..");

/** Of Swagger UI, what its page loads. */
const SWAGGER_FILES = ["swagger-ui.css", "swagger-ui-bundle.js"];

/** Makes everything anew. The static files go into `site`, which is emptied first. Throws OperatorError: see workerConfig. */
export async function build(site: string): Promise<Build> {
  const [config, { code }] = await Promise.all([workerConfig(), bundleWorker({ sourcemap: "inline" })]);
  await buildSite(site);
  return { config, code, site, migrations: migrations() };
}

/** The migrations of D1. */
export const migrations = (): Migration[] => readMigrations(join(ROOT, "src/d1/migrations"));

/** The Worker. */
export const bundleWorker = (options: BuildOptions = {}): Promise<Bundle> =>
  bundle(join(ROOT, "src/index.ts"), {
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    ...options,
  });

/**
 * Writes the pages, and the headers that they are served with, into a directory, which is emptied first. Resolves to the
 * packages of which something went into them.
 */
export async function buildSite(directory: string): Promise<string[]> {
  // Beside it first: a server that serves the directory never sees half of it.
  const made = `${directory}.new`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(dirname(made), { recursive: true });
  cpSync(join(ROOT, "src/site"), made, { recursive: true });
  const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  for (const name of SWAGGER_FILES) copyFileSync(join(swagger, name), join(made, "docs", name));
  const packages = await buildConsole(made);
  rmSync(directory, { recursive: true, force: true });
  renameSync(made, directory);
  return [...packages, "swagger-ui-dist"];
}
