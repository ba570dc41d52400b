/** The folders of the vault, level by level, as far as one has come. */

import { type Signal, signal } from "@preact/signals";
import type { Folder as FolderInfo, Strongroom } from "../../client/index.ts";
import type { Folder } from "../route.ts";

/** The folders in one folder. */
export interface Level {
  readonly folders: readonly FolderInfo[];
  /** Asks for those that follow; null when these are all. */
  readonly cursor: string | null;
  readonly error?: unknown;
}

/** Folders of a page of a level. */
const PAGE = 200;

/** The least time between two looks at the counts, while much happens. Milliseconds. */
const REFRESH_MS = 1_000;

/** By the path of the folder that they are in: "", "marketing", "marketing/blog". */
export const levels: Signal<ReadonlyMap<string, Level>> = signal(new Map());

export const pathOf = ({ partition, collection, channel }: Folder): string =>
  [partition, collection, channel].filter((name) => name !== undefined).join("/");

/** The paths of the levels that lead to a folder and into it, the vault's own first. A channel has none in it. */
function levelsOf({ partition, collection }: Folder): Pick<Folder, "partition" | "collection">[] {
  if (partition === undefined) return [{}];
  return [{}, { partition }, ...(collection === undefined ? [] : [{ partition, collection }])];
}

let at: { vault: Strongroom; path: Folder } | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows the way to a folder, and what is in it. Levels that are there already are looked at again. */
export function openFolder(vault: Strongroom, path: Folder): void {
  if (at?.vault !== vault) levels.value = new Map();
  at = { vault, path };
  const shown = levelsOf(path);
  const paths = new Set(shown.map(pathOf));
  // Nothing is held of where one no longer is.
  levels.value = new Map([...levels.value].filter(([key]) => paths.has(key)));
  for (const each of shown) void load(vault, each, path);
}

/** Looks at the counts again, soon. */
export function refreshFolders(): void {
  timer ??= setTimeout(() => {
    timer = undefined;
    if (at) openFolder(at.vault, at.path);
  }, REFRESH_MS);
}

/** Loads a level: with `cursor` its next page, else as much as was there, and as far as the folder that one is in. */
async function load(vault: Strongroom, folder: Folder, to: Folder, cursor?: string | null): Promise<void> {
  const key = pathOf(folder);
  const { partition, collection } = folder;
  const asked = {
    ...(partition === undefined ? {} : { partition }),
    ...(collection === undefined ? {} : { collection }),
  };
  let level: Level;
  const before = levels.value.get(key)?.folders ?? [];
  // Names come in their order.
  const last = collection === undefined ? (partition === undefined ? to.partition : to.collection) : to.channel;
  try {
    const folders = cursor === undefined ? [] : [...before];
    const least = cursor === undefined ? before.length : 0;
    let next = cursor;
    do {
      const page = await vault.folders.list({ ...asked, limit: PAGE, ...(next ? { cursor: next } : {}) });
      folders.push(...page.data);
      next = page.cursor;
    } while (next && (folders.length < least || (last ?? "") > (folders.at(-1)?.name ?? "")));
    level = { folders, cursor: next };
  } catch (error) {
    level = { folders: before, cursor: null, error };
  }
  const isShown = at?.vault === vault && levelsOf(at.path).some((each) => pathOf(each) === key);
  if (isShown) levels.value = new Map(levels.value).set(key, level);
}

/** Loads those that follow in a level. */
export function moreFolders(folder: Folder): void {
  const cursor = levels.value.get(pathOf(folder))?.cursor;
  if (at && cursor) void load(at.vault, folder, folder, cursor);
}

/** How much is in a folder and below; undefined while it is not known. */
export function totalOf({ partition, collection, channel }: Folder): { assets: number; bytes: number } | undefined {
  if (partition === undefined) {
    const all = levels.value.get("");
    if (!all || all.cursor !== null || all.error !== undefined) return undefined;
    const sum = (field: "assets" | "bytes"): number => all.folders.reduce((total, folder) => total + folder[field], 0);
    return { assets: sum("assets"), bytes: sum("bytes") };
  }
  const above = pathOf(
    channel !== undefined ? { partition, collection } : collection !== undefined ? { partition } : {},
  );
  const level = levels.value.get(above);
  const name = channel ?? collection ?? partition;
  const found = level?.folders.find((each) => each.name === name);
  if (found) return found;
  return level && level.cursor === null ? { assets: 0, bytes: 0 } : undefined;
}
