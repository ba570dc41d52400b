/** The handler of uploads, which chooses between the two ways in which a file may come. */

import { bodyTypes } from "../api/endpoint.ts";
import { ENDPOINTS } from "../api/endpoints.ts";
import type { ApiRequest, Handler } from "../http/request.ts";
import { CACHE_BUSTER } from "../api/parse.ts";
import { durability, json, recordHeaders } from "../http/reply.ts";
import { PATH_COMPONENTS } from "../model/asset.ts";
import { MAX_FILE_BYTES } from "../model/limits.ts";
import { essenceOf } from "../model/media-type.ts";
import { invalid, must, refuse, type Refusal, type Result } from "../model/refusal.ts";
import { MAX_TRAILER_BYTES } from "../upload/limits.ts";
import { boundaryOf, receiveForm } from "../upload/receive-form.ts";
import { finishUpload, commitUpload } from "../upload/commit.ts";
import { receiveRaw } from "../upload/receive-raw.ts";
import type { Received } from "../upload/staged.ts";
import type { UploadContext } from "../upload/body-source.ts";

const FORM = "multipart/form-data";

/**
 * `assets.create`: the body is a form, or the file itself with its fields as query parameters. With `If-None-Match: *`
 * an asset is made only if the path has none of that name yet.
 */
export const createAsset: Handler = async (api) => {
  const { env, vaultId } = api;
  const condition = api.header("If-None-Match");
  if (condition !== null && condition.trim() !== "*") {
    return invalid("If-None-Match: an upload can only be conditional on *");
  }
  const createOnly = condition !== null;
  const received = await receive(api, {
    env,
    vaultId,
    request: api.id,
    watchdog: api.watchdog,
    checkUpload: async (path, file) => {
      const check = api.vault("repeatable", (stub, caller) => stub.checkUpload(caller, path, createOnly, file));
      return must(await check).most ?? Infinity;
    },
  });
  if (!received.ok) return received;
  const outcome = await api.lasting(() =>
    finishUpload(received.received, (staged) => api.timed(commitUpload(api, api.nextCaller(), staged, createOnly))),
  );
  if (!outcome.ok) return outcome;
  const headers = {
    ...recordHeaders(outcome.etag),
    Location: `/api/v1/vaults/${vaultId}/assets/${outcome.id}`,
    ...durability(outcome.durable),
    ...received.received.ignored.header,
  };
  return json(outcome.body, { status: 201, headers });
};

async function receive(api: ApiRequest, context: UploadContext): Promise<Result<{ received: Received }>> {
  const { reader, query } = api;
  const contentType = api.header("Content-Type") ?? "";
  const encoding = api.header("Content-Encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") {
    // RFC 9110 15.5.16: the refusal says what would be accepted.
    return unsupported("Content-Encoding: must be identity; send the file as it is", { "Accept-Encoding": "identity" });
  }
  if (essenceOf(contentType) === FORM) {
    const boundary = boundaryOf(contentType);
    if (!boundary.ok) return boundary;
    // The form around a file is as large before the file as after it, at most.
    const received =
      isOver(reader.declared, MAX_FILE_BYTES + 2 * MAX_TRAILER_BYTES) ??
      (await receiveForm(context, reader, boundary.boundary));
    // Parameters beside a form mean nothing.
    if (received.ok) {
      for (const name of Object.keys(query)) if (name !== CACHE_BUSTER) received.received.ignored.add(name);
    }
    return received;
  }
  const isRaw = PATH_COMPONENTS.some((name) => query[name] !== undefined);
  if (!isRaw || essenceOf(contentType).startsWith("multipart/")) {
    const message = `Content-Type: must be ${FORM}, or any other with partition, collection, channel and filename in the query`;
    return unsupported(message, { "Accept-Post": bodyTypes(ENDPOINTS["assets.create"]).join(", ") });
  }
  const malformed = api.malformedParameter;
  if (malformed !== undefined) return invalid(`${malformed.slice(0, 64)}: must be UTF-8 in percent-encoding`);
  const request = { query, contentType, contentDigest: api.header("Content-Digest") };
  return isOver(reader.declared, MAX_FILE_BYTES) ?? receiveRaw(context, reader, request);
}

const unsupported = (message: string, headers: Record<string, string>): Refusal =>
  refuse("UNSUPPORTED_MEDIA_TYPE", message, headers);

const isOver = (declared: number | undefined, limit: number): Refusal | undefined =>
  declared !== undefined && declared > limit
    ? refuse("PAYLOAD_TOO_LARGE", `file: must be at most ${MAX_FILE_BYTES} bytes`)
    : undefined;
