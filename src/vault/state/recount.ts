/**
 * A recount of the assets, which proves the counters of folders and the vault's totals. First it removes the counters of
 * folders without assets. Then it goes through the assets in the order of their paths, a page at a time, and compares a
 * folder's counters when it has left the folder.
 *
 * Writes go on meanwhile, and the recount is exact all the same. Its place is a path and a seq. What it has counted of the
 * folders that it stands in is kept on disk, and whoever adds or removes an asset that lies behind that place says so
 * to {@link Recount.note}, in the transaction of the write. What lies ahead will be counted when the recount gets there.
 * A folder that it has left is right, and stays right. One that it does not come upon has no assets, and so no counters:
 * {@link Recount.settle} removes those of a folder that the last asset leaves, whatever they are.
 */

import { type Asset, type FolderPath, PATH_COMPONENTS } from "../../model/asset.ts";
import { channelPath, type Folder, type Folders } from "./folders.ts";
import type { Sql } from "./sql.ts";

/** Assets of one step: some 10 ms. */
const ROWS = 2_000;

/** Folders of which one step sees whether they have assets: one look-up each. */
const FOLDERS = 1_000;

/** An asset in the order of paths. */
type Place = Pick<Asset, "partition" | "collection" | "channel" | "seq">;

type Counted = Place & { size: number };

/** What was counted so far of the vault, and of the partition, the collection and the channel of the place. */
type Sums = [vault: Sum, partition: Sum, collection: Sum, channel: Sum];
interface Sum {
  assets: number;
  bytes: number;
}

/** A recount that is under way, as it is kept on disk. */
interface State {
  place: Place;
  sums: Sums;
}

const none = (): Sum => ({ assets: 0, bytes: 0 });

const begin = (): State => ({
  place: { partition: "", collection: "", channel: "", seq: 0 },
  sums: [none(), none(), none(), none()],
});

/** What a step has come to. */
export interface Recounted {
  /** How many counters of folders it has mended. */
  readonly mended: number;
  /** The exact totals of the vault, after the last step. */
  readonly totals: Sum | undefined;
}

export class Recount {
  readonly #sql: Sql;
  readonly #folders: Folders;
  /** Null while no recount is under way. Undefined before it has been looked up. */
  #place: Place | null | undefined;
  /** The channels that an asset has left since the last {@link settle}, by their paths. */
  readonly #left = new Map<string, FolderPath>();

  constructor(sql: Sql, folders: Folders) {
    this.#sql = sql;
    this.#folders = folders;
  }

  /** Inside the transaction of a write: an asset has come (1) to its place in the order of paths, or has left it (-1). */
  note(asset: Asset, by: 1 | -1): void {
    if (this.#place === undefined) this.#place = this.#load()?.place ?? null;
    const place = this.#place;
    if (!place) return;
    if (by < 0) this.#left.set(channelPath(asset), asset);
    const level = sharedFolders(asset, place);
    const state = isBehind(asset, place, level) ? this.#load() : undefined;
    if (!state) return;
    // The folders that it shares with the place are the ones whose sums are not complete yet.
    for (const sum of state.sums.slice(0, level + 1)) add(sum, by, by * asset.size);
    this.#save(state);
  }

  /** Inside the transaction of writes, when the counters have what they add: folders that they have emptied have none. */
  settle(): void {
    for (const { partition, collection, channel } of this.#left.values()) {
      const names = [partition, collection, channel];
      for (const [depth, name] of names.entries()) {
        this.#removeIfEmpty({ level: depth + 1, parent: names.slice(0, depth).join("/"), name });
      }
    }
    this.#left.clear();
  }

  /** Counts the next assets, at most `most`. The recount is over when a step returns totals. */
  step(most = ROWS): Recounted {
    const { place, ...recounted } = this.#sql.transaction(() => this.#count(this.#load() ?? begin(), most));
    this.#place = place;
    return recounted;
  }

  #count({ place: from, sums }: State, most: number): Recounted & { place: Place | null } {
    const page = this.#next(from, most);
    let place = from;
    let mended = 0;
    for (const { size, ...next } of page) {
      mended += this.#leave(place, sums, sharedFolders(next, place));
      for (const sum of sums) add(sum, 1, size);
      place = next;
    }
    const isOver = page.length < most;
    if (isOver) mended += this.#leave(place, sums, 0);
    this.#save(isOver ? null : { place, sums });
    return { place: isOver ? null : place, mended, totals: isOver ? sums[0] : undefined };
  }

