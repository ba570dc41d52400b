/** The handlers of content: the bytes of an asset by its id, or by its path and name. */

import { precondition, type Validators } from "../http/conditional.ts";
import { requestedRange } from "../http/range.ts";
import { CONTENT_POLICY, contentDisposition, type Disposition, safeDisposition } from "../http/disposition.ts";
import type { ApiRequest, Handler } from "../http/request.ts";
import { percentDecode } from "../http/query.ts";
import { REVALIDATED, type Reply } from "../http/reply.ts";
import { logError } from "../runtime/log.ts";
import { type AssetPath, type BodyLocation, PATH_COMPONENTS } from "../model/asset.ts";
import { checkFilename } from "../model/filename.ts";
import { isAssetId } from "../model/id.ts";
import { servedType } from "../model/media-type.ts";
import { assetNotFound, invalid, refuse, type Refusal, type Result, unavailable } from "../model/refusal.ts";
import { Bucket } from "../r2/bucket.ts";
import { parse } from "../api/parse.ts";
import { PathComponent } from "../api/schemas.ts";

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
async function locate(api: ApiRequest, what: string | AssetPath): Promise<Result<{ body: BodyLocation }>> {
  const found = await api.vault("read", (stub, caller) => stub.locateContent(caller, what));
  if (found.ok || found.code !== "ASSET_NOT_FOUND" || typeof what === "string") return found;
  const { partition, collection, channel, filename } = what;
  return { ...found, message: `no asset at ${partition}/${collection}/${channel}/${filename} in this vault` };
}

async function serve(api: ApiRequest, what: string | AssetPath): Promise<Reply | Refusal> {
  const { headers } = api.request;
  const found = await locate(api, what);
  if (!found.ok) return found;
  const { body } = found;
  const validators = validatorsOf(what, body);
  const { etag, lastModified } = validators;
  // RFC 9110 15.4.5: the headers that a cache keeps up to date are in the 304 as in the 200.
  const common = {
    ETag: etag,
    ...(lastModified === undefined ? {} : { "Last-Modified": new Date(lastModified).toUTCString() }),
    "Cache-Control": REVALIDATED,
    "Content-Location": `/api/v1/vaults/${api.vaultId}/assets/${body.id}/content`,
  };

  const verdict = precondition(headers, validators);
  if (verdict === "failed")
    return refuse("PRECONDITION_FAILED", "the content is not the one that If-Match or If-Unmodified-Since names");
  if (verdict === "not-modified") return { status: 304, headers: common };

  // RFC 9110 14.2: a Range on anything but GET is ignored.
  const range = api.isHead ? "all" : requestedRange(headers, { size: body.size, etag });
  if (range === "unsatisfiable") {
    return refuse("RANGE_NOT_SATISFIABLE", `Range: the content has ${body.size} bytes`, {
      "Content-Range": `bytes */${body.size}`,
    });
  }
  const length = range === "all" ? body.size : range.length;
  const type = servedType(body.mime_type);
  const reply = {
    status: range === "all" ? 200 : 206,
    headers: {
      ...common,
      "Content-Type": type.text,
      "Content-Length": String(length),
      "Accept-Ranges": "bytes",
      "Repr-Digest": `sha-256=:${Buffer.from(body.sha256, "hex").toString("base64")}:`,
      "Content-Disposition": contentDisposition(safeDisposition(type.essence, asked(api)), body.filename),
      "Content-Security-Policy": CONTENT_POLICY,
      "Cross-Origin-Resource-Policy": "cross-origin",
      ...(range === "all"
        ? {}
        : { "Content-Range": `bytes ${range.offset}-${range.offset + range.length - 1}/${body.size}` }),
    },
  };
  if (api.isHead) return reply;
  const object = await stored(api, body, range === "all" ? {} : { range });
  if (object === "unknown") return unavailable("the content could not be read: try again");
  return object ? { ...reply, body: object.body } : missing(api, what, body);
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
