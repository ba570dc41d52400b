/** The handlers of content: the bytes of an asset by its id, or by its path and name. */

import type { Validators } from "../http/conditional.ts";
import { answerContent } from "../http/content.ts";
import { CONTENT_POLICY, contentDisposition, type Disposition, safeDisposition } from "../http/disposition.ts";
import type { CachePlace } from "../http/edge-cache.ts";
import type { ApiRequest, Handler } from "../http/request.ts";
import { percentDecode } from "../http/query.ts";
import type { Reply } from "../http/reply.ts";
import { logError } from "../runtime/log.ts";
import { type AssetPath, type BodyLocation, type LocatedContent, PATH_COMPONENTS } from "../model/asset.ts";
import { checkFilename } from "../model/filename.ts";
import { isAssetId } from "../model/id.ts";
import { servedType } from "../model/media-type.ts";
import { assetNotFound, invalid, type Refusal, type Result, unavailable } from "../model/refusal.ts";
import { Bucket } from "../r2/bucket.ts";
import { parse } from "../api/parse.ts";
import { PathComponent } from "../api/schemas.ts";
import { cacheHeaders, contentOf, keeping, placeOf } from "./delivery.ts";

/** `content.get` */
export const getContent: Handler = async (api) => {
  const id = api.param("assetId");
  return isAssetId(id) ? serve(api, id) : assetNotFound();
};

/** `files.get`: the content of the newest asset of that name. */
export const getFile: Handler = async (api) => {
  const path = { partition: "", collection: "", channel: "" };
  for (const name of PATH_COMPONENTS) {
    const checked = parse(PathComponent, api.param(name));
    if (!checked.ok) return invalid(`${name}: ${checked.message}`);
    path[name] = checked.value;
  }
  const name = percentDecode(api.params["filename"] ?? "");
  if (name === undefined) return invalid("filename: must be UTF-8 in percent-encoding");
  const filename = checkFilename(name);
  return filename.ok ? serve(api, { ...path, filename: filename.filename }) : filename;
};

/**
 * Where the body is. The refusal names a path at which there is none, because its parts are easily taken for one
 * another.
 */
async function locate(api: ApiRequest, what: string | AssetPath): Promise<Result<LocatedContent>> {
  const found = await api.vault("read", (stub, caller) => stub.locateContent(caller, what));
  if (found.ok || found.code !== "ASSET_NOT_FOUND" || typeof what === "string") return found;
  const { partition, collection, channel, filename } = what;
  return { ...found, message: `no asset at ${partition}/${collection}/${channel}/${filename} in this vault` };
}

async function serve(api: ApiRequest, what: string | AssetPath): Promise<Reply | Refusal> {
  const place = placeOf(api, what, asked(api));
  const entry = await place?.find();
  const hit = place && entry && (await answerContent(api, contentOf(api, place, entry)));
  if (place) api.cache = hit ? "hit" : "miss";
  return hit ?? (await serveStored(api, what, place));
}

/** Serves what the vault knows of and R2 holds, and keeps it at its place in the cache. */
async function serveStored(
  api: ApiRequest,
  what: string | AssetPath,
  place: CachePlace | undefined,
): Promise<Reply | Refusal> {
  const since = Date.now();
  const found = await locate(api, what);
  if (!found.ok) return found;
  const { body, cacheSeconds = 0 } = found;
  const validators = validatorsOf(what, body);
  const type = servedType(body.mime_type);
  const headers = {
    ETag: validators.etag,
    ...(validators.lastModified === undefined
      ? {}
      : { "Last-Modified": new Date(validators.lastModified).toUTCString() }),
    ...cacheHeaders(api, cacheSeconds),
    "Content-Location": `/api/v1/vaults/${api.vaultId}/assets/${body.id}/content`,
    "Content-Type": type.text,
    "Accept-Ranges": "bytes",
    "Repr-Digest": `sha-256=:${Buffer.from(body.sha256, "hex").toString("base64")}:`,
    "Content-Disposition": contentDisposition(safeDisposition(type.essence, asked(api)), body.filename),
    "Content-Security-Policy": CONTENT_POLICY,
    "Cross-Origin-Resource-Policy": "cross-origin",
  };
  const { size } = body;
  const reply = await answerContent(api, {
    size,
    validators,
    headers,
    async open(part) {
      const object = await stored(api, body, part === "all" ? {} : { range: part });
      if (object === "unknown") return undefined;
      if (!object) return missing(api, what, body);
      return place && part === "all"
        ? keeping(api, place, { headers, size, since, seconds: cacheSeconds }, object)
        : object.body;
    },
  });
  return reply ?? unavailable("the content could not be read: try again");
}

/**
 * An asset's body never changes. At a path and name the newest asset can be followed by an older one, when it is
 * deleted.
 */
const validatorsOf = (what: string | AssetPath, body: BodyLocation): Validators => ({
  etag: `"${body.sha256}"`,
  lastModified: typeof what === "string" ? Date.parse(body.created_at) : undefined,
});

/** The body, once its beginning has come; null when there is none, and "unknown" when R2 fails or does not answer. */
async function stored(
  api: ApiRequest,
  { id, r2_key }: BodyLocation,
  options: R2GetOptions,
): Promise<R2ObjectBody | null | "unknown"> {
  try {
    return await new Bucket(api.env.BUCKET, api.watchdog).get(r2_key, options);
  } catch (error) {
    // Not the key: it holds names that a client chose.
    logError("content: R2 failed", error, { request: api.id, vault: api.vaultId, asset: id });
    return "unknown";
  }
}

/** The refusal when the body is gone: it was deleted a moment ago, or is lost. */
async function missing(api: ApiRequest, what: string | AssetPath, body: BodyLocation): Promise<Refusal> {
  const found = await locate(api, what);
  if (!found.ok) return found;
  logError("content: the body is missing", new Error("not in R2"), {
    request: api.id,
    vault: api.vaultId,
    asset: body.id,
  });
  return unavailable("the content is not available at the moment", 60);
}

/** Whether the client asks for an attachment: by `?download`, or by a link that was made for one. */
function asked(api: ApiRequest): Disposition {
  return api.query["download"] !== undefined || api.query["disposition"] === "attachment" ? "attachment" : "inline";
}
