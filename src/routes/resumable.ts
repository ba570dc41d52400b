/** The handlers of resumable uploads, by the protocol tus 1.0.0. */

import type { IgnoredNames } from "../http/ignored.ts";
import { durability, json, type Reply } from "../http/reply.ts";
import type { ApiRequest, Handler } from "../http/request.ts";
import {
  bytesRefusal,
  concatRefusal,
  uploadChecksum,
  uploadLength,
  uploadMetadata,
  uploadOffset,
  versionRefusal,
} from "../http/tus.ts";
import { TICKET } from "../http/ticket.ts";
import { isSessionId, newSessionId } from "../model/id.ts";
import { invalid, refuse, uploadNotFound } from "../model/refusal.ts";
import type { SessionStatus } from "../model/session.ts";
import { timestamp } from "../model/time.ts";
import { type Advanced, advanceSession } from "../upload/resumable/advance.ts";
import { outOfTerms } from "../upload/terms.ts";
import { sessionFile } from "../upload/resumable/metadata.ts";
import { newDigest } from "../upload/resumable/sha256.ts";

/** `uploads.create`: begins a session, and goes on with it if the body has bytes. */
export const createUpload: Handler = async (api) => {
  const wrongVersion = versionRefusal(api);
  if (wrongVersion) return wrongVersion;
  if (api.header("If-None-Match") !== null) return invalid("If-None-Match: is not taken here");
  const { declared } = api.reader;
  const hasBody = api.request.body !== null && declared !== 0;
  const wrongType = hasBody ? bytesRefusal(api) : undefined;
  if (wrongType) return wrongType;
  const size = concatRefusal(api) ?? uploadLength(api);
  if (!size.ok) return size;
  const { length } = size;
  if (declared !== undefined && declared > length) {
    return refuse("PAYLOAD_TOO_LARGE", `the body is longer than Upload-Length: ${length} bytes`);
  }
  const sum = uploadChecksum(api);
  if (!sum.ok) return sum;
  const metadata = uploadMetadata(api);
  if (!metadata.ok) return metadata;
  const described = sessionFile(metadata.pairs, api.ticket);
  if (!described.ok) return described;
  const { file, ignored } = described;
  const outOf = outOfTerms(api.ticket, { size: length, mimeType: file.mime_type });
  if (outOf) return outOf;
  const isHeld = hasBody || length === 0;
  const begun = { id: newSessionId(), file, sent: metadata.sent, length, digest: newDigest().state(), isHeld };
  const created = await api.vault("repeatable", (stub, caller) => stub.createSession(caller, begun));
  if (!created.ok) return created;
  const { status, held } = created;
  if (!isHeld || !held) return createdReply(api, status, undefined, ignored);
  const advanced = await api.lasting(async () => {
    const outcome = await advanceSession(api, held, sum.checksum);
    // The client has not been told of the session, so it cannot go on with it.
    if (!outcome.ok) await api.vault("repeatable", (stub, caller) => stub.endSession(caller, begun.id));
    return outcome;
  });
  return advanced.ok ? createdReply(api, status, advanced, ignored) : advanced;
};

function createdReply(
  api: ApiRequest,
  status: SessionStatus,
  advanced: Advanced | undefined,
  ignored: IgnoredNames,
): Reply {
  const { Location: asset, ...headers } = headersOf(api, status, advanced);
  return {
    status: 201,
    headers: {
      ...headers,
      Location: locationOf(api, status),
      ...(asset === undefined ? {} : { "Content-Location": asset }),
      ...ignored.header,
    },
  };
}

/**
 * Where a client goes on with a session. It goes there as it is told, and has nothing but the ticket to be let in by.
 */
function locationOf({ vaultId, ticket, query }: ApiRequest, { id }: SessionStatus): string {
  const path = `/api/v1/vaults/${vaultId}/uploads/${id}`;
  return ticket ? `${path}?${TICKET}=${String(query[TICKET])}` : path;
}

