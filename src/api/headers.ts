/** The headers that mean something here, with what they mean: those that a client may send, and those that it gets. */

/** A header as the document describes it. */
export interface Header {
  readonly description: string;
  /** A pattern of its value, where there is one. */
  readonly pattern?: string;
  readonly example?: string;
}

const STRONG_TAG = String.raw`^"[^"]*"$`;

/** A request header, by its name in the document's components. */
export interface RequestHeaderRule extends Header {
  readonly name: string;
}

export const REQUEST_HEADERS = {
  ifMatch: {
    name: "If-Match",
    description: "Entity tags, or `*`. Unless the current one is among them: 412.",
    example: '"7"',
  },
  ifNoneMatch: {
    name: "If-None-Match",
    description: "Entity tags, or `*`. If the current one is among them: 304 to a read, 412 to a change.",
    example: '"7"',
  },
  createOnly: {
    name: "If-None-Match",
    description: "`*` alone: creates the asset only if the path has none of this filename; else 412.",
    pattern: String.raw`^\s*\*\s*$`,
    example: "*",
  },
  ifModifiedSince: {
    name: "If-Modified-Since",
    description: "An HTTP date. 304 when the content is no newer. Without effect on `/files/…`.",
    example: "Thu, 15 Jan 2026 10:30:00 GMT",
  },
  ifUnmodifiedSince: {
    name: "If-Unmodified-Since",
    description: "An HTTP date. 412 when the content is newer. Without effect on `/files/…`.",
    example: "Thu, 15 Jan 2026 10:30:00 GMT",
  },
  range: {
    name: "Range",
    description: "One range of bytes (RFC 9110). Several ranges are answered with the whole file.",
    example: "bytes=0-1023",
  },
  ifRange: {
    name: "If-Range",
    description: "A strong entity tag. Unless it is the current one, the whole file is sent.",
    example: '"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"',
  },
  contentDigest: {
    name: "Content-Digest",
    description:
      "Of a raw upload (RFC 9530). A `sha-256` is checked before anything is stored; other algorithms are ignored.",
    example: "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:",
  },
  idempotencyKey: {
    name: "Idempotency-Key",
    description:
      "Makes it safe to repeat the request: for 24 hours, the same key with the same request gets the first answer again. " +
      "1 to 64 visible ASCII characters, which may stand in quotes.",
    pattern: String.raw`^\s*(?:"(?:[!#-\[\]-~]|\\["\\]){1,64}"|[!#-~][!-~]{0,63})\s*$`,
    example: '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
  },
  tusResumable: {
    name: "Tus-Resumable",
    description: "The version of the protocol. Required: without it, or with another, 412.",
    pattern: String.raw`^\s*1\.0\.0\s*$`,
    example: "1.0.0",
  },
  uploadLength: {
    name: "Upload-Length",
    description: "The bytes of the whole file. Required.",
    pattern: String.raw`^\s*\d{1,15}\s*$`,
    example: "11",
  },
  uploadMetadata: {
    name: "Upload-Metadata",
    description:
      "The fields of the upload, as tus writes them: pairs of a name and a value in base64, with commas between them. " +
      "`partition`, `collection`, `channel` and `filename` are required; `mime_type`, `metadata` and `tags` may be there. " +
      "`name` stands for `filename`, and `filetype` or `type` for `mime_type`, where these are not given.",
    example: "partition bWFya2V0aW5n,collection YmxvZw==,channel aGVyby1pbWFnZXM=,filename Y2F0LnR4dA==",
  },
  uploadOffset: {
    name: "Upload-Offset",
    description: "Which byte of the file the body begins with. Required: unless the upload stands there, 409.",
    pattern: String.raw`^\s*\d{1,15}\s*$`,
    example: "0",
  },
  uploadChecksum: {
    name: "Upload-Checksum",
    description:
      "`sha1` or `sha256`, and the digest of the body in base64. The body then counts whole or not at all: unless it has " +
      "that digest, 460.",
    pattern: String.raw`^\s*(?:sha1|sha256) [A-Za-z0-9+/]+={0,2}\s*$`,
    example: "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
  },
} as const satisfies Readonly<Record<string, RequestHeaderRule>>;

export type RequestHeader = keyof typeof REQUEST_HEADERS;

