/** The endpoints that change assets, for the table of endpoints.ts. */

import { MAX_BATCH_RECORD_BYTES, MAX_BATCH_TAGS } from "../model/limits.ts";
import { AssetRecord, BatchAnswer, FolderDeletion } from "./answers.ts";
import { BatchBody, FolderDeletionQuery, MergePatchBody, PatchBody } from "./change-schemas.ts";
import { type Endpoint, VAULT } from "./endpoint.ts";
import { PATH_EXAMPLES } from "./examples.ts";

export const CHANGE_ENDPOINTS = {
  "assets.update": {
    method: "PATCH",
    path: `${VAULT}/assets/:assetId`,
    access: "write",
    does: "Change, move or rename an asset",
    notes:
      "`application/json` merges `metadata` at the top level, where a null is stored, and replaces `tags`. " +
      "`application/merge-patch+json` follows RFC 7396, where a null removes. " +
      "In place of `tags`, `remove_tags` takes tags away and then `add_tags` appends those that are not there yet. " +
      "`partition`, `collection`, `channel` and `filename` move and rename the asset; its file stays where it is, and so " +
      "does `r2_key`.",
    headers: ["ifMatch", "ifNoneMatch", "idempotencyKey"],
    body: {
      json: { "application/json": PatchBody, "application/merge-patch+json": MergePatchBody },
      example: { metadata: { alt: "Two cats" }, tags: ["featured"] },
    },
    answers: {
      200: {
        is: "The record as it is now.",
        body: AssetRecord,
        headers: ["ETag", "Cache-Control"],
        mayHave: ["Strongroom-Durability", "Idempotency-Replayed"],
      },
    },
    refusals: ["ASSET_NOT_FOUND", "PRECONDITION_FAILED", "IDEMPOTENCY_KEY_REUSED"],
  },
  "assets.delete": {
    method: "DELETE",
    path: `${VAULT}/assets/:assetId`,
    access: "write",
    does: "Delete an asset and its file",
    headers: ["ifMatch", "ifNoneMatch"],
    answers: { 204: { is: "It is gone for every reader.", mayHave: ["Strongroom-Durability"] } },
    refusals: ["ASSET_NOT_FOUND", "PRECONDITION_FAILED"],
  },
  "assets.batch": {
    method: "POST",
    path: `${VAULT}/assets/batch`,
    access: "write",
    does: "Change and delete many assets",
    notes:
      "An `update` takes what `assets.update` takes as `application/json`. The operations happen one after the other, and " +
      "each gets the status that a request of its own would get. With `atomic` all of them happen or none: the first " +
      "refusal is then that of the whole request, and its message begins with the operation's place, as in " +
      "`operations[3]: …`. The records that a batch changes or deletes have at most " +
      `${MAX_BATCH_RECORD_BYTES} bytes together, and it gives and takes at most ${MAX_BATCH_TAGS} tags: an operation ` +
      "beyond that gets 413.",
    headers: ["idempotencyKey"],
    body: {
      json: { "application/json": BatchBody },
      example: {
        operations: [
          { op: "update", id: PATH_EXAMPLES.assetId, add_tags: ["featured"], channel: "archive" },
          { op: "delete", id: PATH_EXAMPLES.assetId, if_match: '"7"' },
        ],
      },
    },
    answers: {
      200: {
        is: "What became of each operation, in their order.",
        body: BatchAnswer,
        headers: ["Cache-Control"],
        mayHave: ["Strongroom-Durability", "Idempotency-Replayed"],
      },
    },
    refusals: ["ASSET_NOT_FOUND", "PRECONDITION_FAILED", "IDEMPOTENCY_KEY_REUSED"],
  },
  "assets.deleteFolder": {
    method: "DELETE",
    path: `${VAULT}/assets`,
    access: "write",
    does: "Delete the newest assets of a folder",
    notes:
      "A folder is a partition, with a collection, a channel or both. Whoever means all of it asks again while `has_more` " +
      "is true.",
    query: FolderDeletionQuery,
    answers: {
      200: {
        is: "How many were deleted, and whether there are more.",
        body: FolderDeletion,
        headers: ["Cache-Control"],
        mayHave: ["Strongroom-Durability"],
      },
    },
  },
} as const satisfies Readonly<Record<string, Endpoint>>;
