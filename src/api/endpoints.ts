import { MAX_FILE_BYTES } from "../model/limits.ts";
import {
  AssetPage,
  AssetRecord,
  CreatedKey,
  CreatedVault,
  Health,
  KeyPage,
  Link,
  OpenApiDocument,
  VaultPage,
  VaultReport,
} from "./answers.ts";
import { type Answer, type Endpoint, VAULT } from "./endpoint.ts";
import { CHANGE_ENDPOINTS } from "./change-endpoints.ts";
import {
  AssetListQuery,
  ContentQuery,
  FileQuery,
  IdListQuery,
  KeyBody,
  LinkBody,
  RawUploadQuery,
  UploadForm,
  VaultBody,
} from "./schemas.ts";

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

const CONTENT_ANSWERS = {
  200: { is: "The file.", body: "file", headers: SERVED, mayHave: ["Last-Modified"] },
  206: { is: "The range of it.", body: "file", headers: [...SERVED, "Content-Range"], mayHave: ["Last-Modified"] },
  304: { is: "The client has it already.", headers: CACHED, mayHave: ["Last-Modified"] },
} as const satisfies Readonly<Record<number, Answer>>;

const CONTENT_REFUSALS = ["ASSET_NOT_FOUND", "PRECONDITION_FAILED", "RANGE_NOT_SATISFIABLE"] as const;

/**
 * The API's table of contents. What routes a request is what validates and describes it. An endpoint's id is its name
 * everywhere: in the log, in the documents and in the clients.
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
    access: "write",
    does: "Upload a file",
    notes:
      "Either a form, with its fields before or after the file (after it, a large file is stored twice), or the file itself " +
      "as the body, with the fields as query parameters and `filename` among the required ones. A file has at most " +
      `${MAX_FILE_BYTES} bytes. Beside a form, query parameters mean nothing. Fields and parameters that are not known are ` +
      "named in `Strongroom-Ignored`.",
    parameters: RawUploadQuery,
    headers: ["createOnly", "contentDigest"],
    body: { file: ["multipart/form-data", "*/*"], form: UploadForm },
    answers: {
      201: {
        is: "The record. The next read by anyone sees it.",
        body: AssetRecord,
        headers: ["ETag", "Location", "Cache-Control"],
        mayHave: ["Strongroom-Durability", "Strongroom-Ignored"],
      },
    },
    refusals: ["INVALID_PARAMS", "PRECONDITION_FAILED"],
  },
  "assets.list": {
    method: "GET",
    path: `${VAULT}/assets`,
    access: "read",
    does: "List assets, newest first",
    notes: "Any combination of the three filters. A cursor is good for the filters that it was made with.",
    query: AssetListQuery,
    answers: { 200: { is: "A page of records.", body: AssetPage, headers: ["Cache-Control"] } },
  },
  "content.get": {
    method: "GET",
    path: `${VAULT}/assets/:assetId/content`,
    access: "content",
    does: "Download an asset's file",
    notes: "With a key, or with the parameters of a signed link. The file comes back as it was sent.",
    parameters: ContentQuery,
    headers: CONTENT_CONDITIONS,
    answers: CONTENT_ANSWERS,
    refusals: CONTENT_REFUSALS,
  },
  "files.get": {
    method: "GET",
    path: `${VAULT}/files/:partition/:collection/:channel/:filename`,
    access: "read",
    does: "Download the newest file of a name",
    parameters: FileQuery,
    headers: CONTENT_CONDITIONS,
    answers: CONTENT_ANSWERS,
    refusals: ["INVALID_PARAMS", ...CONTENT_REFUSALS],
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
  ...CHANGE_ENDPOINTS,
  "vaults.create": {
    method: "POST",
    path: "/api/v1/vaults",
    access: "admin",
    does: "Make a vault",
    body: { json: { "application/json": VaultBody }, example: { name: "marketing" } },
    answers: {
      201: {
        is: "The vault and its first two keys, whose tokens are shown this once.",
        body: CreatedVault,
        headers: ["Location", "Cache-Control"],
      },
    },
    refusals: ["UNAVAILABLE"],
  },
  "vaults.list": {
    method: "GET",
    path: "/api/v1/vaults",
    access: "admin",
    does: "List vaults, newest first",
    query: IdListQuery,
    answers: { 200: { is: "A page of vaults.", body: VaultPage, headers: ["Cache-Control"] } },
    refusals: ["UNAVAILABLE"],
  },
  "vaults.get": {
    method: "GET",
    path: VAULT,
    access: "manage",
    does: "See how a vault is",
    answers: { 200: { is: "The vault as an operator sees it.", body: VaultReport, headers: ["Cache-Control"] } },
    refusals: ["NOT_FOUND"],
  },
  "vaults.delete": {
    method: "DELETE",
    path: VAULT,
    access: "admin",
    does: "Delete a vault with everything in it",
    notes: "Its keys get 401 from then on. Everything else follows in the background.",
    answers: {
      202: {
        is: "The vault, which is being deleted.",
        body: VaultReport,
        headers: ["Cache-Control"],
        mayHave: ["Strongroom-Durability"],
      },
    },
    refusals: ["NOT_FOUND"],
  },
  "vaults.reconcile": {
    method: "POST",
    path: `${VAULT}/reconcile`,
    access: "manage",
    does: "Compare a vault's stores now",
    notes: "In the background. `reconcile` of the vault says how far it is and what it found.",
    answers: { 202: { is: "The vault.", body: VaultReport, headers: ["Cache-Control"] } },
    refusals: ["NOT_FOUND"],
  },
  "vaults.clearLostWindows": {
    method: "DELETE",
    path: `${VAULT}/lost-windows`,
    access: "admin",
    does: "Say that nothing more is to be found of what a vault lost",
    notes: "Bodies that no asset names are deleted again from then on.",
    answers: { 204: { is: "The vault has no lost windows.", mayHave: ["Strongroom-Durability"] } },
    refusals: ["NOT_FOUND"],
  },
  "keys.create": {
    method: "POST",
    path: `${VAULT}/keys`,
    access: "manage",
    does: "Make a key",
    body: {
      json: { "application/json": KeyBody },
      optional: true,
      example: { type: "public", label: "website", expires_at: "2099-01-01T00:00:00Z" },
    },
    answers: {
      201: { is: "The key and its token, which is shown this once.", body: CreatedKey, headers: ["Cache-Control"] },
    },
    refusals: ["NOT_FOUND", "CONFLICT"],
  },
  "keys.list": {
    method: "GET",
    path: `${VAULT}/keys`,
    access: "manage",
    does: "List a vault's keys, newest first",
    query: IdListQuery,
    answers: { 200: { is: "A page of keys, revoked ones among them.", body: KeyPage, headers: ["Cache-Control"] } },
    refusals: ["NOT_FOUND"],
  },
  "keys.revoke": {
    method: "DELETE",
    path: `${VAULT}/keys/:keyId`,
    access: "manage",
    does: "Revoke a key",
    notes: "It acts on the very next request. Links that the key made end with it.",
    answers: { 204: { is: "The key is revoked." } },
    refusals: ["NOT_FOUND"],
  },
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
