/** The endpoints of resumable uploads, for the table of endpoints.ts. */

import { MAX_OPEN_SESSIONS, MAX_SESSION_BYTES, SESSION_IDLE_MS, SESSION_LIFE_MS } from "../model/limits.ts";
import { UploadInfo } from "./answers.ts";
import { type Endpoint, VAULT } from "./endpoint.ts";
import { TicketQuery } from "./schemas.ts";

const HOUR_MS = 60 * 60 * 1000;

/** The version of tus that is spoken, and what of it. */
export const TUS_VERSION = "1.0.0";
export const TUS_EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum";
export const TUS_ALGORITHMS = ["sha1", "sha256"] as const;

/** The media type of bytes that go on with an upload. */
export const OFFSET_BYTES = "application/offset+octet-stream";

const TUS = {
  always: { "Tus-Resumable": TUS_VERSION },
  options: {
    "Tus-Resumable": TUS_VERSION,
    "Tus-Version": TUS_VERSION,
    "Tus-Extension": TUS_EXTENSIONS,
    "Tus-Max-Size": String(MAX_SESSION_BYTES),
    "Tus-Checksum-Algorithm": TUS_ALGORITHMS.join(","),
  },
} as const satisfies Pick<Endpoint, "always" | "options">;

const ITEM = `${VAULT}/uploads/:uploadId`;

/** What a request may find that goes on with an upload. */
const HELD = [
  "CONFLICT",
  "UPLOAD_EXPIRED",
  "UPLOAD_LOCKED",
  "QUOTA_EXCEEDED",
  "PAYLOAD_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
] as const;

export const SESSION_ENDPOINTS = {
  "uploads.append": {
    method: "PATCH",
    path: ITEM,
    access: "upload",
    does: "Send the next bytes of a resumable upload",
    notes:
      "What has come of a request that breaks is kept: `uploads.get` says how much. The last byte makes the asset, whose path " +
      "and entity tag are then in the answer. A client should send no more than 100 MB a request, since proxies take no more. " +
      "Where nothing but POST comes through, a client sends POST with `X-HTTP-Method-Override: PATCH`, and the same with HEAD or DELETE.",
    ...TUS,
    parameters: TicketQuery,
    headers: ["tusResumable", "uploadOffset", "uploadChecksum"],
    body: { bytes: [OFFSET_BYTES], is: "Bytes of the file, from `Upload-Offset` on." },
    answers: {
      204: {
        is: "The bytes are safe.",
        headers: ["Upload-Offset"],
        mayHave: ["Upload-Expires", "Location", "ETag", "Cache-Control", "Strongroom-Durability"],
      },
    },
    refusals: ["NOT_FOUND", "UPLOAD_OFFSET_MISMATCH", "PRECONDITION_FAILED", "CHECKSUM_MISMATCH", ...HELD],
  },
  "uploads.get": {
    method: "GET",
    path: ITEM,
    access: "upload",
    does: "Ask how far a resumable upload is",
    notes:
      "tus asks by HEAD. An upload is known for a day after its end. One whose bytes are all there and which is not an asset " +
      "yet is finished by this.",
    ...TUS,
    parameters: TicketQuery,
    headers: ["tusResumable"],
    answers: {
      200: {
        is: "How it stands.",
        body: UploadInfo,
        headers: ["Upload-Offset", "Upload-Length", "Cache-Control"],
        mayHave: ["Upload-Metadata", "Upload-Expires", "Location", "ETag", "Strongroom-Durability"],
      },
    },
    refusals: ["NOT_FOUND", "PRECONDITION_FAILED", ...HELD],
  },
  "uploads.create": {
    method: "POST",
    path: `${VAULT}/uploads`,
    access: "upload",
    does: "Begin a resumable upload",
    notes:
      `By the protocol tus ${TUS_VERSION}, with ${TUS_EXTENSIONS.replaceAll(",", ", ")}. A file has at most ${MAX_SESSION_BYTES} bytes. ` +
      "The body may be the first bytes of the file, or all. The upload belongs to the key that began it: to any other it does " +
      "not exist. Begun by a ticket it belongs to that ticket, which has one at a time, and `Location` holds the ticket. " +
      `It ends after ${SESSION_IDLE_MS / HOUR_MS} hours without bytes, and after ${SESSION_LIFE_MS / HOUR_MS} hours ` +
      `at the latest; a key has at most ${MAX_OPEN_SESSIONS} at once. Until it is finished nobody sees anything of it, but it counts against the ` +
      "vault's quotas. Fields of `Upload-Metadata` that are not known are named in `Strongroom-Ignored`.",
    ...TUS,
    parameters: TicketQuery,
    headers: ["tusResumable", "uploadLength", "uploadMetadata", "uploadChecksum"],
    body: { bytes: [OFFSET_BYTES], is: "The first bytes of the file.", optional: true },
    answers: {
      201: {
        is: "The upload has begun. If the body was the whole file, the asset is there: `Content-Location` is its path.",
        headers: ["Location", "Upload-Offset"],
        mayHave: [
          "Upload-Expires",
          "Content-Location",
          "ETag",
          "Cache-Control",
          "Strongroom-Durability",
          "Strongroom-Ignored",
        ],
      },
    },
    refusals: ["NOT_FOUND", "PRECONDITION_FAILED", "CHECKSUM_MISMATCH", ...HELD],
  },
  "uploads.delete": {
    method: "DELETE",
    path: ITEM,
    access: "upload",
    does: "Give up a resumable upload",
    notes: "One that is finished is an asset, and is deleted as an asset.",
    ...TUS,
    parameters: TicketQuery,
    headers: ["tusResumable"],
    answers: { 204: { is: "Nothing of it is left." } },
    refusals: ["NOT_FOUND", "CONFLICT", "UPLOAD_EXPIRED", "PRECONDITION_FAILED"],
  },
} as const satisfies Readonly<Record<string, Endpoint>>;
