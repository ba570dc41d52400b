/** Pages of the list of assets, which are kept ready. */

import { type KeyScope, narrowed, scopeName } from "../model/key-scope.ts";
import { invalid, type Refusal, type Result } from "../model/refusal.ts";
import type { LiveVault } from "./live.ts";
import type { VaultDatabase } from "./state/database.ts";
import { listPage, needsTags, pageKey, type PageRequest } from "./state/list-page.ts";

/** A page as JSON text, or as a stream of that text when it is large. */
export interface Page {
  body: string | ReadableStream<Uint8Array>;
}

/** What a page is asked for by the router: the filters as the caller gave them, and the scope that its cursor carries. */
export interface AssetPageRequest extends Omit<PageRequest, "named"> {
  readonly scope?: string | undefined;
}

/** The 400 of a cursor that was made for a key with another scope: its place is one in another list. */
export const wrongScope = (): Refusal => invalid("cursor: belongs to a key with another scope");

const EMPTY: Page = { body: '{"data":[],"cursor":null,"has_more":false}' };

/**
 * Takes a page from memory, or makes it and keeps it there if it is small. 503 while the tags are not indexed yet. A key
 * that is narrowed gets the list that its folder as a filter makes, with cursors that are good for such keys alone: 400
 * for any other.
 */
export function assetPage(
  database: VaultDatabase,
  live: LiveVault,
  { scope: ofCursor, ...request }: AssetPageRequest,
  scope: KeyScope | undefined,
): Result<Page> {
  if (request.from !== undefined && ofCursor !== scopeName(scope)) return wrongScope();
  const refusal = needsTags(request) ? live.notIndexed() : undefined;
  if (refusal) return refusal;
  const within = scope === undefined ? request : pageWithin(request, scope);
  if (!within) return { ok: true, ...EMPTY };
  const key = pageKey(within);
  const ready = live.pages.get(key);
  if (ready) return { ok: true, body: ready.body };
  const body = listPage(database, live.row.id, within);
  if (typeof body === "string") live.pages.set(key, { body });
  return { ok: true, body };
}

/** A page narrowed to a scope. Undefined when its filters leave nothing of that. */
function pageWithin(request: PageRequest, scope: KeyScope): PageRequest | undefined {
  const filter = narrowed(request.filter, scope);
  return filter && { ...request, filter, named: { ...request.filter, scope: scopeName(scope) } };
}
