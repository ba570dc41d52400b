/** Pages of the list of assets, which are kept ready. */

import type { Result } from "../model/refusal.ts";
import type { LiveVault } from "./live.ts";
import type { VaultDatabase } from "./state/database.ts";
import { listPage, needsTags, pageKey, type PageRequest } from "./state/list-page.ts";

/** A page as JSON text, or as a stream of that text when it is large. */
export interface Page {
  body: string | ReadableStream<Uint8Array>;
}

/** Takes a page from memory, or makes it and keeps it there if it is small. 503 while the tags are not indexed yet. */
export function assetPage(database: VaultDatabase, live: LiveVault, request: PageRequest): Result<Page> {
  const refusal = needsTags(request) ? live.notIndexed() : undefined;
  if (refusal) return refusal;
  const key = pageKey(request);
  const ready = live.pages.get(key);
  if (ready) return { ok: true, body: ready.body };
  const body = listPage(database, live.row.id, request);
  if (typeof body === "string") live.pages.set(key, { body });
  return { ok: true, body };
}
