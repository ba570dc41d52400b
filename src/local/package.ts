import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.ts";
import { siteIn, writeBuild } from "./dist.ts";

/** `npm run build`: writes what the package holds to dist/. npm runs it after each installation here, and before it packs. */

const DIST = join(import.meta.dirname, "../../dist");

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);
writeBuild(DIST, await build(siteIn(DIST)));
