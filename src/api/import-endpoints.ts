/** The endpoints by which a vault is imported, for the table of endpoints.ts. */

import { MAX_IMPORT_RECORDS } from "../model/limits.ts";
import { ImportAnswer } from "./answers.ts";
import { type Endpoint, VAULT } from "./endpoint.ts";
import { importExample } from "./examples.ts";
import { ImportBody, ImportBodyQuery } from "./import-schemas.ts";

export const IMPORT_ENDPOINTS = {
  "vaults.import": {
    method: "POST",
    path: `${VAULT}/import`,
    access: "admin",
    does: "Bring the assets of an export into an empty vault",
    notes:
      `Up to ${MAX_IMPORT_RECORDS} lines of an export a request, as \`changes.list\` gives them with \`full\`: ids, order, times and entity tags ` +
      "stay as they were, and `vault_id` and the beginning of `r2_key` become this vault's. An asset is taken when its file is there: those whose file is not " +
      "there are named in `missing`, and `vaults.importBody` brings it. Lines may come in any order, at the same time and again, " +
      "so whoever was cut off begins anew. `top`, `assets` and `bytes` say what the whole is, and name the import: " +
      "another one gets 409, and so does a line that is beyond them, and a vault that has assets of its own or had some of late. With the first request the vault stops taking other " +
      "writes of assets, and its feed of changes: they get 503 until a request with `finish` has found that all is there.",
    body: { json: { "application/json": ImportBody }, example: importExample },
    answers: {
      200: {
        is: "What became of the lines.",
        body: ImportAnswer,
        headers: ["Cache-Control"],
        mayHave: ["Strongroom-Durability"],
      },
    },
    refusals: ["NOT_FOUND", "CONFLICT", "QUOTA_EXCEEDED"],
  },
  "vaults.importBody": {
    method: "POST",
    path: `${VAULT}/import/bodies`,
    access: "admin",
    does: "Bring the file of an asset that is to be imported",
    notes:
      "The body is the file, with a `Content-Length`. It is stored if its SHA-256 is that of the record, and else nothing is. " +
      "An asset that was imported already keeps its file: another one gets 409. " +
      "Proxies may take no more than 100 MB in one request.",
    query: ImportBodyQuery,
    body: { bytes: ["application/octet-stream"], is: "The file." },
    answers: { 204: { is: "The file is there." } },
    refusals: ["NOT_FOUND", "CONFLICT", "PAYLOAD_TOO_LARGE"],
  },
} as const satisfies Readonly<Record<string, Endpoint>>;