export const RESPONSE_HEADERS = {
  "X-Request-Id": {
    description: "Names the request in the server's log.",
    pattern: "^req_[0-9a-f-]{36}$",
  },
  Date: { description: "When the server answered.", pattern: " GMT$" },
  "Cache-Control": {
    description: "Caches ask before they use what they keep; nothing with a secret in it is kept at all.",
  },
  Age: {
    description: "How many seconds ago the server's own cache got this answer. Only on what comes from there.",
    pattern: String.raw`^\d+$`,
  },
  Vary: {
    description:
      "`Authorization`, beside a delivery key in that header. `Sec-Fetch-Site` and `Sec-Fetch-Dest`, of what a browser could run.",
  },
  "Content-Length": { description: "Bytes of the body.", pattern: String.raw`^\d+$` },
  ETag: { description: "The strong entity tag: of a record its revision, of a file its SHA-256.", pattern: STRONG_TAG },
  Location: {
    description: "The path of what was created. Of an upload that is finished: of its asset.",
    pattern: "^/api/v1/",
  },
  "Content-Location": {
    description: "The path of the asset whose content this is, or that came of an upload.",
    pattern: "^/api/v1/",
  },
  "Last-Modified": { description: "When the asset was created. Not on `/files/…`.", pattern: " GMT$" },
  "Accept-Ranges": { description: "Ranges of bytes may be asked for.", pattern: "^bytes$" },
  "Content-Range": {
    description: "Which bytes these are, of how many.",
    pattern: String.raw`^bytes (?:\d+-\d+|\*)/\d+$`,
  },
  "Content-Disposition": { description: "The filename, and whether a browser shows the file or saves it." },
  "Content-Security-Policy": { description: "Lets the file run no script." },
  "Repr-Digest": { description: "The SHA-256 of the whole file, RFC 9530.", pattern: "^sha-256=:[A-Za-z0-9+/]{43}=:$" },
  "Strongroom-Durability": {
    description:
      "`queued`: the write is safe in the vault's own replicated storage, and the other stores have not confirmed it yet. " +
      "They get it by themselves: a client need do nothing.",
    pattern: "^queued$",
  },
  "Strongroom-Ignored": {
    description: "Fields and parameters of the upload that meant nothing, percent-encoded; the first 20.",
  },
  "Idempotency-Replayed": {
    description:
      "`true`: this is the answer to an earlier request with the same `Idempotency-Key`. Nothing was done again.",
    pattern: "^true$",
  },
  "Tus-Resumable": { description: "The version of the protocol.", pattern: String.raw`^1\.0\.0$` },
  "Tus-Version": { description: "The versions of the protocol that are spoken here.", pattern: String.raw`^1\.0\.0$` },
  "Tus-Extension": { description: "What of the protocol is spoken here beside its core." },
  "Tus-Max-Size": { description: "The most bytes of a file.", pattern: String.raw`^\d+$` },
  "Tus-Checksum-Algorithm": { description: "What `Upload-Checksum` may name." },
  "Upload-Offset": { description: "How many bytes of the upload are safe.", pattern: String.raw`^\d+$` },
  "Upload-Length": { description: "How many bytes the upload has in all.", pattern: String.raw`^\d+$` },
  "Upload-Metadata": {
    description: "What the upload was begun with, as it was sent.",
    pattern: String.raw`^[\t -~]+$`,
  },
  "Upload-Expires": {
    description: "When the upload ends unless bytes come. Not of one that is finished.",
    pattern: " GMT$",
  },
  "Retry-After": { description: "Seconds after which it makes sense to ask again.", pattern: String.raw`^\d+$` },
  RateLimit: {
    description: "Of a vault with a rate: how many requests may come now, and in how many seconds all of them may.",
    pattern: String.raw`^"default";r=\d+;t=\d+$`,
  },
  "RateLimit-Policy": {
    description: "The vault's rate: requests, and the seconds in which they may come.",
    pattern: String.raw`^"default";q=\d+;w=1$`,
  },
  "WWW-Authenticate": {
    description: "That a bearer token is wanted, and what is wrong with the one that was sent.",
    pattern: "^Bearer ",
  },
  Allow: { description: "What this path can be asked for." },
  "Accept-Post": { description: "The media types that a POST here takes." },
  "Accept-Patch": { description: "The media types that a PATCH here takes." },
} as const satisfies Readonly<Record<string, Header>>;

export type ResponseHeader = keyof typeof RESPONSE_HEADERS;

/** Every answer carries these. */
export const COMMON_HEADERS = ["X-Request-Id", "Date"] as const satisfies readonly ResponseHeader[];
