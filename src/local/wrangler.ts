/**
 * Reads a wrangler.toml by wrangler's own reader. To import this file costs 0.6 s and 130 MB, because it brings all of
 * wrangler.
 */

import * as v from "valibot";
import { unstable_readConfig } from "wrangler";
import { OperatorError } from "./operator-error.ts";

/**
 * The part of a wrangler.toml that is used here. Wrangler's own types come from a package that it does not bring with
 * it.
 */
const CONFIG = v.object({
  name: v.string(),
  compatibility_date: v.string(),
  compatibility_flags: v.array(v.string()),
  durable_objects: v.object({ bindings: v.array(v.object({ name: v.string(), class_name: v.string() })) }),
  migrations: v.array(v.object({ new_sqlite_classes: v.optional(v.array(v.string()), []) })),
  r2_buckets: v.array(v.object({ binding: v.string(), bucket_name: v.string(), jurisdiction: v.optional(v.string()) })),
  d1_databases: v.array(
    v.object({ binding: v.string(), database_name: v.string(), database_id: v.optional(v.string()) }),
  ),
});

export type WranglerConfig = v.InferOutput<typeof CONFIG>;

/**
 * A wrangler.toml as wrangler itself reads it. Throws OperatorError when wrangler cannot read it, or when it lacks what is
 * needed here.
 *
 * @param env the environment whose settings count; "" is the top level, and undefined leaves it to CLOUDFLARE_ENV
 */
export function readWrangler(path: string, env?: ""): WranglerConfig {
  let config: unknown;
  try {
    // With warnings, wrangler would also ask the network whether there is a newer wrangler.
    config = unstable_readConfig({ config: path, ...(env === undefined ? {} : { env }) }, { hideWarnings: true });
  } catch (error) {
    throw new OperatorError(`${path} cannot be read: ${(error as Error).message}`);
  }
  const { success, output, issues } = v.safeParse(CONFIG, config);
  if (success) return output;
  throw new OperatorError(`${path}: ${issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`).join("; ")}`);
}
