/** The handlers of requests that change or delete many assets at once. */

import { BATCH_OPERATIONS, BatchEnvelope } from "../api/change-schemas.ts";
import { ENDPOINTS } from "../api/endpoints.ts";
import { CACHE_BUSTER, parseBody, parseParameters } from "../api/parse.ts";
import { readBody } from "../http/json.ts";
import { safeRetry } from "../http/idempotency.ts";
import { durability, json, replay } from "../http/reply.ts";
import type { ApiRequest, Handler } from "../http/request.ts";
import { toPatch } from "../model/asset-patch.ts";
import type { BatchOperation } from "../model/batch.ts";
import type { Conditions } from "../model/etag.ts";
import { inspectBatch, isJsonObject } from "../model/metadata.ts";
import { shown } from "../model/names.ts";
import { invalid, type Refusal, type Result } from "../model/refusal.ts";

/** `assets.batch` */
export const batchAssets: Handler = async (api) => {
  const body = await readBody(api, { json: { "application/json": BatchEnvelope } }, inspectBatch);
  if (!body.ok) return body;
  const [parameter] = Object.keys(api.query).filter((name) => name !== CACHE_BUSTER);
  if (parameter !== undefined) {
    return invalid(`${shown(parameter)}: a batch takes no parameters; atomic is a field of its body`);
  }
  const bound = whole(api, "each operation of a batch has an if_match of its own");
  if (bound) return bound;
  const operations: BatchOperation[] = [];
  for (const [at, operation] of body.value.operations.entries()) {
    const parsed = toOperation(operation, `operations[${at}]`);
    if (!parsed.ok) return parsed;
    operations.push(parsed.operation);
  }
  const { atomic } = body.value;
  const given = safeRetry(api, operations, atomic);
  if (!given.ok) return given;
  const { retry } = given;
  const outcome = await api.vault(retry ? "repeatable" : "once", (stub, caller) =>
    stub.batchAssets(caller, operations, atomic, retry),
  );
  if (!outcome.ok) return outcome;
  const { results, durable, isReplayed } = outcome;
  const headers = { ...durability(durable), ...replay(isReplayed) };
  return json({ data: results, durability: durable ? "recorded" : "queued" }, { headers });
};

/** `assets.deleteFolder` */
export const deleteFolder: Handler = async (api) => {
  const query = parseParameters(ENDPOINTS["assets.deleteFolder"].query, api.query);
  if (!query.ok) return query;
  const bound = whole(api, "a folder has no entity tag");
  if (bound) return bound;
  const { limit, ...folder } = query.value;
  const outcome = await api.vault("once", (stub, caller) => stub.deleteFolder(caller, folder, limit));
  if (!outcome.ok) return outcome;
  const { deleted, has_more, durable } = outcome;
  return json({ deleted, has_more }, { headers: durability(durable) });
};

/** Refuses a condition on a request as a whole: to ignore it would change what was not meant. */
function whole(api: ApiRequest, why: string): Refusal | undefined {
  const name = ["If-Match", "If-None-Match"].find((header) => api.header(header) !== null);
  return name === undefined ? undefined : invalid(`${name}: cannot be used here; ${why}`);
}

/** An operation of a batch in the form that the vault takes. `at` is where it stands in the body. */
function toOperation(value: unknown, at: string): Result<{ operation: BatchOperation }> {
  const op = isJsonObject(value) ? value["op"] : undefined;
  if (isJsonObject(value) && op !== "update" && op !== "delete") {
    return invalid(`${at}.op: must be "update" or "delete"`);
  }
  if (op !== "update") {
    const parsed = parseBody(BATCH_OPERATIONS.delete, value, at);
    if (!parsed.ok) return parsed;
    const { id, if_match } = parsed.value;
    return { ok: true, operation: { op: "delete", id, conditions: condition(if_match) } };
  }
  const parsed = parseBody(BATCH_OPERATIONS.update, value, at);
  if (!parsed.ok) return parsed;
  const { id, if_match, op: _, ...fields } = parsed.value;
  const patch = toPatch(fields, "shallow");
  if (!patch.ok) return { ...patch, message: `${at}.${patch.message}` };
  return { ok: true, operation: { op, id, conditions: condition(if_match), patch: patch.patch } };
}

const condition = (ifMatch: string | undefined): Conditions => ({ ifMatch: ifMatch ?? null, ifNoneMatch: null });
