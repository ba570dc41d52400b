/** The handlers of folders: list. */

import { ENDPOINTS } from "../api/endpoints.ts";
import { parseParameters } from "../api/parse.ts";
import { json } from "../http/reply.ts";
import type { Handler } from "../http/request.ts";
import { encodeCursor } from "../model/cursor.ts";
import { invalid } from "../model/refusal.ts";

/** `folders.list` */
export const listFolders: Handler = async (api) => {
  const query = parseParameters(ENDPOINTS["folders.list"].query, api.query);
  if (!query.ok) return query;
  const { partition, collection, limit, cursor } = query.value;
  for (const name of ["partition", "collection"] as const) {
    if (cursor && cursor[name] !== query.value[name]) return invalid(`cursor: belongs to a list of another ${name}`);
  }
  const request = { partition, collection, after: cursor?.name ?? "", scope: cursor?.scope, limit: limit + 1 };
  const outcome = await api.vault("read", (stub, caller) => stub.listFolders(caller, request));
  if (!outcome.ok) return outcome;
  const data = outcome.folders.slice(0, limit);
  const last = data.at(-1);
  const has_more = outcome.folders.length > limit;
  const next = has_more && last ? encodeCursor({ name: last.name, partition, collection, scope: outcome.scope }) : null;
  return json({ data, cursor: next, has_more });
};
