/** What the head of a request says by the protocol tus 1.0.0 (https://tus.io/protocols/resumable-upload). */

import { OFFSET_BYTES, TUS_ALGORITHMS, TUS_VERSION } from "../api/session-endpoints.ts";
import { unsupportedEncoding, unsupportedType } from "./media-types.ts";
import { MAX_SESSION_BYTES } from "../model/limits.ts";
import { essenceOf } from "../model/essence.ts";
import { invalid, refuse, type Refusal, type Result } from "../model/refusal.ts";
import type { ApiRequest } from "./request.ts";

type Algorithm = (typeof TUS_ALGORITHMS)[number];

const DIGEST_BYTES = { sha1: 20, sha256: 32 } as const satisfies Record<Algorithm, number>;

/** What the bytes of one request must digest to. */
export interface Checksum {
  readonly algorithm: Algorithm;
  /** In lower-case hex. */
  readonly digest: string;
}

/**
 * "The Tus-Resumable header MUST be included in every request and response except for OPTIONS requests. […] If the
 * version specified by the Client is not supported by the Server, it MUST respond with the 412 Precondition Failed
 * status and MUST include the Tus-Version header into the response."
 */
export function versionRefusal(api: ApiRequest): Refusal | undefined {
  if (api.header("Tus-Resumable")?.trim() === TUS_VERSION) return undefined;
  return refuse("PRECONDITION_FAILED", `Tus-Resumable: must be ${TUS_VERSION}`, { "Tus-Version": TUS_VERSION });
}

const bytesIn = (text: string | null): number | undefined =>
  text !== null && /^\s*\d{1,15}\s*$/.test(text) ? Number(text) : undefined;

/** Upload-Concat: a part of a file that is made an asset would pass for the file. */
export function concatRefusal(api: ApiRequest): Refusal | undefined {
  if (api.header("Upload-Concat") === null) return undefined;
  return invalid("Upload-Concat: is not supported; send the file as one upload");
}

/** Upload-Length: the bytes of the whole file. */
export function uploadLength(api: ApiRequest): Result<{ length: number }> {
  if (api.header("Upload-Defer-Length") !== null) {
    return invalid("Upload-Defer-Length: is not supported; send Upload-Length");
  }
  const header = api.header("Upload-Length");
  if (header === null) return invalid("Upload-Length: is required");
  const length = bytesIn(header);
  if (length === undefined) return invalid("Upload-Length: must be a whole number of bytes");
  if (length > MAX_SESSION_BYTES) {
    return refuse("PAYLOAD_TOO_LARGE", `Upload-Length: must be at most ${MAX_SESSION_BYTES} bytes`);
  }
  return { ok: true, length };
}

/** Upload-Offset: which byte of the file the body begins with. */
export function uploadOffset(api: ApiRequest): Result<{ offset: number }> {
  const header = api.header("Upload-Offset");
  if (header === null) return invalid("Upload-Offset: is required");
  const offset = bytesIn(header);
  return offset === undefined ? invalid("Upload-Offset: must be a whole number of bytes") : { ok: true, offset };
}

/** Refuses a body of another media type than bytes of an upload have, and one that is encoded. */
export function bytesRefusal(api: ApiRequest): Refusal | undefined {
  const encoded = unsupportedEncoding(api.header("Content-Encoding"));
  if (encoded) return encoded;
  if (essenceOf(api.header("Content-Type") ?? "") === OFFSET_BYTES) return undefined;
  return unsupportedType(api, [OFFSET_BYTES]);
}

/** Upload-Checksum: "the name of the used checksum algorithm and the Base64 encoded checksum separated by a space". */
export function uploadChecksum(api: ApiRequest): Result<{ checksum: Checksum | undefined }> {
  const header = api.header("Upload-Checksum");
  if (header === null) return { ok: true, checksum: undefined };
  const [name = "", base64 = "", ...more] = header.trim().split(" ");
  const algorithm = TUS_ALGORITHMS.find((known) => known === name.toLowerCase());
  if (!algorithm) return invalid(`Upload-Checksum: must begin with ${TUS_ALGORITHMS.join(" or ")}`);
  const digest = decodeBase64(base64);
  if (more.length > 0 || digest?.length !== DIGEST_BYTES[algorithm]) {
    return invalid(`Upload-Checksum: ${algorithm} must be ${DIGEST_BYTES[algorithm]} bytes in base64`);
  }
  return { ok: true, checksum: { algorithm, digest: digest.toString("hex") } };
}

/**
 * Upload-Metadata: "The Client MUST ensure that keys are unique […]. The key and value MUST be separated by a space […].
 * The value MUST be Base64 encoded. All keys MUST be unique. The value MAY be empty."
 */
export function uploadMetadata(api: ApiRequest): Result<{ sent: string; pairs: [name: string, value: string][] }> {
  const sent = api.header("Upload-Metadata") ?? "";
  // "The key SHOULD be ASCII encoded": nothing else can be sent back in a header as it came.
  if (!/^[\t\x20-\x7e]*$/.test(sent)) return invalid("Upload-Metadata: must be ASCII");
  const pairs = new Map<string, string>();
  for (const pair of sent.split(",")) {
    const [name = "", base64 = "", ...more] = pair.trim().split(/ +/);
    if (name === "") continue;
    const shown = name.slice(0, 64);
    const bytes = decodeBase64(base64);
    if (!bytes || more.length > 0) return invalid(`Upload-Metadata: ${shown} must be one value in base64`);
    if (pairs.has(name)) return invalid(`${shown}: must be given only once`);
    const text = bytes.toString("utf8");
    if (!Buffer.from(text, "utf8").equals(bytes)) return invalid(`${shown}: must be valid UTF-8`);
    pairs.set(name, text);
  }
  return { ok: true, sent, pairs: [...pairs] };
}

/** The bytes of a base64 text; undefined when it is none. Padding may be missing, as some clients leave it out. */
function decodeBase64(text: string): Buffer | undefined {
  const bare = text.replace(/={0,2}$/, "");
  const bytes = Buffer.from(bare, "base64");
  return bytes.toString("base64").replace(/=+$/, "") === bare ? bytes : undefined;
}
