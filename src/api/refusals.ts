/** The refusals of the API, as the document describes them. */

import type { ErrorCode } from "../model/refusal.ts";
import type { ResponseHeader } from "./headers.ts";

/** What each refusal means, for whoever reads the document. */
export const REFUSALS: Readonly<
  Record<ErrorCode, { is: string; headers?: readonly ResponseHeader[]; mayHave?: readonly ResponseHeader[] }>
> = {
  INVALID_PARAMS: { is: "Something of the request is not as it must be. The message names the field and the rule." },
  UNAUTHORIZED: { is: "There is no key, or it is not known, revoked or expired.", headers: ["WWW-Authenticate"] },
  FORBIDDEN: {
    is: "The key is good, but not for this: it is another vault's, or may not do it. Or a ticket or a link is not valid, or no longer.",
  },
  QUOTA_EXCEEDED: {
    is: "The vault's quota does not allow it. The message names the quota and, to those who reach the whole vault, what is left of it.",
  },
  NOT_FOUND: { is: "There is no such vault, key, upload, ticket or path, or the key does not reach the path." },
  ASSET_NOT_FOUND: { is: "The vault has no such asset." },
  METHOD_NOT_ALLOWED: { is: "The path cannot be asked for that.", headers: ["Allow"] },
  REQUEST_TIMEOUT: { is: "The body did not come in time." },
  CONFLICT: {
    is: "The vault has as many keys as it may have, or the key as many uploads under way; the key is revoked or has expired; the upload is finished already; a request with the same `Idempotency-Key` is still running; the ticket was used for another file; the vault is being deleted; or an import does not fit: the vault is not empty, or has another one.",
    mayHave: ["Retry-After"],
  },
  UPLOAD_OFFSET_MISMATCH: {
    is: "`Upload-Offset` is not where the upload stands. The answer says where that is.",
    headers: ["Upload-Offset"],
  },
  UPLOAD_EXPIRED: { is: "The upload was deleted, has expired, or could not be finished. Begin another." },
  UPLOAD_LOCKED: {
    is: "Another request goes on with the upload. If that one has broken, the upload is free again in some seconds.",
  },
  CHECKSUM_MISMATCH: { is: "The bytes are not those of `Upload-Checksum`. None of the request counts." },
  CURSOR_EXPIRED: {
    is: "The cursor is too old, or the vault has lost what it stands for. Start over without one, and drop what the feed has not named when `has_more` is false.",
  },
  PRECONDITION_FAILED: {
    is: "A condition of the request's headers does not hold. At an upload: `Tus-Resumable` is missing, or of another version.",
    mayHave: ["Tus-Version"],
  },
  PAYLOAD_TOO_LARGE: { is: "The body is larger than it may be." },
  UNSUPPORTED_MEDIA_TYPE: {
    is: "The body's media type or encoding is not taken here.",
    mayHave: ["Accept-Post", "Accept-Patch"],
  },
  IDEMPOTENCY_KEY_REUSED: { is: "The `Idempotency-Key` belongs to another request, which succeeded." },
  RANGE_NOT_SATISFIABLE: { is: "The range lies outside the file.", headers: ["Content-Range"] },
  RATE_LIMITED: { is: "The vault has had as many requests as its rate allows.", headers: ["Retry-After"] },
  INTERNAL_ERROR: { is: "A bug of the server's. The request id finds it in the log." },
  UNAVAILABLE: {
    is: "The server cannot do it now. A write that gets this may have been made all the same: look, or repeat it with care.",
    headers: ["Retry-After"],
  },
};
