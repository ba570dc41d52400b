/** What an upload sends: the file as the body, its fields in the query; a form when they are too long for that. */

import { sentOver, type UploadBody, wayToSend } from "./sending.ts";
import { isResumable, ResumableUpload } from "./resumable.ts";
import { type Call, inVault, queryOf, type Transport } from "./transport.ts";
import type { FileSource, NewAssetFields, StoredAsset, TicketUploadOptions, UploadOptions } from "./types.ts";
import { keyHeader, randomText, stored } from "./values.ts";

/** A longer query would make a URL of more than 8 KB, which some proxies refuse. Characters. */
const LONGEST_QUERY = 7_500;

/**
 * Types that mean something else when a file is the whole body: the first would make a form of what the file holds, the second
 * counts as none, because curl says it of everything. The part of a form can have the second, and the first is refused there
 * by a message that says so.
 */
const NO_RAW_TYPE = /^(?:multipart\/|application\/x-www-form-urlencoded)/i;

const encoder = new TextEncoder();

/** Uploads a file, in one request or in several. */
export async function uploadFile(
  transport: Transport,
  vaultId: string,
  file: FileSource,
  fields: NewAssetFields,
  options: UploadOptions,
): Promise<StoredAsset> {
  const made = newFile(file, fields, options);
  const { source, texts, type } = made;
  if (isResumable(source, options, transport.token)) {
    const whole = { source: source as Blob, fields: { ...texts, mime_type: type } };
    return new ResumableUpload(transport, vaultId, whole, options).run();
  }
  const call = uploadCall(made, options, transport.isOwnFetch);
  return transport.json({ ...call, path: inVault(vaultId, "assets") }, stored);
}

/** A file to upload, checked. */
interface NewFile {
  readonly source: Blob | ReadableStream<Uint8Array>;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  /** The fields of the upload. */
  readonly texts: Readonly<Record<string, string | undefined>>;
}

/** Throws TypeError when the file is none, or lacks its size or name. */
function newFile(file: FileSource, fields: NewAssetFields, options: UploadOptions): NewFile {
  const { source, size, name, type } = factsOf(file, options);
  const filename = fields.filename ?? name;
  if (!filename) throw new TypeError("filename: is required for what is no File");
  const { metadata, tags, ...path } = fields;
  return { source, size, type, texts: { ...path, filename, metadata: asJson(metadata), tags: asJson(tags) } };
}

/**
 * The call that uploads a file, but for its path.
 *
 * @param isOwnFetch whether requests go through a function of the caller's
 */
function uploadCall(
  { source, size, type, texts }: NewFile,
  options: UploadOptions,
  isOwnFetch: boolean,
): Omit<Call, "path"> {
  const query = queryOf(texts);
  const isForm = query.length > LONGEST_QUERY || NO_RAW_TYPE.test(type);
  const form = isForm ? formAround(texts, type) : undefined;
  const body = form ? formBody(form, source, size) : { pieces: [source], length: size, before: 0, size };
  const call = callOf(body, form?.type ?? type, options, isOwnFetch);
  return { ...call, query: form ? "" : query, headers: { ...call.headers, ...keyHeader(options) } };
}

/**
 * The call that uploads a file by a ticket, but for its path and the ticket. It is a form: there the name that the file has
 * here is no claim of the uploader's, and the ticket may say another. It may be repeated, because the ticket takes the same
 * file again.
 *
 * @param isOwnFetch whether requests go through a function of the caller's
 * @throws TypeError when the file is none, or lacks its size
 */
export function ticketCall(
  file: FileSource,
  options: TicketUploadOptions,
  isOwnFetch: boolean,
): Omit<Call, "path" | "query"> {
  const { source, size, name, type } = factsOf(file, options);
  const { filename, metadata, tags } = options;
  const form = formAround({ filename, metadata: asJson(metadata), tags: asJson(tags) }, type, name || "file");
  return { ...callOf(formBody(form, source, size), form.type, options, isOwnFetch), isHarmless: true };
}

function callOf(
  body: UploadBody,
  type: string,
  { ifNoneMatch, signal, onProgress }: UploadOptions,
  isOwnFetch: boolean,
) {
  const isStream = body.pieces.some((piece) => piece instanceof ReadableStream);
  const condition: Record<string, string> = ifNoneMatch === undefined ? {} : { "If-None-Match": ifNoneMatch };
  return {
    method: "POST",
    headers: { "Content-Type": type, ...condition },
    signal,
    isOnce: isStream,
    ...sentOver(wayToSend(isStream || onProgress !== undefined, isOwnFetch), body, onProgress),
  } as const;
}

/** What is known of a file before it is sent. */
function factsOf(file: FileSource, options: Pick<UploadOptions, "size" | "contentType">) {
  const source = sourceOf(file);
  const isStream = source instanceof ReadableStream;
  if (isStream && source.locked) throw new TypeError("file: the stream is being read already");
  const size = isStream ? options.size : source.size;
  if (size === undefined || !Number.isSafeInteger(size) || size < 0)
    throw new TypeError("size: a stream needs its size");
  const type = options.contentType ?? ((isStream ? "" : source.type) || "application/octet-stream");
  if (!/^[ -~]+$/.test(type)) throw new TypeError("contentType: must be a media type");
  return { source, size, name: (source as { name?: string }).name, type };
}

const asJson = (value: unknown): string | undefined => (value === undefined ? undefined : JSON.stringify(value));

function sourceOf(file: FileSource): Blob | ReadableStream<Uint8Array> {
  if (file instanceof Blob || file instanceof ReadableStream) return file;
  // What is in memory is copied: it may change while it is sent, and be sent again.
  if (file instanceof ArrayBuffer || ArrayBuffer.isView(file)) return new Blob([file as Uint8Array<ArrayBuffer>]);
  throw new TypeError(
    "file: must be a File, a Blob, bytes or a ReadableStream; for a path in Node, openAsBlob of node:fs",
  );
}

/** A file with what stands around it. */
function formBody({ before, after }: Form, source: Blob | ReadableStream<Uint8Array>, size: number): UploadBody {
  return {
    pieces: [new Blob([before]), source, new Blob([after])],
    length: before.length + size + after.length,
    before: before.length,
    size,
  };
}

/** A name in quotes of a header. No name has line breaks, which would end the header. */
const quoted = (name: string): string => name.replace(/["\\]/g, "\\$&").replace(/[\r\n]/g, encodeURIComponent);

type Form = ReturnType<typeof formAround>;

/**
 * What stands before and after a file to make a form of it. The boundary is random, so that no file holds it.
 *
 * @param called what the file is called here
 */
function formAround(texts: Readonly<Record<string, string | undefined>>, fileType: string, called = "file") {
  const boundary = `strongroom-${randomText()}`;
  const part = (parameters: string, rest: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; ${parameters}\r\n${rest}`;
  const fields = Object.entries(texts).map(([name, text]) =>
    text === undefined ? "" : part(`name="${name}"`, `\r\n${text}\r\n`),
  );
  // The field `filename` goes before the name that the file has here.
  const file = part(`name="file"; filename="${quoted(called)}"`, `Content-Type: ${fileType}\r\n\r\n`);
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    before: encoder.encode(fields.join("") + file),
    after: encoder.encode(`\r\n--${boundary}--\r\n`),
  };
}
