import { readJson } from "../http/json.ts";
import { signedPath } from "../http/link.ts";
import type { Handler } from "../http/request.ts";
import { json } from "../http/reply.ts";
import { LinkBody, parse } from "../api/schemas.ts";
import { isAssetId } from "../model/id.ts";
import { assetNotFound } from "../model/refusal.ts";
import { timestamp } from "../model/time.ts";

/** POST /api/v1/vaults/{vaultId}/assets/{assetId}/links: a URL that opens the content to whoever has it, for a time */
export const createLink: Handler = async (api) => {
  const { principal, vaultId, env } = api;
  const read = await readJson(api, { optional: true });
  if (!read.ok) return api.refuse(read);
  const body = parse(LinkBody, read.value);
  if (!body.ok) return api.refuse(body);
  const assetId = api.param("assetId");
  if (!isAssetId(assetId)) return api.refuse(assetNotFound());
  const found = await api.vault("read", (stub) => stub.locateContent(principal, assetId));
  if (!found.ok) return found;
  if (principal.kind !== "key") throw new Error("only keys make links");
  const expires = Math.floor(Date.now() / 1000) + body.value.expires_in;
  const { disposition } = body.value;
  const path = await signedPath(env, { vaultId, assetId, keyId: principal.keyId, expires, disposition });
  const url = new URL(path, api.url).href;
  return json(
    { url, expires_at: timestamp(expires * 1000) },
    { status: 201, headers: { "Cache-Control": "no-store" } },
  );
};
