/**
 * What wrangler.toml says of the Worker, as wrangler itself reads it. Whatever runs the Worker on this machine (the
 * server, the tests, the bench) takes it from here. Three things are said here instead, because they hold on this
 * machine alone: which D1 shards there are, where data persist, and that assets are left off the Worker.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { DATABASES } from "./layout.ts";
import { OperatorError } from "./operator-error.ts";
import type { WranglerConfig } from "./wrangler.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A Worker and its bindings as Miniflare takes them, without its code and its secrets. */
export interface WorkerConfig {
  name: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
  env: Record<string, Binding>;
  exports: Record<string, { type: "durable-object"; storage: "sqlite" | "legacy-kv" }>;
}

type Binding =
  | { type: "durable-object"; worker: string; exportName: string }
  | { type: "d1"; id: string }
  | { type: "r2"; name: string };

/**
 * The Worker that wrangler.toml describes, with this machine's {@link DATABASES}. Reading it by wrangler takes 0.6 s
 * and 130 MB, which not every start should pay. So what was read is kept beside the packages until that file, the code
 * that reads it, or wrangler changes. Throws OperatorError when wrangler cannot read the file, or the file lacks what is
 * needed.
 *
 * @param path of the wrangler.toml
 */
export async function workerConfig(path = join(ROOT, "wrangler.toml")): Promise<WorkerConfig> {
  const kept = keptAt(path);
  const known = read(kept);
  if (known) return known;
  const { readWrangler } = await import("./wrangler.ts");
  // The top level counts, whatever CLOUDFLARE_ENV says: another environment is another Worker, with other data.
  const config = described(readWrangler(path, ""));
  keep(kept, config);
  return config;
}

/**
 * Makes Miniflare's configuration of wrangler's. An `[assets]` section is left off: with it, Miniflare would put its
 * asset router in front of the Worker, which costs two thirds of the request rate. Assets are for a Worker of their
 * own, which this one has as a service.
 */
function described(wrangler: WranglerConfig): WorkerConfig {
  const { name, compatibility_date: compatibilityDate, compatibility_flags: compatibilityFlags } = wrangler;
  const config: WorkerConfig = { name, compatibilityDate, compatibilityFlags, env: {}, exports: {} };

  const withSqlite = wrangler.migrations.flatMap(({ new_sqlite_classes }) => new_sqlite_classes);
  for (const { name: binding, class_name: exportName } of wrangler.durable_objects.bindings) {
    config.env[binding] = { type: "durable-object", worker: name, exportName };
    const storage = withSqlite.includes(exportName) ? "sqlite" : "legacy-kv";
    config.exports[exportName] = { type: "durable-object", storage };
  }
  for (const [binding, id] of Object.entries(DATABASES)) config.env[binding] = { type: "d1", id };
  for (const { binding, bucket_name: bucket } of wrangler.r2_buckets) {
    config.env[binding] = { type: "r2", name: bucket };
  }
  return config;
}

/** The file that holds what was read of a wrangler.toml. Its name is a hash of all that this depends on. */
function keptAt(path: string): string {
  const hash = createHash("sha256").update(packageJson.devDependencies.wrangler);
  const readers = ["config.ts", "layout.ts", "wrangler.ts"].map((name) => join(import.meta.dirname, name));
  for (const file of [...readers, path]) {
    try {
      hash.update("\0").update(readFileSync(file));
    } catch (error) {
      throw new OperatorError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  return join(ROOT, "node_modules/.cache/strongroom", `${hash.digest("hex")}.json`);
}

function read(kept: string): WorkerConfig | undefined {
  try {
    return JSON.parse(readFileSync(kept, "utf8")) as WorkerConfig;
  } catch {
    return undefined; // It was never written.
  }
}

/** Keeps what was read. The file is never half written, whoever else starts at the same time. */
function keep(kept: string, config: WorkerConfig): void {
  const temporary = `${kept}.${process.pid}`;
  try {
    mkdirSync(dirname(kept), { recursive: true });
    writeFileSync(temporary, JSON.stringify(config));
    renameSync(temporary, kept);
  } catch {
    // The packages are not ours to write to. The next start asks wrangler again.
  }
}
