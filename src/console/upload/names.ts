/** What files are called when they are stored: a vault has three levels of folders, and a folder on disk may have more. */

import type { AssetPathFields } from "../../client/index.ts";
import { MAX_COMPONENT_LENGTH } from "../../model/limits.ts";

/** A file that somebody chose or dropped. */
export interface Chosen {
  readonly file: File;
  /** The folders that it lay in, from what was dropped on. */
  readonly folders: readonly string[];
}

/** Where files go: all three levels. */
export type Target = Required<Pick<AssetPathFields, "partition" | "collection" | "channel">>;

/** A name as a level could have it: `Summer 2024` is `summer-2024`. Empty when nothing is left of it. */
export const asLevel = (name: string): string =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_COMPONENT_LENGTH)
    .replace(/^-+|-+$/g, "");

/** What a file is stored as. Its folders may stay a part of its name, so that files of the same name can be told apart. */
export const storedName = ({ file, folders }: Chosen, withFolders: boolean): string =>
  withFolders ? [...folders, file.name].join("_") : file.name;

/** How many files have a name that another one has too. */
export function namesakes(chosen: readonly Chosen[]): number {
  const counts = new Map<string, number>();
  for (const { file } of chosen) counts.set(file.name, (counts.get(file.name) ?? 0) + 1);
  let shared = 0;
  for (const count of counts.values()) if (count > 1) shared += count;
  return shared;
}
