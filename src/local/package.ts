import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import packageJson from "../../package.json" with { type: "json" };
import { buildSite, bundleWorker, migrations } from "./build.ts";
import { bundle, withoutComments } from "./bundle.ts";
import { workerConfig } from "./config.ts";
import { writeDeclarations } from "./declarations.ts";
import { siteIn, writeBuild } from "./dist.ts";
import { licensesOf } from "./licenses.ts";

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

/** The command line, in one file that Node runs; resolves to the packages in it. Miniflare is installed beside it by whoever wants a server. */
async function buildCommand(file: string): Promise<string[]> {
  const { code, packages } = await bundle(join(ROOT, "src/cli/main.ts"), {
    platform: "node",
    target: "node20",
    external: ["miniflare", "workerd"],
    plugins: [slimPackageJson],
  });
  if (!code.startsWith("#!")) throw new Error("src/cli/main.ts does not say what runs it");
  writeFileSync(file, code, { mode: 0o755 });
  return packages;
}

/** Of package.json, what the command line uses: the rest would only be carried along. */
const slimPackageJson: Plugin = {
  name: "slim package.json",
  setup: (build) => {
    build.onLoad({ filter: /package\.json$/ }, ({ path }) => {
      if (path !== join(ROOT, "package.json")) return undefined;
      const { version, peerDependencies } = packageJson;
      return { contents: JSON.stringify({ version, peerDependencies }), loader: "json" };
    });
  },
};

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);

const [config, worker] = await Promise.all([workerConfig(), bundleWorker()]);
const site = siteIn(DIST);
const inSite = await buildSite(site);
writeBuild(DIST, { config, code: worker.code, site, migrations: migrations() });
await buildClient(join(DIST, "client"));
const inCommand = await buildCommand(join(DIST, "cli.js"));
writeFileSync(join(DIST, "licenses.txt"), licensesOf([...worker.packages, ...inCommand, ...inSite]));
