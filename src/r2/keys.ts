/**
 * The grammar of the keys in R2: how they are written, and how one is read. These are all of them:
 *
 *     key    = prefix ( path "/" id "_" filename      a body
 *                     / ".staging/" id                a body whose path is not known yet
 *                     / ".uploads/" session "/" name ) bytes of a resumable upload that are in no part yet
 *     prefix = vault-id "/"
 *     path   = partition "/" collection "/" channel
 *
 *     name   = offset "." fence                the bytes end before this offset
 *
 * The kinds cannot be taken for each other, because no partition begins with a dot. A key is read in one way only:
 * no part holds a slash, and an id holds one underscore, which is not at its end. A key is written once, when its
 * upload begins. It is never recomputed and never used twice.
 */

import { type AssetPath, PATH_COMPONENT } from "../model/asset.ts";
import { checkFilename } from "../model/filename.ts";
import { isAssetId, isSessionId, isVaultId } from "../model/id.ts";

const STAGING = ".staging";
const UPLOADS = ".uploads";

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

/** The beginning that the keys of all leftovers of a session have, and no others. */
export const leftoverPrefix = (vaultId: string, session: string): string =>
  `${vaultPrefix(vaultId)}${UPLOADS}/${session}/`;

/**
 * The key of bytes of a resumable upload that are in no part yet. No two requests write the same key, and none writes
 * one twice: R2 takes one write of a key in a second, and a late write must not replace what another request has saved.
 *
 * @param offset the offset at which the bytes end
 * @param fence the number of the request
 */
export const leftoverKey = (vaultId: string, session: string, offset: number, fence: number): string =>
  `${leftoverPrefix(vaultId, session)}${offset}.${fence}`;

/** The session of a key that {@link leftoverKey} has written; undefined for any other. */
export function leftoverSession(key: string): string | undefined {
  const [vaultId = "", uploads, session = "", name = "", ...more] = key.split("/");
  const isLeftover = uploads === UPLOADS && isVaultId(vaultId) && isSessionId(session) && /^\d+\.\d+$/.test(name);
  return isLeftover && more.length === 0 ? session : undefined;
}

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

/**
 * The key under which the body of an imported asset lives: the one that it had, under the prefix of its new vault. The path
 * in it is the one that the asset was created at, which need not be the one that it has now. Undefined for what is no key of
 * a body.
 *
 * @returns also the id of the asset, and that of the vault that it comes `from`
 */
export function importedKey(vaultId: string, key: string): { r2_key: string; id: string; from: string } | undefined {
  const parsed = parseKey(key);
  if (!parsed?.path) return undefined;
  return { r2_key: bodyKey(vaultId, parsed.path, parsed.id), id: parsed.id, from: parsed.vaultId };
}
