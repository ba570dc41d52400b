/** Where downloads are written: inside a folder, whatever an asset is called and whatever lies there. */

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { lstat, mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { PATH_COMPONENT } from "../../model/asset.ts";
import { checkFilename } from "../../model/filename.ts";
import { absent } from "./absent.ts";

/** Folders that are known to be safe. There may be any number of them, and to look again costs little. */
const MOST_KNOWN = 1_000;

/** What Windows takes for something else than a file of that name: devices, streams, names that it shortens. */
const NOT_ON_WINDOWS = /[<>:"|?*]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Files that are being written. Whatever ends the program, they go. */
const temporary = new Set<string>();
process.on("exit", () => {
  for (const file of temporary) rmSync(file, { force: true });
});

/** Where a file goes: its path, its folder's, and how the user knows it. */
export interface Place {
  readonly file: string;
  readonly folder: string;
  readonly shown: string;
}

/** A folder that folders of assets are written into. */
export class Destination {
  /** As the user named it. */
  readonly #folder: string;
  readonly #root: string;
  readonly #known = new Set<string>();

  private constructor(folder: string, root: string) {
    this.#folder = folder;
    this.#root = root;
  }

  /** The folder is made if need be. It may be a link: that is the user's own choice. */
  static async open(folder: string): Promise<Destination> {
    await mkdir(folder, { recursive: true });
    return new Destination(folder, await realpath(folder));
  }

  /**
   * Where a file goes, whose folders are made.
   *
   * @throws Error when a name could lead elsewhere, or a link lies where a folder should be
   */
  async place(folders: readonly string[], filename: string): Promise<Place> {
    const bad = folders.find((name) => !PATH_COMPONENT.test(name) || isUnfit(name));
    if (bad !== undefined) throw new Error(`${JSON.stringify(bad)} cannot be the name of a folder here`);
    checkName(filename);
    let folder = this.#root;
    for (const name of folders) {
      folder = join(folder, name);
      await this.#enter(folder);
    }
    return { file: join(folder, filename), folder, shown: join(this.#folder, ...folders, filename) };
  }

  async #enter(folder: string): Promise<void> {
    if (this.#known.has(folder)) return;
    // Not stat: what a link leads to may be anywhere.
    const there = await lstat(folder).catch(absent);
    if (there && !there.isDirectory()) throw new Error(`${folder} is a link or a file, and no folder`);
    // Another download may make it meanwhile.
    if (!there) await mkdir(folder, { recursive: true });
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.add(folder);
  }
}

/** @throws Error when a name that came from the server cannot be a file's here */
export function checkName(filename: string): void {
  const checked = checkFilename(filename);
  if (!checked.ok) throw new Error(`cannot be written: ${checked.message}`);
  if (isUnfit(filename)) throw new Error("cannot be written: Windows takes no file of that name");
}

const isUnfit = (name: string): boolean => process.platform === "win32" && NOT_ON_WINDOWS.test(name);

/** Runs with the name of a new file in a folder, which is gone afterwards unless it was given another name. */
export async function withTemporary<T>(folder: string, use: (file: string) => Promise<T>): Promise<T> {
  const file = join(folder, `.strongroom-${randomBytes(8).toString("hex")}.part`);
  temporary.add(file);
  try {
    return await use(file);
  } finally {
    rmSync(file, { force: true });
    temporary.delete(file);
  }
}
