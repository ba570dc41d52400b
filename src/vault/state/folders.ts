/**
 * The counters of folders: how many assets and bytes there are in each partition, collection and channel. A folder
 * without assets has no row.
 */

import type { FolderPath } from "../../model/asset.ts";
import type { Sql } from "./sql.ts";

/** The path of a channel, as `partition/collection/channel`. A component holds no slash. */
export const channelPath = ({ partition, collection, channel }: FolderPath): string =>
  `${partition}/${collection}/${channel}`;

export interface Folder {
  name: string;
  assets: number;
  bytes: number;
}

/** What lists the folders in a folder: the whole vault, a partition, or a collection of it. */
export interface FolderRequest {
  partition?: string | undefined;
  collection?: string | undefined;
  /** Only names beyond this one. */
  after: string;
  /** The scope of the cursor. */
  scope?: string | undefined;
  limit: number;
}

export class Folders {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The partitions with the most assets, largest first. */
  largest(limit: number): Folder[] {
    return this.#sql.all(
      "SELECT name, assets, bytes FROM folders WHERE level = 1 AND parent = '' ORDER BY assets DESC, name LIMIT ?",
      limit,
    );
  }

  /** The folders in a folder that are not empty, by name. */
  in({ partition, collection, after, limit }: FolderRequest): Folder[] {
    const parents = [partition, collection].filter((name) => name !== undefined);
    return this.#sql.all(
      "SELECT name, assets, bytes FROM folders WHERE level = ? AND parent = ? AND name > ? ORDER BY name LIMIT ?",
      parents.length + 1,
      parents.join("/"),
      after,
      limit,
    );
  }

  /** A folder that is not empty; undefined when there is none. `path` are its name and those of the folders above it. */
  at(path: readonly string[]): Folder | undefined {
    return this.#sql.first(
      "SELECT name, assets, bytes FROM folders WHERE level = ? AND parent = ? AND name = ?",
      path.length,
      path.slice(0, -1).join("/"),
      path.at(-1) ?? "",
    );
  }

  add(level: number, parent: string, name: string, assets: number, bytes: number): void {
    this.#sql.exec(
      `INSERT INTO folders (level, parent, name, assets, bytes) VALUES (?,?,?,?,?)
       ON CONFLICT (level, parent, name) DO UPDATE SET assets = assets + excluded.assets, bytes = bytes + excluded.bytes`,
      level,
      parent,
      name,
      assets,
      bytes,
    );
    if (assets > 0) return;
    this.#sql.exec(
      "DELETE FROM folders WHERE level = ? AND parent = ? AND name = ? AND assets <= 0",
      level,
      parent,
      name,
    );
  }

  /** Makes the counters of a folder what they must be. Returns whether they were anything else. */
  correct(level: number, parent: string, { name, assets, bytes }: Folder): boolean {
    const now = this.#sql.first<{ assets: number; bytes: number }>(
      "SELECT assets, bytes FROM folders WHERE level = ? AND parent = ? AND name = ?",
      level,
      parent,
      name,
    );
    if ((now?.assets ?? 0) === assets && (now?.bytes ?? 0) === bytes && (now !== undefined) === assets > 0)
      return false;
    this.#sql.exec("DELETE FROM folders WHERE level = ? AND parent = ? AND name = ?", level, parent, name);
    if (assets > 0) this.add(level, parent, name, assets, bytes);
    return true;
  }
}

/** What several changes add to the counters of folders. It is written once for all of them. */
export class FolderCounts {
  readonly #sums = new Map<string, { assets: number; bytes: number }>();

  /** Negative numbers take away. */
  add(folder: FolderPath, assets: number, bytes: number): void {
    const path = channelPath(folder);
    const sum = this.#sums.get(path);
    if (!sum) this.#sums.set(path, { assets, bytes });
    else {
      sum.assets += assets;
      sum.bytes += bytes;
    }
  }

  /** Adds the sums to the counters at all three levels. */
  save(folders: Folders): void {
    const levels = [1, 2, 3].map(() => new Map<string, { assets: number; bytes: number }>());
    for (const [path, { assets, bytes }] of this.#sums) {
      const components = path.split("/");
      for (const [i, sums] of levels.entries()) {
        const folder = components.slice(0, i + 1).join("/");
        const sum = sums.get(folder);
        sums.set(folder, { assets: (sum?.assets ?? 0) + assets, bytes: (sum?.bytes ?? 0) + bytes });
      }
    }
    for (const [i, sums] of levels.entries()) {
      for (const [folder, { assets, bytes }] of sums) {
        if (assets === 0 && bytes === 0) continue;
        const cut = folder.lastIndexOf("/");
        folders.add(i + 1, folder.slice(0, Math.max(0, cut)), folder.slice(cut + 1), assets, bytes);
      }
    }
    this.#sums.clear();
  }
}
