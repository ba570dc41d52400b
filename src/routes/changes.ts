/** The handler of the feed of changes. */

import { ENDPOINTS } from "../api/endpoints.ts";
import { parseParameters } from "../api/parse.ts";
import { json } from "../http/reply.ts";
import type { Handler } from "../http/request.ts";

/** `changes.list` */
export const listChanges: Handler = async (api) => {
  const query = parseParameters(ENDPOINTS["changes.list"].query, api.query);
  if (!query.ok) return query;
  const { cursor: from, limit, wait, full } = query.value;
  const until = Date.now() + wait * 1000;
  const outcome = await api.vault(wait > 0 ? "waiting" : "read", (stub, caller) =>
    // A call that is made again waits for what is left of the time.
    stub.listChanges(caller, { from, limit, wait: Math.max(0, until - Date.now()), full }),
  );
  return outcome.ok ? json(outcome.body) : outcome;
};
