/**
 * Makes what a server runs, once for all tests. `npm start` makes it anew, which is more than half of a start: most tests
 * need a server, and not a build of their own.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { build } from "../../src/local/build.ts";
import { siteIn, writeBuild } from "../../src/local/dist.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the build. */
    built: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "strongroom-built-"));
  writeBuild(folder, await build(siteIn(folder)));
  project.provide("built", folder);
  return () => rmSync(folder, { recursive: true });
}
