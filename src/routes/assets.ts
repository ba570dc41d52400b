import type { Handler } from "../http/request.ts";

import { readJson } from "../http/json.ts";
import { durability, json } from "../http/respond.ts";
import { AssetListQuery, parse, PatchBody } from "../http/schemas.ts";
import { weaklyMatches } from "../model/etag.ts";
import { isAssetId } from "../model/id.ts";
import { MAX_METADATA_DEPTH } from "../model/limits.ts";
import { type AssetPatch, nestsDeeper, serializeTags } from "../model/metadata.ts";
import { essence } from "../model/mime.ts";
import { assetNotFound, invalid } from "../model/refusal.ts";

const MERGE_PATCH = "application/merge-patch+json";

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
  const outcome = await api.vault("read", (stub) => stub.list(api.principal, request));
  return outcome.ok ? json(outcome.body) : outcome;
};

/** GET /api/v1/vaults/{vaultId}/assets/{assetId} */
export const getAsset: Handler = async (api) => {
  const id = api.param("assetId");
  if (!isAssetId(id)) return api.refuse(assetNotFound());
  const outcome = await api.vault("read", (stub) => stub.get(api.principal, id));
  if (!outcome.ok) return outcome;
  const headers = { ETag: outcome.etag };
  return isUnchanged(api.header("If-None-Match"), outcome.etag)
    ? { status: 304, headers }
    : json(outcome.body, { headers });
};

/** PATCH /api/v1/vaults/{vaultId}/assets/{assetId} */
export const patchAsset: Handler = async (api) => {
  const id = api.param("assetId");
  const body = await readJson(api, ["application/json", MERGE_PATCH]);
  if (!body.ok) return api.refuse(body);
  const merge = essence(api.header("Content-Type") ?? "") === MERGE_PATCH ? "rfc7396" : "shallow";
  const patch = assetPatch(body.value, merge);
  if (!patch.ok) return api.refuse(patch);
  if (!isAssetId(id)) return api.refuse(assetNotFound());
  const ifMatch = api.header("If-Match");
  const outcome = await api.vault("once", (stub) => stub.patch(api.principal, id, patch.patch, ifMatch));
  return outcome.ok ? json(outcome.body, { headers: { ETag: outcome.etag, ...durability(outcome.durable) } }) : outcome;
};

/** DELETE /api/v1/vaults/{vaultId}/assets/{assetId} */
export const deleteAsset: Handler = async (api) => {
  const id = api.param("assetId");
  if (!isAssetId(id)) return api.refuse(assetNotFound());
  const outcome = await api.vault("once", (stub) => stub.remove(api.principal, id, api.header("If-Match")));
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
    if (nestsDeeper(metadata, MAX_METADATA_DEPTH))
      return invalid(`metadata: must not nest deeper than ${MAX_METADATA_DEPTH} levels`);
    patch.metadata = JSON.stringify(metadata);
  }
  if (tags) {
    const serialized = serializeTags(tags);
    if (!serialized.ok) return serialized;
    patch.tags = serialized.json;
  }
  return { ok: true, patch } as const;
}

const isUnchanged = (ifNoneMatch: string | null, etag: string): boolean =>
  ifNoneMatch !== null && weaklyMatches(ifNoneMatch, etag);
