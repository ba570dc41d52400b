/** The handler of uploads, which chooses between the two ways in which a file may come. */

import { bodyTypes } from "../api/endpoint.ts";
import { unsupportedEncoding, unsupportedType } from "../http/media-types.ts";
import { ENDPOINTS } from "../api/endpoints.ts";
import { idempotencyKey } from "../http/idempotency.ts";
import type { IgnoredNames } from "../http/ignored.ts";
import type { ApiRequest, Handler } from "../http/request.ts";
import { CACHE_BUSTER } from "../api/parse.ts";
import { TICKET } from "../http/ticket.ts";
import { durability, json, recordHeaders, replay, type Reply } from "../http/reply.ts";
import { PATH_COMPONENTS, type StoredRecord } from "../model/asset.ts";
import { MAX_FILE_BYTES } from "../model/limits.ts";
import { essenceOf } from "../model/essence.ts";
import { invalid, must, refuse, type Refusal, Refused, type Result } from "../model/refusal.ts";
import type { Acknowledged } from "../model/safe-retry.ts";
import { KeyedUpload } from "../upload/keyed-upload.ts";
import { MAX_TRAILER_BYTES, SMALL_FILE_BYTES } from "../upload/limits.ts";
import { boundaryOf, receiveForm } from "../upload/receive-form.ts";
import { finishUpload, commitUpload } from "../upload/commit.ts";
import { type RawUpload, rawUpload, receiveRaw } from "../upload/receive-raw.ts";
import type { UploadContext } from "../upload/body-source.ts";
import { outOfTerms } from "../upload/terms.ts";

const FORM = "multipart/form-data";

/** How a file comes, as the head of its request says. */
type Coming = { readonly boundary: string; readonly raw?: undefined } | { readonly raw: RawUpload };

/**
 * `assets.create`: the body is a form, or the file itself with its fields as query parameters. With `If-None-Match: *`
 * an asset is made only if the path has none of that name yet. With an `Idempotency-Key` it is made once, however often
 * it is sent.
 */
export const createAsset: Handler = async (api) => {
  const condition = api.header("If-None-Match");
  if (condition !== null && condition.trim() !== "*") {
    return invalid("If-None-Match: an upload can only be conditional on *");
  }
  const createOnly = condition !== null;
  const given = idempotencyKey(api);
  if (!given.ok) return given;
  if (api.ticket && given.key !== undefined) {
    return invalid("Idempotency-Key: is not taken with a ticket, which takes one upload however often it is sent");
  }
  const coming = comingOf(api);
  if (!coming.ok) return coming;
  if (api.ticket) return storeTicketed(api, coming.how, createOnly);
  if (given.key === undefined) return store(api, coming.how, createOnly, undefined);
  const keyed = new KeyedUpload(api, given.key, createOnly);
  try {
    return await storeOnce(api, coming.how, createOnly, keyed);
  } finally {
    await keyed.end();
  }
};

/** Stores a file unless it is known before its bytes have come that it has been stored already. */
async function storeOnce(
  api: ApiRequest,
  coming: Coming,
  createOnly: boolean,
  keyed: KeyedUpload,
): Promise<Reply | Refusal> {
  const { raw } = coming;
  const begun = await keyed.begin(
    raw && { fields: { ...raw.path, ...raw.fields.json, mime_type: raw.mime_type }, sha256: raw.promised },
  );
  if (!begun.ok) return begun;
  if (!begun.record) return store(api, coming, createOnly, keyed);
  await api.drain();
  return created(api, begun.record, raw?.fields.ignored);
}

/**
 * The same of an upload that comes by a ticket, if it can be told: by a promised digest, or by the size of a file that is
 * not small.
 */
async function storeTicketed(api: ApiRequest, coming: Coming, createOnly: boolean): Promise<Reply | Refusal> {
  const { raw } = coming;
  const size = raw && api.reader.declared;
  if (raw && (raw.promised !== undefined || (size ?? 0) > SMALL_FILE_BYTES)) {
    const known = { size, sha256: raw.promised };
    const used = await api.vault("repeatable", (stub, caller) => stub.findUseOfTicket(caller, known));
    if (!used.ok) return used;
    if (used.record) {
      await api.drain();
      return created(api, used.record, raw.fields.ignored);
    }
  }
  return store(api, coming, createOnly, undefined);
}

