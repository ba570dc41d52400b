import { ENDPOINTS } from "../api/endpoints.ts";
import { readBody } from "../http/json.ts";
import { signedPath } from "../http/link.ts";
import type { Handler } from "../http/request.ts";
import { json } from "../http/reply.ts";
import { isAssetId } from "../model/id.ts";
import { assetNotFound, noHost } from "../model/refusal.ts";
import { timestamp } from "../model/time.ts";

/** `links.create`: makes a URL that opens the content, for a time, to whoever has it. */
export const createLink: Handler = async (api) => {
  const { vaultId, env, keyId } = api;
  const body = await readBody(api, ENDPOINTS["links.create"].body);
  if (!body.ok) return body;
  const assetId = api.param("assetId");
  if (!isAssetId(assetId)) return assetNotFound();
  const found = await api.vault("read", (stub, caller) => stub.locateContent(caller, assetId));
  if (!found.ok) return found;
  const expires = Math.floor(Date.now() / 1000) + body.value.expires_in;
  const { disposition } = body.value;
  const path = await signedPath(env, { vaultId, assetId, keyId, expires, disposition });
  const url = URL.parse(path, api.url);
  if (!url) return noHost();
  return json(
    { url: url.href, expires_at: timestamp(expires * 1000) },
    { status: 201, headers: { "Cache-Control": "no-store" } },
  );
};
