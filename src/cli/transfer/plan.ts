/** Where the files of an upload go, and what stands in their way. */

import { join } from "node:path";
import { type AssetPath, PATH_COMPONENT, PATH_COMPONENT_RULE, PATH_COMPONENTS } from "../../model/asset.ts";
import { checkFilename } from "../../model/filename.ts";
import type { Folder } from "../place.ts";
import { counted } from "../terminal/format.ts";
import { type LocalFile, type Other, type Selection, walk } from "./local-files.ts";

/** Something that cannot be stored where it would go, and the rule that it breaks. */
export interface Offence {
  readonly where: string;
  readonly why: string;
  /** Whether the file would fit if its folders did not count. */
  readonly isAboutFolders: boolean;
}

/** What an upload would send. */
export interface Plan {
  readonly files: number;
  /** Bytes. */
  readonly size: number;
  /** Links, sockets and the like. */
  readonly leftOut: readonly string[];
  readonly offences: readonly Offence[];
}

/**
 * Looks at everything that is to be uploaded, before any of it is. The folders below what was named become the components
 * that `folder` lacks, or are forgotten when all is to be flattened into it.
 */
export async function plan(selection: Selection, folder: Folder, isFlat: boolean, signal: AbortSignal): Promise<Plan> {
  const lacking = PATH_COMPONENTS.length - folder.length;
  const offences: Offence[] = [];
  const leftOut: string[] = [];
  /** Files that lie above the channels: how many, by their folder, and how many levels too high. */
  const tooHigh = new Map<string, { files: number; levels: number }>();
  /** Where a file is stored, by the file. Only where two could meet. */
  const places = isFlat || selection.sources.length > 1 ? new Map<string, string>() : undefined;
  let [files, size] = [0, 0];

  const isWelcome = ({ folders }: Other): boolean => isFlat || folders.length <= lacking;
  for await (const found of walk(selection, isWelcome)) {
    signal.throwIfAborted();
    if (found.what === "left out") leftOut.push(found.path);
    if (found.what === "folder" && !isFlat) offences.push(...offencesOf(found, lacking));
    if (found.what !== "file") continue;

    files++;
    size += found.size;
    const checked = checkFilename(found.filename);
    if (!checked.ok) offences.push({ where: found.path, why: checked.message, isAboutFolders: false });
    const levels = isFlat ? 0 : lacking - found.folders.length;
    if (levels > 0) {
      const above = join(found.path, "..", "/");
      tooHigh.set(above, { files: (tooHigh.get(above)?.files ?? 0) + 1, levels });
    }
    const place = [...(isFlat ? [] : found.folders), found.filename].join("/");
    const other = places?.get(place);
    if (other !== undefined)
      offences.push({ where: found.path, why: `would have the same name as ${other}`, isAboutFolders: false });
    else places?.set(place, found.path);
  }
  for (const [where, { files: number, levels }] of tooHigh) {
    const missing = PATH_COMPONENTS.slice(-levels).map((name) => `a folder for the ${name}`);
    const lie = `${counted(number, "file")} ${number === 1 ? "lies" : "lie"} too high`;
    offences.push({ where, why: `${lie}: between must be ${missing.join(" and ")}`, isAboutFolders: true });
  }
  return { files, size, leftOut, offences };
}

function offencesOf({ path, folders }: Other, lacking: number): Offence[] {
  const where = `${path}/`;
  const name = folders.at(-1) ?? "";
  if (folders.length > lacking)
    return [{ where, why: "too deep: a channel holds files and no folders", isAboutFolders: true }];
  if (PATH_COMPONENT.test(name)) return [];
  const component = PATH_COMPONENTS[PATH_COMPONENTS.length - lacking + folders.length - 1];
  return [{ where, why: `as a ${component} it ${PATH_COMPONENT_RULE}`, isAboutFolders: true }];
}

/** Where a file goes. Undefined when it has come to lie elsewhere since it was looked at. */
export function pathOf(file: LocalFile, folder: Folder, isFlat: boolean): AssetPath | undefined {
  const [partition, collection, channel, ...more] = [...folder, ...(isFlat ? [] : file.folders)];
  if (partition === undefined || collection === undefined || channel === undefined || more.length > 0) return undefined;
  return { partition, collection, channel, filename: file.filename };
}
