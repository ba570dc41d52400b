/** Endpoints of the feed of changes. */

import { DELETIONS_KEPT_MS } from "../model/limits.ts";
import { ChangesPage } from "./answers.ts";
import { type Endpoint, VAULT } from "./endpoint.ts";
import { ChangesQuery } from "./queries.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

export const FEED_ENDPOINTS = {
  "changes.list": {
    method: "GET",
    path: `${VAULT}/changes`,
    access: "read",
    does: "Follow what changes",
    notes:
      "Each asset that was created, changed or deleted since `cursor`, once, in its latest state, in the order of the changes. " +
      "Without a cursor that is the whole vault. With `wait` the answer waits for the first change, and is a small page then. " +
      "A page may be short or empty although `has_more` is true. An asset comes again when it changes while one pages. " +
      "A change is told before the durable record has it (`Strongroom-Durability: queued`). If it is lost with the " +
      `vault's storage, the cursor ends with 410. Deletions are kept for ${DELETIONS_KEPT_MS / DAY_MS} days, and cursors are good for as long.`,
    query: ChangesQuery,
    answers: { 200: { is: "A page of changes.", body: ChangesPage, headers: ["Cache-Control"] } },
    refusals: ["CURSOR_EXPIRED"],
  },
} as const satisfies Readonly<Record<string, Endpoint>>;
