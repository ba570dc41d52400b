import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSite, bundleWorker, migrations } from "./build.ts";
import { bundle, withoutComments } from "./bundle.ts";
import { workerConfig } from "./config.ts";
import { writeDeclarations } from "./declarations.ts";
import { siteIn, writeBuild } from "./dist.ts";

/** `npm run build`: writes what the package holds to dist/. npm runs it after each installation here, and before it packs. */

const ROOT = join(import.meta.dirname, "../..");
const DIST = join(ROOT, "dist");

/** The client, for browsers, Node and Workers. */
async function buildClient(folder: string): Promise<void> {
  mkdirSync(folder);
  const { code, packages } = await bundle(join(ROOT, "src/client/index.ts"), { target: "es2022", platform: "neutral" });
  if (packages.length > 0) throw new Error(`the client brings packages with it: ${packages.join(", ")}`);
  // Whoever uses the client reads the declarations, which have them.
  writeFileSync(join(folder, "index.js"), await withoutComments(code));
  writeDeclarations(join(folder, "types"));
}

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);

const [config, worker] = await Promise.all([workerConfig(), bundleWorker()]);
const site = siteIn(DIST);
buildSite(site);
writeBuild(DIST, { config, code: worker.code, site, migrations: migrations() });
await buildClient(join(DIST, "client"));
