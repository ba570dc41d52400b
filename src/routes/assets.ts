import type { Handler } from "../http/request.ts";

import { JSON_TYPE, readJson } from "../http/json.ts";
import { precondition, tagConditions } from "../http/conditional.ts";
import { durability, json, recordHeaders } from "../http/reply.ts";
import { AssetListQuery, parse, PatchBody } from "../api/schemas.ts";
import { isAssetId } from "../model/id.ts";
import { type AssetPatch, inspectPatch, serializeMetadata, serializeTags } from "../model/metadata.ts";
import { essenceOf } from "../model/media-type.ts";
import { assetNotFound, invalid, refuse } from "../model/refusal.ts";

const MERGE_PATCH = "application/merge-patch+json";

/** The types of a PATCH. */
export const PATCH_TYPES: readonly string[] = [JSON_TYPE, MERGE_PATCH];

/** The list's order is by seq, and this is above every one. */
const NEWEST = Number.MAX_SAFE_INTEGER;

/** GET /api/v1/vaults/{vaultId}/assets */
export const listAssets: Handler = async (api) => {
  const query = parse(AssetListQuery, api.query);
  if (!query.ok) return api.refuse(query);
  const { limit, cursor, partition, collection, channel } = query.value;
  const other = (["partition", "collection", "channel"] as const).find(
    (name) => cursor && cursor[name] !== query.value[name],
  );
  if (other) return api.refuse(invalid(`cursor: belongs to a list with another ${other} filter`));
  const request = { filter: { partition, collection, channel }, limit, before: cursor?.seq ?? NEWEST };
  const outcome = await api.vault("read", (stub) => stub.listAssets(api.principal, request));
  return outcome.ok ? json(outcome.body) : outcome;
};

/** GET /api/v1/vaults/{vaultId}/assets/{assetId} */
export const getAsset: Handler = async (api) => {
  const id = api.param("assetId");
  if (!isAssetId(id)) return api.refuse(assetNotFound());
  const outcome = await api.vault("read", (stub) => stub.getAsset(api.principal, id));
  if (!outcome.ok) return outcome;
  const headers = recordHeaders(outcome.etag);
  const verdict = precondition(api.request.headers, { etag: outcome.etag });
  if (verdict === "failed") return refuse("PRECONDITION_FAILED", "If-Match: the asset has changed since");
  return verdict === "not-modified" ? { status: 304, headers } : json(outcome.body, { headers });
};

/** PATCH /api/v1/vaults/{vaultId}/assets/{assetId} */
export const patchAsset: Handler = async (api) => {
  const id = api.param("assetId");
  const merge = essenceOf(api.header("Content-Type") ?? "") === MERGE_PATCH ? "rfc7396" : "shallow";
  const body = await readJson(api, { types: PATCH_TYPES, inspect: (text) => inspectPatch(text, merge) });
  if (!body.ok) return api.refuse(body);
  const patch = assetPatch(body.value, merge);
  if (!patch.ok) return api.refuse(patch);
  if (!isAssetId(id)) return api.refuse(assetNotFound());
  const conditions = tagConditions(api.request.headers);
  const outcome = await api.vault("once", (stub) => stub.patchAsset(api.principal, id, patch.patch, conditions));
  if (!outcome.ok) return outcome;
  return json(outcome.body, { headers: { ...recordHeaders(outcome.etag), ...durability(outcome.durable) } });
};

/** DELETE /api/v1/vaults/{vaultId}/assets/{assetId} */
export const deleteAsset: Handler = async (api) => {
  const id = api.param("assetId");
  if (!isAssetId(id)) return api.refuse(assetNotFound());
  const conditions = tagConditions(api.request.headers);
  const outcome = await api.vault("once", (stub) => stub.deleteAsset(api.principal, id, conditions));
  return outcome.ok ? { status: 204, headers: durability(outcome.durable) } : outcome;
};

/** In a merge patch a null stands for "remove": tags are then none, and metadata, which cannot be absent, is refused. */
function assetPatch(value: unknown, merge: AssetPatch["merge"]) {
  const removesTags =
    merge === "rfc7396" && typeof value === "object" && value !== null && "tags" in value && value.tags === null;
  const parsed = parse(PatchBody, removesTags ? { ...value, tags: [] } : value);
  if (!parsed.ok) return parsed;
  const { metadata, tags } = parsed.value;
  const patch: AssetPatch = { merge };
  if (metadata) {
    // Nulls of a merge patch take room here and none after the merge: then only the vault can tell what fits.
    const serialized = merge === "shallow" ? serializeMetadata(metadata) : undefined;
    if (serialized && !serialized.ok) return serialized;
    patch.metadata = serialized?.json ?? JSON.stringify(metadata);
  }
  if (tags) {
    const serialized = serializeTags(tags);
    if (!serialized.ok) return serialized;
    patch.tags = serialized.json;
  }
  return { ok: true, patch } as const;
}
