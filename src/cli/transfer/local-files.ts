/** The files that an upload is to send. */

import { lstat, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";

/** What was named on the command line. */
export interface Selection {
  readonly sources: readonly string[];
  /** Names of files and folders that are left out; a `*` stands for any characters. */
  readonly excluded: readonly string[];
}

/** A file on disk. */
export interface LocalFile {
  readonly what: "file";
  /** As it can be opened, and as the user knows it. */
  readonly path: string;
  readonly filename: string;
  /** The folders between what was named on the command line and the file. */
  readonly folders: readonly string[];
  /** When it was found. Bytes. */
  readonly size: number;
}

/** A folder, or what is neither file nor folder: a link, a socket. */
export interface Other {
  readonly what: "folder" | "left out";
  readonly path: string;
  /** As of a file; a folder itself is the last. */
  readonly folders: readonly string[];
}

/**
 * What there is, as it is met: the content of a folder in the order of names. Links in folders are not followed: they could
 * lead anywhere, and in circles.
 *
 * @param enter whether to look into a folder
 */
export async function* walk(
  { sources, excluded }: Selection,
  enter: (folder: Other) => boolean = () => true,
): AsyncGenerator<LocalFile | Other, void, undefined> {
  const isExcluded = matcher(excluded);
  for (const path of sources) {
    const found = await stat(path);
    if (found.isDirectory()) yield* inside(path, [], isExcluded, enter);
    else if (found.isFile()) yield { what: "file", path, filename: basename(path), folders: [], size: found.size };
    else yield { what: "left out", path, folders: [] };
  }
}

async function* inside(
  folder: string,
  folders: readonly string[],
  isExcluded: (name: string) => boolean,
  enter: (folder: Other) => boolean,
): AsyncGenerator<LocalFile | Other, void, undefined> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (isExcluded(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const found: Other = { what: "folder", path, folders: [...folders, entry.name] };
      yield found;
      if (enter(found)) yield* inside(path, found.folders, isExcluded, enter);
    } else if (entry.isFile()) {
      yield { what: "file", path, filename: entry.name, folders, size: (await lstat(path)).size };
    } else yield { what: "left out", path, folders };
  }
}

/** The files alone. */
export async function* filesOf(selection: Selection): AsyncGenerator<LocalFile, void, undefined> {
  for await (const found of walk(selection)) if (found.what === "file") yield found;
}

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const parts = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`, "s");
  });
  return (name) => expressions.some((expression) => expression.test(name));
}
