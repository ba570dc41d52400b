/** Finds the files of assets in a folder, whichever way brought them there. */

import { join } from "node:path";
import type { ImportedLine } from "../../client/index.ts";
import { bodyNames } from "./export-bodies.ts";
import { hasContent, hasSize } from "./digest.ts";

/** What no part of a path may be that comes from a file of somebody else's. */
const isUnsafe = (part: string): boolean => part === "" || part === "." || part === ".." || /[\\/\0]/.test(part);

/**
 * The file of an asset in a folder: where `export --bodies` writes it, under its key in R2, as a copy of the bucket has it,
 * or under its path, as `get` has it. It is the one with the right size and SHA-256; undefined when
 * none has them.
 */
export async function findBody(
  folder: string,
  { asset, sha256 }: ImportedLine,
  signal: AbortSignal,
): Promise<string | undefined> {
  const key = asset.r2_key.split("/");
  const { folders, name } = bodyNames(asset);
  const path = [asset.partition, asset.collection, asset.channel, asset.filename];
  for (const parts of [[...folders, name], key, path]) {
    if (parts.some(isUnsafe)) continue;
    const file = join(folder, ...parts);
    if ((await hasSize(file, asset.size)) && (await hasContent(file, sha256, signal))) return file;
  }
  return undefined;
}
