/**
 * Removes what R2's stand-in has left on the disk of uploads that broke off: it writes a body, and then the row that names
 * it, and never looks for a body whose row did not come. Cloudflare's R2 keeps nothing of that kind.
 */

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DATA } from "./layout.ts";

/** Where Miniflare keeps the rows. Beside them, each bucket has a folder with its bodies. */
const ROWS = "miniflare-R2BucketObject";

/** Which of a bucket's bodies have a row: those of objects, and of parts, those under way among them. */
const NAMED = `SELECT blob_id FROM _mf_objects WHERE blob_id IS NOT NULL
  UNION ALL SELECT blob_id FROM _mf_multipart_parts`;

/** What Miniflare calls a body. */
const BODY = /^[0-9a-f]{80}$/;

/** The first Node whose SQLite prints no warning. An older one leaves everything as it is. */
const LEAST_NODE = 24;

/**
 * Removes the bodies that no row names. No server may run on the directory. Where anything is not as expected, nothing is
 * removed. Returns how many were.
 */
export async function sweepBodies(directory: string): Promise<number> {
  const root = join(directory, DATA.bodies);
  if (Number.parseInt(process.versions.node, 10) < LEAST_NODE || !existsSync(join(root, ROWS))) return 0;
  try {
    const named = await namedIn(join(root, ROWS));
    const strays = readdirSync(root)
      .map((bucket) => join(root, bucket, "blobs"))
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => readdirSync(folder).map((id) => ({ id, file: join(folder, id) })))
      .filter(({ id }) => BODY.test(id) && !named.has(id));
    for (const { file } of strays) rmSync(file, { force: true });
    return strays.length;
  } catch (error) {
    console.error(`strongroom: what broken uploads have left could not be removed (${(error as Error).message})`);
    return 0;
  }
}

/** The ids of the bodies that the rows of all buckets name. Throws when any of the databases cannot be read. */
async function namedIn(folder: string): Promise<ReadonlySet<string>> {
  const { DatabaseSync } = await import("node:sqlite");
  const files = readdirSync(folder).filter((name) => name.endsWith(".sqlite") && !name.startsWith("metadata"));
  if (files.length === 0) throw new Error("there are no rows");
  const named = new Set<string>();
  for (const file of files) {
    const database = new DatabaseSync(join(folder, file), { readOnly: true });
    try {
      for (const { blob_id } of database.prepare(NAMED).iterate()) named.add(String(blob_id));
    } finally {
      database.close();
    }
  }
  return named;
}
