/** The files of what was dropped or chosen, with the folders that they lay in. */

import type { Chosen } from "./names.ts";

/** The most files that are taken at once: a list of so many stays quick, and takes some megabytes. */
export const MOST_FILES = 20_000;

/** How deep folders are followed: deeper than any that a person made. */
const DEEPEST = 64;

/** What systems put into folders by themselves, and nobody means to upload. */
const CLUTTER = /^(?:\.DS_Store|\._.*|Thumbs\.db|ehthumbs\.db|desktop\.ini|\.Spotlight-V100|\.Trashes|__MACOSX)$/i;

/** What there was to take. It grows while folders are read. */
export class Collection {
  readonly chosen: Chosen[] = [];
  /** Bytes of all files. */
  size = 0;
  /** How many were left out: files of the system's own, what could not be read, and what was too many. */
  clutter = 0;
  unreadable = 0;
  isFull = false;
  readonly #grown: () => void;

  /** @param grown told that there is more, and often */
  constructor(grown: () => void = () => {}) {
    this.#grown = grown;
  }

  add(file: File, folders: readonly string[]): void {
    if (CLUTTER.test(file.name)) this.clutter++;
    else if (this.chosen.length >= MOST_FILES) this.isFull = true;
    else {
      this.chosen.push({ file, folders });
      this.size += file.size;
    }
    this.#grown();
  }

  /** Files of an `<input type=file>`, which may be of a folder. */
  addAll(files: Iterable<File>): void {
    for (const file of files) this.add(file, file.webkitRelativePath.split("/").slice(0, -1));
  }

  /** Reads an entry, and all that a folder has in it. */
  async read(entry: FileSystemEntry, folders: readonly string[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.isFull) return;
    try {
      if (entry.isFile) return this.add(await fileOf(entry as FileSystemFileEntry), folders);
    } catch {
      this.unreadable++;
      return;
    }
    if (CLUTTER.test(entry.name)) return void this.clutter++;
    if (folders.length >= DEEPEST) return void this.unreadable++;
    const inside = [...folders, entry.name];
    const entries = await this.#inside((entry as FileSystemDirectoryEntry).createReader());
    for (const each of entries) await this.read(each, inside, signal);
  }

  /** What a folder has in it, in the order in which people look for it. */
  async #inside(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
    const entries: FileSystemEntry[] = [];
    try {
      // Browsers give a hundred at a time, and nothing at the end.
      while (entries.length <= MOST_FILES) {
        const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) break;
        entries.push(...some);
      }
    } catch {
      this.unreadable++;
    }
    return entries.toSorted((a, b) => ORDER.compare(a.name, b.name));
  }
}

const ORDER = new Intl.Collator("en", { numeric: true });

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

/** What was dropped. It must be asked for while the event lasts: after that the browser has forgotten it. */
export function droppedOf(data: DataTransfer): readonly (FileSystemEntry | File)[] {
  return [...data.items].flatMap((item) => {
    if (item.kind !== "file") return [];
    return item.webkitGetAsEntry?.() ?? item.getAsFile() ?? [];
  });
}

/** The one folder that everything came from; undefined when there is none. */
export function rootFolder(chosen: readonly Chosen[]): string | undefined {
  const root = chosen[0]?.folders[0];
  return root !== undefined && chosen.every(({ folders }) => folders[0] === root) ? root : undefined;
}