/** `uploads.append`: takes the next bytes. */
export const appendUpload: Handler = async (api) => {
  const wrong = versionRefusal(api) ?? bytesRefusal(api);
  if (wrong) return wrong;
  const at = uploadOffset(api);
  if (!at.ok) return at;
  const sum = uploadChecksum(api);
  if (!sum.ok) return sum;
  const id = api.param("uploadId");
  if (!isSessionId(id)) return uploadNotFound();
  const { declared } = api.reader;
  const length = api.request.body === null ? 0 : declared;
  const taken = await api.vault("repeatable", (stub, caller) =>
    stub.takeSession(caller, id, { offset: at.offset, length }),
  );
  if (!taken.ok) return taken;
  const { status, held } = taken;
  if (!held) {
    // The request is the last one, repeated.
    await api.drain();
    const isMore = at.offset === status.length && api.reader.bytesRead > 0;
    if (isMore) return refuse("PAYLOAD_TOO_LARGE", "the upload is finished: it has all bytes of Upload-Length");
    return { status: 204, headers: headersOf(api, status, undefined) };
  }
  const advanced = await api.lasting(() => advanceSession(api, held, sum.checksum));
  return advanced.ok ? { status: 204, headers: headersOf(api, status, advanced) } : advanced;
};

/** `uploads.get`: how a session stands. One that can be finished is finished. */
export const getUpload: Handler = async (api) => {
  const wrong = versionRefusal(api);
  if (wrong) return wrong;
  const id = api.param("uploadId");
  if (!isSessionId(id)) return uploadNotFound();
  const looked = await api.vault("repeatable", (stub, caller) => stub.lookAtSession(caller, id));
  if (!looked.ok) return looked;
  const { status, held } = looked;
  const advanced = held ? await api.lasting(() => advanceSession(api, held)) : undefined;
  if (advanced && !advanced.ok) return advanced;
  const now = advanced?.finished?.status ?? status;
  return json(
    {
      id,
      state: now.state,
      offset: now.offset,
      length: now.length,
      expires_at: timestamp(now.ends),
      asset_id: now.asset?.id ?? null,
    },
    {
      headers: {
        ...headersOf(api, status, advanced),
        "Upload-Length": String(now.length),
        // "If present in the Creation request, responses to HEAD requests MUST include the Upload-Metadata header and its value."
        ...(now.sent === "" ? {} : { "Upload-Metadata": now.sent }),
      },
    },
  );
};

/** `uploads.delete` */
export const deleteUpload: Handler = async (api) => {
  const wrong = versionRefusal(api);
  if (wrong) return wrong;
  const id = api.param("uploadId");
  if (!isSessionId(id)) return uploadNotFound();
  let attempts = 0;
  const ended = await api.vault("repeatable", (stub, caller) => {
    attempts++;
    return stub.endSession(caller, id);
  });
  // An attempt whose answer was lost has ended it.
  const isEnded = ended.ok || (attempts > 1 && ended.code === "UPLOAD_EXPIRED");
  return isEnded ? { status: 204 } : ended;
};

/**
 * What the head of an answer says of a session: how far it is, and the asset that came of it.
 *
 * @param before how the session stood when the request took it
 */
function headersOf(api: ApiRequest, before: SessionStatus, advanced: Advanced | undefined): Record<string, string> {
  const status = advanced?.finished?.status ?? before;
  const stored = advanced?.finished?.stored;
  const { asset } = status;
  const etag = stored?.etag ?? asset?.etag;
  return {
    "Upload-Offset": String(advanced?.offset ?? status.offset),
    // "The Server MUST prevent the client and/or proxies from caching the response" to a HEAD.
    "Cache-Control": "no-store",
    ...(status.state === "done" ? {} : { "Upload-Expires": new Date(advanced?.ends ?? status.ends).toUTCString() }),
    ...(asset ? { Location: `/api/v1/vaults/${api.vaultId}/assets/${asset.id}` } : {}),
    ...(etag ? { ETag: etag } : {}),
    ...(stored ? durability(stored.durable) : {}),
  };
}
