import type { ObjectSchema } from "./parse.ts";
import { AssetListQuery, IdListQuery, KeyBody, LinkBody, MergePatchBody, PatchBody, VaultBody } from "./schemas.ts";

/** Who may call an endpoint, as far as the credential alone can tell. */
export type Access =
  /** Anyone: no credential is looked at. */
  | "anyone"
  /** The operator. */
  | "admin"
  /** The operator, or a secret key of the vault. */
  | "manage"
  /** Any key of the vault. */
  | "read"
  /** Any key of the vault, or a signed link for the asset. */
  | "content"
  /** A secret key of the vault. */
  | "write";

/** A JSON body: what it must be, by its media type. One that is optional may be absent, and then has no fields. */
export interface JsonBody {
  readonly json: Readonly<Record<string, ObjectSchema>>;
  readonly optional?: true;
}

/** A body that is a file, or a form around one: the media types that are taken. */
export interface FileBody {
  readonly file: readonly string[];
}

/** One operation of the API, as data. */
export interface Endpoint {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** As itty-router writes patterns. A trailing slash is allowed everywhere, and HEAD where GET is. */
  readonly path: string;
  readonly access: Access;
  /** What the query must be. Where it is absent, parameters mean nothing, or the handler says what they mean. */
  readonly query?: ObjectSchema;
  readonly body?: JsonBody | FileBody;
  /** What the answers hold that are no refusals, by their status. */
  readonly answers: Readonly<Record<number, string>>;
}

const VAULT = "/api/v1/vaults/:vaultId";

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
    answers: { 200: "the record", 304: "nothing: If-None-Match names the record" },
  },
  "assets.create": {
    method: "POST",
    path: `${VAULT}/assets`,
    access: "write",
    body: { file: ["multipart/form-data", "*/*"] },
    answers: { 201: "the record" },
  },
  "assets.list": {
    method: "GET",
    path: `${VAULT}/assets`,
    access: "read",
    query: AssetListQuery,
    answers: { 200: "a page of records" },
  },
  "content.get": {
    method: "GET",
    path: `${VAULT}/assets/:assetId/content`,
    access: "content",
    answers: { 200: "the file", 206: "a range of the file", 304: "nothing: If-None-Match names the file" },
  },
  "files.get": {
    method: "GET",
    path: `${VAULT}/files/:partition/:collection/:channel/:filename`,
    access: "read",
    answers: { 200: "the file", 206: "a range of the file", 304: "nothing: If-None-Match names the file" },
  },
  "links.create": {
    method: "POST",
    path: `${VAULT}/assets/:assetId/links`,
    access: "write",
    body: { json: { "application/json": LinkBody }, optional: true },
    answers: { 201: "the link" },
  },
  "assets.update": {
    method: "PATCH",
    path: `${VAULT}/assets/:assetId`,
    access: "write",
    body: { json: { "application/json": PatchBody, "application/merge-patch+json": MergePatchBody } },
    answers: { 200: "the record" },
  },
  "assets.delete": {
    method: "DELETE",
    path: `${VAULT}/assets/:assetId`,
    access: "write",
    answers: { 204: "nothing" },
  },
  "vaults.create": {
    method: "POST",
    path: "/api/v1/vaults",
    access: "admin",
    body: { json: { "application/json": VaultBody } },
    answers: { 201: "the vault and its first keys" },
  },
  "vaults.list": {
    method: "GET",
    path: "/api/v1/vaults",
    access: "admin",
    query: IdListQuery,
    answers: { 200: "a page of vaults" },
  },
  "vaults.get": {
    method: "GET",
    path: VAULT,
    access: "manage",
    answers: { 200: "the vault, as an operator sees it" },
  },
  "vaults.delete": {
    method: "DELETE",
    path: VAULT,
    access: "admin",
    answers: { 202: "the vault, which is being deleted" },
  },
  "vaults.reconcile": {
    method: "POST",
    path: `${VAULT}/reconcile`,
    access: "manage",
    answers: { 202: "the vault, whose stores are being compared" },
  },
  "vaults.clearLostWindows": {
    method: "DELETE",
    path: `${VAULT}/lost-windows`,
    access: "admin",
    answers: { 204: "nothing" },
  },
  "keys.create": {
    method: "POST",
    path: `${VAULT}/keys`,
    access: "manage",
    body: { json: { "application/json": KeyBody }, optional: true },
    answers: { 201: "the key and, this once, its token" },
  },
  "keys.list": {
    method: "GET",
    path: `${VAULT}/keys`,
    access: "manage",
    query: IdListQuery,
    answers: { 200: "a page of keys" },
  },
  "keys.revoke": {
    method: "DELETE",
    path: `${VAULT}/keys/:keyId`,
    access: "manage",
    answers: { 204: "nothing" },
  },
  "health.get": {
    method: "GET",
    path: "/healthz",
    access: "anyone",
    answers: { 200: "that this Worker runs and has its secrets" },
  },
} as const satisfies Readonly<Record<string, Endpoint>>;

export type EndpointId = keyof typeof ENDPOINTS;

export const isEndpointId = (text: string): text is EndpointId => Object.hasOwn(ENDPOINTS, text);

/** The media types of the bodies that an endpoint takes; none when it takes no body. */
export function bodyTypes({ body }: Endpoint): readonly string[] {
  if (!body) return [];
  return "json" in body ? Object.keys(body.json) : body.file;
}
