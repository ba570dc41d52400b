/** The way to the folder that one is in, and its neighbours on each level. */

import type { Folder as FolderInfo } from "../../client/index.ts";
import { type BrowseRoute, type Folder, href } from "../route.ts";
import { Button } from "../ui/button.tsx";
import { bytes, count, number } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { Failure } from "../ui/states.tsx";
import { levels, moreFolders, openFolder, pathOf, totalOf } from "./folders.ts";
import { openVault } from "./vault.ts";

/** Where a folder's files are, with the filters that one has set. */
const into = (to: BrowseRoute, path: Folder): string => href({ ...to, path, query: { ...to.query, asset: undefined } });

export function Tree({ to }: { to: BrowseRoute }) {
  const all = totalOf({});
  return (
    <nav class="tree" aria-label="Folders">
      <FolderLink to={to} path={{}} name="All files" {...(all ? { info: all } : {})} depth={0} isRoot />
      <LevelList to={to} path={{}} depth={0} />
    </nav>
  );
}

function LevelList({ to, path, depth }: { to: BrowseRoute; path: Folder; depth: number }) {
  const level = levels.value.get(pathOf(path));
  if (!level) return null;
  if (level.error !== undefined && level.folders.length === 0) {
    const vault = openVault.value;
    return <Failure error={level.error} {...(vault ? { retry: () => openFolder(vault, to.path) } : {})} />;
  }
  return (
    <ul>
      {level.folders.map((folder) => {
        const inside = childOf(path, folder.name);
        const isOnTheWay = pathOf(inside) === pathOf(to.path) || pathOf(to.path).startsWith(`${pathOf(inside)}/`);
        return (
          <li key={folder.name}>
            <FolderLink to={to} path={inside} name={folder.name} info={folder} depth={depth} isOpen={isOnTheWay} />
            {isOnTheWay && depth < 2 && <LevelList to={to} path={inside} depth={depth + 1} />}
          </li>
        );
      })}
      {level.cursor !== null && (
        <li>
          <Button kind="quiet" small onClick={() => moreFolders(path)}>
            More folders
          </Button>
        </li>
      )}
    </ul>
  );
}

function childOf({ partition, collection }: Folder, name: string): Folder {
  if (partition === undefined) return { partition: name };
  return collection === undefined ? { partition, collection: name } : { partition, collection, channel: name };
}

interface FolderLinkProps {
  to: BrowseRoute;
  path: Folder;
  name: string;
  info?: Pick<FolderInfo, "assets" | "bytes">;
  depth: number;
  isOpen?: boolean;
  isRoot?: boolean;
}

function FolderLink({ to, path, name, info, depth, isOpen = false, isRoot = false }: FolderLinkProps) {
  const isHere = pathOf(path) === pathOf(to.path);
  return (
    <a class={`folder depth-${depth}`} href={into(to, path)} aria-current={isHere ? "page" : undefined}>
      <span class={isOpen && depth < 2 ? "folder-sign open" : "folder-sign"}>
        <Icon name={isRoot ? "vault" : depth < 2 ? "chevron" : "folder"} size={isRoot || depth === 2 ? 14 : 12} />
      </span>
      <span class="folder-name" title={name}>
        {name}
      </span>
      {info && (
        <span class="folder-count numbers" title={`${count(info.assets, "file")}, ${bytes(info.bytes)}`}>
          <span aria-hidden="true">{number(info.assets)}</span>
          <span class="folder-bytes" aria-hidden="true">
            {bytes(info.bytes)}
          </span>
          <span class="unseen">
            {count(info.assets, "file")}, {bytes(info.bytes)}
          </span>
        </span>
      )}
    </a>
  );
}

/** On a phone: the folders in the one that one is in, side by side. */
export function FolderStrip({ to }: { to: BrowseRoute }) {
  const level = to.path.channel === undefined ? levels.value.get(pathOf(to.path)) : undefined;
  if (!level || level.folders.length === 0) return null;
  return (
    <nav class="strip" aria-label="Folders in here">
      {level.folders.map(({ name, assets, bytes: size }) => (
        <a key={name} href={into(to, childOf(to.path, name))}>
          <Icon name="folder" size={14} />
          <span>
            <span class="strip-name">{name}</span>
            <span class="strip-count">
              {number(assets)} · {bytes(size)}
            </span>
          </span>
        </a>
      ))}
    </nav>
  );
}
