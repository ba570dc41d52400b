/** The handlers of assets: list, get, update, delete. */

import { createHash } from "node:crypto";
import type * as v from "valibot";
import { ENDPOINTS } from "../api/endpoints.ts";
import { parseParameters } from "../api/parse.ts";
import { precondition, tagConditions } from "../http/conditional.ts";
import { readBody } from "../http/json.ts";
import { safeRetry } from "../http/idempotency.ts";
import { durability, json, recordHeaders, replay } from "../http/reply.ts";
import type { Handler } from "../http/request.ts";
import { PATH_COMPONENTS } from "../model/asset.ts";
import { type AssetPatch, toPatch } from "../model/asset-patch.ts";
import { lowerAscii } from "../model/asset-match.ts";
import { type AssetSearch, canonicalSearch, type PageSearch } from "../model/asset-search.ts";
import { isAssetId } from "../model/id.ts";
import { inspectPatch } from "../model/metadata.ts";
import { shown } from "../model/names.ts";
import { assetNotFound, invalid, refuse } from "../model/refusal.ts";

/** A patch of this type follows RFC 7396. */
const MERGE_PATCH = "application/merge-patch+json";

/** `assets.list` */
export const listAssets: Handler = async (api) => {
  const query = parseParameters(ENDPOINTS["assets.list"].query, api.query);
  if (!query.ok) return query;
  const { limit, cursor, partition, collection, channel } = query.value;
  const other = PATH_COMPONENTS.find((name) => cursor && cursor[name] !== query.value[name]);
  if (other) return invalid(`cursor: belongs to a list with another ${other} filter`);
  const search = searchOf(query.value);
  // What is not UTF-8 would be searched for as something else.
  const malformed = search && api.malformedParameter;
  if (malformed !== undefined) return invalid(`${shown(malformed)}: must be UTF-8 in percent-encoding`);
  if (cursor && cursor.digest !== search?.digest) {
    return invalid("cursor: belongs to a list with other filters, or in another order");
  }
  const request = {
    filter: { partition, collection, channel },
    limit,
    from: cursor?.seq,
    scope: cursor?.scope,
    search,
  };
  const outcome = await api.vault("read", (stub, caller) => stub.listAssets(caller, request));
  return outcome.ok ? json(outcome.body) : outcome;
};

/** What a list is asked for beside the path; undefined when that is nothing. */
function searchOf(query: v.InferOutput<(typeof ENDPOINTS)["assets.list"]["query"]>): PageSearch | undefined {
  const { tag = [], id = [], order = "newest", q } = query;
  if (order === "newest" && BESIDE_THE_PATH.every((name) => query[name] === undefined)) return undefined;
  const { filename_prefix, mime_type, created_since, created_before, "metadata.{key}": metadata = [] } = query;
  const filters: AssetSearch = {
    tags: [...new Set(tag)],
    filename_prefix,
    mime_type,
    created_since,
    created_before,
    metadata,
    q: q === undefined ? undefined : lowerAscii(q),
    ids: [...new Set(id)],
  };
  const digest = createHash("sha256")
    .update(canonicalSearch(filters, order))
    .digest()
    .subarray(0, DIGEST_BYTES)
    .toString("base64url");
  return { filters, order, digest };
}

/** The parameters that make a list a search. */
const BESIDE_THE_PATH = [
  "tag",
  "filename_prefix",
  "mime_type",
  "created_since",
  "created_before",
  "metadata.{key}",
  "q",
  "id",
] as const;

/** How much of a search's SHA-256 stands for it. Nobody finds another search with the same. */
const DIGEST_BYTES = 16;

/** `assets.get` */
export const getAsset: Handler = async (api) => {
  const id = api.param("assetId");
  if (!isAssetId(id)) return assetNotFound();
  const outcome = await api.vault("read", (stub, caller) => stub.getAsset(caller, id));
  if (!outcome.ok) return outcome;
  const headers = recordHeaders(outcome.etag);
  const verdict = precondition(api.request.headers, { etag: outcome.etag });
  if (verdict === "failed") return refuse("PRECONDITION_FAILED", "If-Match: the asset has changed since");
  return verdict === "not-modified" ? { status: 304, headers } : json(outcome.body, { headers });
};

/** `assets.update` */
export const updateAsset: Handler = async (api) => {
  const id = api.param("assetId");
  const body = await readBody(api, ENDPOINTS["assets.update"].body, (text, type) => inspectPatch(text, mergeOf(type)));
  if (!body.ok) return body;
  const patch = toPatch(body.value, mergeOf(body.type));
  if (!patch.ok) return patch;
  const conditions = tagConditions(api.request.headers);
  const given = safeRetry(api, id, patch.patch, conditions);
  if (!given.ok) return given;
  if (!isAssetId(id)) return assetNotFound();
  const { retry } = given;
  const outcome = await api.vault(retry ? "repeatable" : "once", (stub, caller) =>
    stub.patchAsset(caller, id, patch.patch, conditions, retry),
  );
  if (!outcome.ok) return outcome;
  const headers = { ...recordHeaders(outcome.etag), ...durability(outcome.durable), ...replay(outcome.isReplayed) };
  return json(outcome.body, { headers });
};

/** `assets.delete` */
export const deleteAsset: Handler = async (api) => {
  const id = api.param("assetId");
  if (!isAssetId(id)) return assetNotFound();
  const conditions = tagConditions(api.request.headers);
  const outcome = await api.vault("once", (stub, caller) => stub.deleteAsset(caller, id, conditions));
  return outcome.ok ? { status: 204, headers: durability(outcome.durable) } : outcome;
};

const mergeOf = (type: string): AssetPatch["merge"] => (type === MERGE_PATCH ? "rfc7396" : "shallow");
