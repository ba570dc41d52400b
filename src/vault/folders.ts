/** The folders in a folder, as far as a caller reaches them. */

import { componentsOf, type KeyScope, narrowed, scopeName } from "../model/key-scope.ts";
import type { Result } from "../model/refusal.ts";
import { wrongScope } from "./pages.ts";
import type { Folder, FolderRequest, Folders } from "./state/folders.ts";

export interface FolderList {
  readonly folders: Folder[];
  /** What the cursor of the next page carries of the caller's scope. */
  readonly scope?: string | undefined;
}

/**
 * The folders in a folder. A key that is narrowed sees the one way down to its folder, where only what is in that folder
 * counts, and everything below. 400 for a cursor of a key with another scope.
 */
export function foldersWithin(
  folders: Folders,
  request: FolderRequest,
  scope: KeyScope | undefined,
): Result<FolderList> {
  if (request.after !== "" && request.scope !== scopeName(scope)) return wrongScope();
  if (scope === undefined) return { ok: true, folders: folders.in(request) };
  const { partition, collection, after } = request;
  if (!narrowed({ partition, collection }, scope)) return { ok: true, folders: [] };
  const path = componentsOf(scope);
  const above = [partition, collection].filter((name) => name !== undefined).length;
  if (above >= path.length) return { ok: true, folders: folders.in(request), scope: scopeName(scope) };
  const name = path[above] ?? "";
  const own = folders.at(path);
  return { ok: true, folders: own && name > after ? [{ ...own, name }] : [] };
}
