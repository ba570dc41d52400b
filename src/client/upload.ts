/** What an upload sends: the file as the body, its fields in the query; a form when they are too long for that. */

import { sentOver, type UploadBody, wayToSend } from "./sending.ts";
import { isResumable, ResumableUpload } from "./resumable.ts";
import { type Call, inVault, queryOf, type Transport } from "./transport.ts";
import type { FileSource, NewAssetFields, StoredAsset, UploadOptions } from "./types.ts";
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
  const source = sourceOf(file);
  const isStream = source instanceof ReadableStream;
  if (isStream && source.locked) throw new TypeError("file: the stream is being read already");
  const size = isStream ? options.size : source.size;
  if (size === undefined || !Number.isSafeInteger(size) || size < 0)
    throw new TypeError("size: a stream needs its size");
  const filename = fields.filename ?? (source as { name?: string }).name;
  if (!filename) throw new TypeError("filename: is required for what is no File");
  const type = options.contentType ?? ((isStream ? "" : source.type) || "application/octet-stream");
  if (!/^[ -~]+$/.test(type)) throw new TypeError("contentType: must be a media type");
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
  const isStream = source instanceof ReadableStream;
  const query = queryOf(texts);
  const isForm = query.length > LONGEST_QUERY || NO_RAW_TYPE.test(type);
  const form = isForm ? formAround(texts, type) : undefined;
  const before = form?.before.length ?? 0;
  const body: UploadBody = {
    pieces: form ? [new Blob([form.before]), source, new Blob([form.after])] : [source],
    length: before + size + (form?.after.length ?? 0),
    before,
    size,
  };
  const way = wayToSend(isStream || options.onProgress !== undefined, isOwnFetch);
  return {
    method: "POST",
    query: form ? "" : query,
    headers: {
      "Content-Type": form?.type ?? type,
      ...(options.ifNoneMatch === undefined ? {} : { "If-None-Match": options.ifNoneMatch }),
      ...keyHeader(options),
    },
    signal: options.signal,
    isOnce: isStream,
    ...sentOver(way, body, options.onProgress),
  };
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

/** What stands before and after a file to make a form of it. The boundary is random, so that no file holds it. */
function formAround(texts: Readonly<Record<string, string | undefined>>, fileType: string) {
  const boundary = `strongroom-${randomText()}`;
  const part = (parameters: string, rest: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; ${parameters}\r\n${rest}`;
  const fields = Object.entries(texts).map(([name, text]) =>
    text === undefined ? "" : part(`name="${name}"`, `\r\n${text}\r\n`),
  );
  // The field `filename` goes before the name that the file has here.
  const file = part('name="file"; filename="file"', `Content-Type: ${fileType}\r\n\r\n`);
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    before: encoder.encode(fields.join("") + file),
    after: encoder.encode(`\r\n--${boundary}--\r\n`),
  };
}