  /** At most `most` assets beyond a place, in the order of paths. */
  #next({ partition, collection, channel, seq }: Place, most: number): Counted[] {
    // First those in the place's own folder. One condition for both would go through that folder from its beginning.
    const here = this.#sql.all<Counted>(
      `SELECT partition, collection, channel, seq, size FROM assets INDEXED BY assets_pch
       WHERE partition = ? AND collection = ? AND channel = ? AND seq > ? ORDER BY seq LIMIT ?`,
      partition,
      collection,
      channel,
      seq,
      most,
    );
    const beyond = this.#sql.all<Counted>(
      `SELECT partition, collection, channel, seq, size FROM assets INDEXED BY assets_pch
       WHERE (partition, collection, channel) > (?,?,?) ORDER BY partition, collection, channel, seq LIMIT ?`,
      partition,
      collection,
      channel,
      most - here.length,
    );
    return [...here, ...beyond];
  }

  /** Compares the folders that the recount leaves: those of the place beyond the first `level`. Begins anew with them. */
  #leave(place: Place, sums: Sums, level: number): number {
    let mended = 0;
    const names = [place.partition, place.collection, place.channel];
    for (let depth = level + 1; depth <= 3; depth++) {
      const sum = sums[depth];
      const name = names[depth - 1];
      if (!sum || !name) continue;
      if (this.#folders.correct(depth, names.slice(0, depth - 1).join("/"), { name, ...sum })) mended++;
      sum.assets = sum.bytes = 0;
    }
    return mended;
  }

  #load(): State | undefined {
    const saved = this.#sql.first<{ recount: string | null }>("SELECT recount FROM reconcile");
    return saved?.recount ? (JSON.parse(saved.recount) as State) : undefined;
  }

  #save(state: State | null): void {
    this.#sql.exec(
      "INSERT INTO reconcile (one, due, recount) VALUES (1,0,?) ON CONFLICT (one) DO UPDATE SET recount = excluded.recount",
      state && JSON.stringify(state),
    );
  }

  /**
   * Removes the counters of folders that have no asset, among the next ones beyond a folder. A count of the assets does
   * not come upon these. A recount begins with the first of these steps.
   *
   * @param after where the step before has ended; "" at the beginning
   * @param most of folders in one step
   */
  removeEmpty(after: string, most = FOLDERS): { removed: number; after: string | undefined } {
    const { level, parent, name } = after === "" ? FIRST : (JSON.parse(after) as FolderPlace);
    if (after === "") this.#place = begin().place;
    return this.#sql.transaction(() => {
      if (after === "") this.#save(begin());
      const page = this.#sql.all<FolderPlace>(
        `SELECT level, parent, name FROM folders WHERE (level, parent, name) > (?,?,?)
         ORDER BY level, parent, name LIMIT ?`,
        level,
        parent,
        name,
        most,
      );
      const removed = page.filter((folder) => this.#removeIfEmpty(folder)).length;
      const last = page.length < most ? undefined : page.at(-1);
      return { removed, after: last && JSON.stringify(last) };
    });
  }

  /** Removes the counters of a folder that has no asset. Returns whether there were any. */
  #removeIfEmpty(folder: FolderPlace): boolean {
    if (this.#hasAssets(folder)) return false;
    return this.#folders.correct(folder.level, folder.parent, { name: folder.name, ...none() });
  }

  #hasAssets({ parent, name }: FolderPlace): boolean {
    const path = parent === "" ? [name] : [...parent.split("/"), name];
    const where = ["partition = ?", "collection = ?", "channel = ?"].slice(0, path.length).join(" AND ");
    return this.#sql.first(`SELECT 1 FROM assets INDEXED BY assets_pch WHERE ${where} LIMIT 1`, ...path) !== undefined;
  }
}

/** A row of the table of folders. */
type FolderPlace = Pick<Folder, "name"> & { level: number; parent: string };

const FIRST: FolderPlace = { level: 0, parent: "", name: "" };

function add(sum: Sum, assets: number, bytes: number): void {
  sum.assets += assets;
  sum.bytes += bytes;
}

/** How many folders two places share, from the partition on: 0 to 3. */
function sharedFolders(one: Place, other: Place): number {
  if (one.partition !== other.partition) return 0;
  if (one.collection !== other.collection) return 1;
  return one.channel === other.channel ? 3 : 2;
}

/** Whether an asset does not lie beyond the place in the order of paths. They share `level` folders. */
function isBehind(asset: Place, place: Place, level: number): boolean {
  if (level === 3) return asset.seq <= place.seq;
  const name = PATH_COMPONENTS[level];
  return name !== undefined && asset[name] < place[name];
}
