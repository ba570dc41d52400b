import { MAX_FILE_BYTES, MAX_LIST_ROWS } from "../model/limits.ts";
import { AssetPage, AssetRecord, FolderPage, Health, Link, OpenApiDocument } from "./answers.ts";
import { CHANGE_ENDPOINTS } from "./change-endpoints.ts";
import { type Answer, type Endpoint, VAULT } from "./endpoint.ts";
import { FEED_ENDPOINTS } from "./feed-endpoints.ts";
import { IMPORT_ENDPOINTS } from "./import-endpoints.ts";
import { AssetListQuery, FolderListQuery } from "./queries.ts";
import { ContentQuery, FileQuery, LinkBody, RawUploadQuery, UploadForm } from "./schemas.ts";
import { SESSION_ENDPOINTS } from "./session-endpoints.ts";
import { TICKET_ENDPOINTS } from "./ticket-endpoints.ts";
import { VAULT_ENDPOINTS } from "./vault-endpoints.ts";

/** Both ways to a file answer alike. */
const CONTENT_CONDITIONS = [
  "ifMatch",
  "ifNoneMatch",
  "ifModifiedSince",
  "ifUnmodifiedSince",
  "range",
  "ifRange",
] as const;

const CACHED = ["ETag", "Cache-Control", "Content-Location"] as const;
const SERVED = [
  ...CACHED,
  "Content-Length",
  "Accept-Ranges",
  "Repr-Digest",
  "Content-Disposition",
  "Content-Security-Policy",
] as const;

/** `Age` for delivery keys alone. */
const MAYBE = ["Last-Modified", "Age", "Vary"] as const;

const CONTENT_ANSWERS = {
  200: { is: "The file.", body: "file", headers: SERVED, mayHave: MAYBE },
  206: { is: "The range of it.", body: "file", headers: [...SERVED, "Content-Range"], mayHave: MAYBE },
  304: { is: "The client has it already.", headers: CACHED, mayHave: MAYBE },
} as const satisfies Readonly<Record<number, Answer>>;

const CONTENT_REFUSALS = ["INVALID_PARAMS", "ASSET_NOT_FOUND", "PRECONDITION_FAILED", "RANGE_NOT_SATISFIABLE"] as const;

/**
 * The API's table of contents. What routes a request is what validates and describes it. An endpoint's name here
 * is the one that the log and the documents have. A client's method may be called otherwise: see client/methods.ts.
 *
 * The router tries them from the top: what is asked a thousand times a second stands before what is asked once.
 */