async function store(
  api: ApiRequest,
  coming: Coming,
  createOnly: boolean,
  keyed: KeyedUpload | undefined,
): Promise<Reply | Refusal> {
  const context: UploadContext = {
    env: api.env,
    vaultId: api.vaultId,
    request: api.id,
    watchdog: api.watchdog,
    terms: api.ticket,
    checkUpload: async (path, file) => {
      const refusal = outOfTerms(api.ticket, file);
      if (refusal) throw new Refused(refusal);
      const check = api.vault("repeatable", (stub, caller) =>
        stub.checkUpload(caller, path, createOnly, file, keyed?.key),
      );
      return Math.min(must(await check).most ?? Infinity, api.ticket?.max_file_bytes ?? Infinity);
    },
  };
  const { reader } = api;
  const arrived = await (coming.raw
    ? receiveRaw(context, reader, coming.raw)
    : receiveForm(context, reader, coming.boundary));
  if (!arrived.ok) return arrived;
  const { received } = arrived;
  // Parameters beside a form mean nothing.
  if (!coming.raw) for (const name of Object.keys(api.query)) if (!isMeant(api, name)) received.ignored.add(name);
  const outcome = await api.lasting(() =>
    finishUpload(received, (staged) => {
      const retry = keyed?.handOver(staged.upload);
      return api.timed(commitUpload(api, api.nextCaller(), staged, { createOnly, retry }));
    }),
  );
  return outcome.ok ? created(api, outcome, received.ignored) : outcome;
}

/** Whether a parameter beside a form means something. */
const isMeant = ({ ticket }: ApiRequest, name: string): boolean =>
  name === CACHE_BUSTER || (name === TICKET && ticket !== undefined);

function created(
  { vaultId, ticket }: ApiRequest,
  stored: Acknowledged<StoredRecord>,
  ignored: IgnoredNames | undefined,
): Reply {
  const headers = {
    ...recordHeaders(stored.etag),
    Location: `/api/v1/vaults/${vaultId}/assets/${stored.id}`,
    ...durability(stored.durable),
    ...(ticket ? {} : replay(stored.isReplayed)),
    ...ignored?.header,
  };
  // A ticket that was used for the same file has created nothing now.
  return json(stored.body, { status: ticket && stored.isReplayed ? 200 : 201, headers });
}

function comingOf(api: ApiRequest): Result<{ how: Coming }> {
  const { reader, query, ticket } = api;
  const contentType = api.header("Content-Type") ?? "";
  const encoded = unsupportedEncoding(api.header("Content-Encoding"));
  if (encoded) return encoded;
  if (essenceOf(contentType) === FORM) {
    const boundary = boundaryOf(contentType);
    if (!boundary.ok) return boundary;
    // The form around a file is as large before the file as after it, at most.
    const least = Math.max(0, (reader.declared ?? 0) - 2 * MAX_TRAILER_BYTES);
    return isOver(least) ?? outOfTerms(ticket, { size: least, mimeType: undefined }) ?? { ok: true, how: boundary };
  }
  const isRaw = ticket !== undefined || PATH_COMPONENTS.some((name) => query[name] !== undefined);
  if (!isRaw || essenceOf(contentType).startsWith("multipart/")) {
    const message = `Content-Type: must be ${FORM}, or any other with partition, collection, channel and filename in the query`;
    return unsupportedType(api, bodyTypes(ENDPOINTS["assets.create"]), message);
  }
  const malformed = api.malformedParameter;
  if (malformed !== undefined) return invalid(`${malformed.slice(0, 64)}: must be UTF-8 in percent-encoding`);
  const tooLarge = isOver(reader.declared);
  if (tooLarge) return tooLarge;
  const contentDigest = api.header("Content-Digest");
  const raw = rawUpload({ query, terms: ticket, contentType, contentDigest, size: reader.declared });
  return raw.ok ? { ok: true, how: raw } : raw;
}

const isOver = (size: number | undefined): Refusal | undefined =>
  size !== undefined && size > MAX_FILE_BYTES
    ? refuse("PAYLOAD_TOO_LARGE", `file: must be at most ${MAX_FILE_BYTES} bytes`)
    : undefined;
