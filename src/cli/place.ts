/** How a command line names what is in a vault. */

import type { AssetListParameters, FolderFields } from "../client/index.ts";
import { type AssetPath, PATH_COMPONENT, PATH_COMPONENT_RULE, PATH_COMPONENTS } from "../model/asset.ts";
import { checkFilename } from "../model/filename.ts";
import { isAssetId } from "../model/id.ts";
import { UsageError } from "./usage-error.ts";

/** Partition, collection and channel, as many as are given: none is the whole vault. */
export type Folder = readonly string[];

/** One asset: by its id, or the newest of a path and name. */
export type AssetPlace = { readonly id: string; readonly path?: undefined } | { readonly path: AssetPath };

export const isId = (place: AssetPlace): place is { readonly id: string } => place.path === undefined;

const ASSETS = "an asset is asset_… or partition/collection/channel/name";
const FOLDERS =
  "a folder ends in a slash: partition/, partition/collection/, partition/collection/channel/, or / for all";

/** @throws UsageError */
export function parsePlace(text: string): { folder: Folder } | { asset: AssetPlace; folder?: undefined } {
  return text.endsWith("/") ? { folder: parseFolder(text) } : { asset: parseAsset(text) };
}

/** @throws UsageError */
export function parseFolder(text: string): Folder {
  if (text === "/") return [];
  if (!text.endsWith("/"))
    throw new UsageError(`${text}: is no folder; ${isFolder(`${text}/`) ? `did you mean ${text}/?` : FOLDERS}`);
  const folder = text.slice(0, -1).split("/");
  if (folder.length > PATH_COMPONENTS.length) throw new UsageError(`${text}: has too many levels; ${FOLDERS}`);
  checkComponents(text, folder);
  return folder;
}

/** @throws UsageError */
export function parseAsset(text: string): AssetPlace {
  if (isAssetId(text)) return { id: text };
  const [partition, collection, channel, filename, ...more] = text.split("/");
  if (!partition || !collection || !channel || !filename || more.length > 0) {
    const hint = isFolder(`${text}/`) ? `; the folder is ${text}/` : "";
    throw new UsageError(`${text}: is ${text.endsWith("/") ? "a folder" : `no asset${hint}`}; ${ASSETS}`);
  }
  checkComponents(text, [partition, collection, channel]);
  const checked = checkFilename(filename);
  if (!checked.ok) throw new UsageError(`${text}: ${checked.message}`);
  return { path: { partition, collection, channel, filename } };
}

function checkComponents(text: string, components: readonly string[]): void {
  for (const [at, component] of components.entries()) {
    if (!PATH_COMPONENT.test(component))
      throw new UsageError(`${text}: the ${PATH_COMPONENTS[at]} "${component}" ${PATH_COMPONENT_RULE}`);
  }
}

function isFolder(text: string): boolean {
  try {
    parseFolder(text);
    return true;
  } catch {
    return false;
  }
}

/** What lists a folder's assets. */
export const filterOf = (folder: Folder): AssetListParameters =>
  Object.fromEntries(folder.map((component, at) => [PATH_COMPONENTS[at], component]));

/** The same of a folder within a partition. */
export function folderOf([partition = "", collection, channel]: Folder): FolderFields {
  return {
    partition,
    ...(collection === undefined ? {} : { collection }),
    ...(channel === undefined ? {} : { channel }),
  };
}

/** As a command line names it. */
export const folderText = (folder: Folder): string => `${folder.join("/")}/`;

/** As a command line names an asset that has this path. */
export const pathText = ({ partition, collection, channel, filename }: AssetPath): string =>
  `${partition}/${collection}/${channel}/${filename}`;