export const ENDPOINTS = {
  "assets.get": {
    method: "GET",
    path: `${VAULT}/assets/:assetId`,
    access: "read",
    does: "Get an asset's record",
    headers: ["ifMatch", "ifNoneMatch"],
    answers: {
      200: { is: "The record.", body: AssetRecord, headers: ["ETag", "Cache-Control"] },
      304: { is: "`If-None-Match` names the record as it is.", headers: ["ETag", "Cache-Control"] },
    },
    refusals: ["ASSET_NOT_FOUND", "PRECONDITION_FAILED"],
  },
  "assets.create": {
    method: "POST",
    path: `${VAULT}/assets`,
    access: "upload",
    does: "Upload a file",
    notes:
      "Either a form, with its fields before or after the file (after it, a large file is stored twice), or the file itself " +
      "as the body, with the fields as query parameters and `filename` among the required ones. A file has at most " +
      `${MAX_FILE_BYTES} bytes. Beside a form, query parameters but a ticket mean nothing. Fields and parameters that are not known are ` +
      "named in `Strongroom-Ignored`. A ticket takes one upload, from anybody: it is used up by the first that is stored.",
    parameters: RawUploadQuery,
    headers: ["createOnly", "contentDigest", "idempotencyKey"],
    body: { file: ["multipart/form-data", "*/*"], form: UploadForm },
    answers: {
      200: {
        is: "The ticket has brought this file before: the record of its asset.",
        body: AssetRecord,
        headers: ["ETag", "Location", "Cache-Control"],
        mayHave: ["Strongroom-Durability", "Strongroom-Ignored"],
      },
      201: {
        is: "The record. The next read by anyone sees it.",
        body: AssetRecord,
        headers: ["ETag", "Location", "Cache-Control"],
        mayHave: ["Strongroom-Durability", "Strongroom-Ignored", "Idempotency-Replayed"],
      },
    },
    refusals: [
      "INVALID_PARAMS",
      "NOT_FOUND",
      "PRECONDITION_FAILED",
      "QUOTA_EXCEEDED",
      "CONFLICT",
      "IDEMPOTENCY_KEY_REUSED",
    ],
  },
  "assets.list": {
    method: "GET",
    path: `${VAULT}/assets`,
    access: "read",
    does: "List assets, newest first",
    notes:
      "Any combination of filters; all of them must match. A cursor is good for the filters and the order that it was made " +
      "with. A page by path, by one tag or by ids, between any two times, is full unless it is the last. For any other " +
      `combination a request looks at no more than ${MAX_LIST_ROWS} rows: a page may then be short or empty with ` +
      "`has_more` true, and its cursor goes on from there.",
    query: AssetListQuery,
    answers: { 200: { is: "A page of records.", body: AssetPage, headers: ["Cache-Control"] } },
  },
  "folders.list": {
    method: "GET",
    path: `${VAULT}/folders`,
    access: "read",
    does: "List the folders in a folder, with what is in them",
    notes:
      "Without parameters the partitions, with `partition` its collections, with `collection` too its channels: those that " +
      "have assets, by name, with the exact number of assets and of bytes in them and below.",
    query: FolderListQuery,
    answers: { 200: { is: "A page of folders.", body: FolderPage, headers: ["Cache-Control"] } },
  },
  "content.get": {
    method: "GET",
    path: `${VAULT}/assets/:assetId/content`,
    access: "content",
    does: "Download an asset's file",
    notes:
      "With a key, with a delivery key as `token`, or with the parameters of a signed link. The file comes back as it was " +
      "sent. What a delivery key is given may be kept by caches, the server's own among them, for the vault's " +
      "`cache_seconds`: so long may a deletion, a change or a revocation go unnoticed.",
    parameters: ContentQuery,
    headers: CONTENT_CONDITIONS,
    answers: CONTENT_ANSWERS,
    refusals: CONTENT_REFUSALS,
  },
  "files.get": {
    method: "GET",
    path: `${VAULT}/files/:partition/:collection/:channel/:filename`,
    access: "content",
    does: "Download the newest file of a name",
    notes: "With a key, or with a delivery key as `token`. Caches as for the download by id.",
    parameters: FileQuery,
    headers: CONTENT_CONDITIONS,
    answers: CONTENT_ANSWERS,
    refusals: CONTENT_REFUSALS,
  },
  "links.create": {
    method: "POST",
    path: `${VAULT}/assets/:assetId/links`,
    access: "write",
    does: "Make a link to an asset's file",
    notes: "The link opens the file without a key, for a time. It ends with the key that made it.",
    body: {
      json: { "application/json": LinkBody },
      optional: true,
      example: { expires_in: 60, disposition: "attachment" },
    },
    answers: { 201: { is: "The link.", body: Link, headers: ["Cache-Control"] } },
    refusals: ["ASSET_NOT_FOUND"],
  },
  ...TICKET_ENDPOINTS,
  ...SESSION_ENDPOINTS,
  ...CHANGE_ENDPOINTS,
  ...FEED_ENDPOINTS,
  ...VAULT_ENDPOINTS,
  ...IMPORT_ENDPOINTS,
  "health.get": {
    method: "GET",
    path: "/healthz",
    access: "anyone",
    does: "Ask whether this server is set up",
    notes: "It asks nothing of the stores and tells nothing of them.",
    answers: { 200: { is: "It runs and has its secrets.", body: Health, headers: ["Cache-Control"] } },
    refusals: ["UNAVAILABLE"],
  },
  "openapi.get": {
    method: "GET",
    path: "/openapi.json",
    access: "anyone",
    does: "Get this document",
    answers: { 200: { is: "The API as an OpenAPI document.", body: OpenApiDocument, headers: ["Cache-Control"] } },
  },
} as const satisfies Readonly<Record<string, Endpoint>>;

export type EndpointId = keyof typeof ENDPOINTS;

export const isEndpointId = (text: string): text is EndpointId => Object.hasOwn(ENDPOINTS, text);
