/**
 * The grammar of the keys in R2: how they are written, and how one is read. These are all of them:
 *
 *     key    = prefix ( path "/" id "_" filename      a body
 *                     / ".staging/" id )              a body whose path is not known yet
 *     prefix = vault-id "/"
 *     path   = partition "/" collection "/" channel
 *
 * The two kinds cannot be taken for each other, because no partition begins with a dot. A key is read in one way only:
 * no part holds a slash, and an id holds one underscore, which is not at its end. A key is written once, when its
 * upload begins. It is never recomputed and never used twice.
 */

import { type AssetPath, PATH_COMPONENT } from "../model/asset.ts";
import { checkFilename } from "../model/filename.ts";
import { isAssetId, isVaultId } from "../model/id.ts";

const STAGING = ".staging";

/** An asset's id and the name of its file, as far as the end of the id can tell them apart. */
const ID_AND_FILENAME = /^(asset_[^_]+)_(.*)$/s;

/** What a key says, parsed. */
export interface ParsedKey {
  vaultId: string;
  /** The id of the asset whose body it is, or becomes. */
  id: string;
  /** The path of the asset; undefined for a body that waits for its path. */
  path: AssetPath | undefined;
}

/** The beginning that all keys of a vault have, and no others. */
export const vaultPrefix = (vaultId: string): string => `${vaultId}/`;

/** The key under which the body of an asset lives. */
export const bodyKey = (vaultId: string, { partition, collection, channel, filename }: AssetPath, id: string): string =>
  `${vaultPrefix(vaultId)}${partition}/${collection}/${channel}/${id}_${filename}`;

/** The key under which a body waits whose path is not known yet. */
export const stagingKey = (vaultId: string, id: string): string => `${vaultPrefix(vaultId)}${STAGING}/${id}`;

/** Parses a key that {@link bodyKey} or {@link stagingKey} has written; undefined for any other. */
export function parseKey(key: string): ParsedKey | undefined {
  const [vaultId = "", ...parts] = key.split("/");
  if (!isVaultId(vaultId)) return undefined;
  if (parts[0] === STAGING) {
    const [, id = ""] = parts;
    return parts.length === 2 && isAssetId(id) ? { vaultId, id, path: undefined } : undefined;
  }
  const [partition = "", collection = "", channel = "", name = ""] = parts;
  const [, id = "", filename = ""] = ID_AND_FILENAME.exec(name) ?? [];
  const isBody =
    parts.length === 4 &&
    [partition, collection, channel].every((component) => PATH_COMPONENT.test(component)) &&
    isAssetId(id) &&
    checkFilename(filename).ok;
  return isBody ? { vaultId, id, path: { partition, collection, channel, filename } } : undefined;
}
