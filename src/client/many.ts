/** Requests that change or delete many assets at once. */

import { queryOf, type Transport } from "./transport.ts";
import type {
  BatchAnswer,
  BatchOperation,
  DeleteFolderOptions,
  FolderDeletion,
  FolderFields,
  WriteOptions,
} from "./types.ts";
import { assertBound, writeOf } from "./values.ts";

/** The most assets that one request deletes of a folder. */
const MOST_DELETED = 1_000;

const FOLDER_FIELDS: ReadonlySet<string> = new Set<keyof FolderFields>(["partition", "collection", "channel"]);

/** Deletes the assets of a folder, request by request. See `Assets.deleteFolder`. */
export async function deleteEach(
  transport: Transport,
  path: readonly string[],
  folder: FolderFields,
  { limit, signal, onProgress }: DeleteFolderOptions,
): Promise<FolderDeletion> {
  // Whatever got lost of the folder would delete more than is meant.
  for (const [name, value] of Object.entries(folder)) {
    if (!FOLDER_FIELDS.has(name)) throw new TypeError(`${name}: is no part of a folder`);
    if (typeof value !== "string")
      throw new TypeError(`${name}: must be a string; leave it out to mean the folder above`);
  }
  const most = limit ?? Infinity;
  for (let deleted = 0; ;) {
    const query = queryOf({ ...folder, limit: Math.min(most - deleted, MOST_DELETED) });
    // A request that is repeated deletes as many once more.
    const call = { method: "DELETE", path, query, signal, isOnce: limit !== undefined } as const;
    const page = await transport.json(call, (value) => value as FolderDeletion);
    deleted += page.deleted;
    onProgress?.({ deleted });
    if (!page.has_more || deleted >= most) return { deleted, has_more: page.has_more };
  }
}

/** See `Assets.batch`. */
export async function sendBatch(
  transport: Transport,
  path: readonly string[],
  operations: readonly BatchOperation[],
  { atomic = false, ...options }: WriteOptions & { atomic?: boolean | undefined },
): Promise<BatchAnswer> {
  for (const operation of operations) assertBound(operation, "if_match");
  const call = { method: "POST", path, ...writeOf({ operations, atomic }, options) } as const;
  return transport.json(call, (value) => value as BatchAnswer);
}
