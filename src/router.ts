/**
 * The way into the API: finds the endpoint of a request and calls its handler. What no handler answers is answered
 * here: 404, 405, OPTIONS, and the 500 of a bug.
 */

import { IttyRouter } from "itty-router/IttyRouter";
import { acceptedTypes } from "./http/media-types.ts";
import { bodyTypes, type Endpoint } from "./api/endpoint.ts";
import { type EndpointId, ENDPOINTS, isEndpointId } from "./api/endpoints.ts";
import type { Env } from "./env.ts";
import { idempotencyKeyRefusal } from "./http/idempotency.ts";
import { ApiRequest, type Handler, type RequestContext } from "./http/request.ts";
import { refusalReply, render, type Reply } from "./http/reply.ts";
import { noHost, refuse, type Refusal } from "./model/refusal.ts";
import { deleteAsset, getAsset, listAssets, updateAsset } from "./routes/assets.ts";
import { batchAssets, deleteFolder } from "./routes/batch.ts";
import { listChanges } from "./routes/changes.ts";
import { getContent, getFile } from "./routes/content.ts";
import { listFolders } from "./routes/folders.ts";
import { getHealth } from "./routes/health.ts";
import { importBody, importVault } from "./routes/imports.ts";
import { createKey, listKeys, revokeKey, updateKey } from "./routes/keys.ts";
import { createLink } from "./routes/links.ts";
import { getOpenApi } from "./routes/openapi.ts";
import { appendUpload, createUpload, deleteUpload, getUpload } from "./routes/resumable.ts";
import { createTicket, getTicket } from "./routes/tickets.ts";
import { createAsset } from "./routes/uploads.ts";
import {
  clearLostWindows,
  createVault,
  deleteVault,
  getVault,
  listVaults,
  reconcileVault,
  updateVault,
} from "./routes/vaults.ts";
import { logError } from "./runtime/log.ts";

/** The handler of each endpoint. */
const HANDLERS: Readonly<Record<EndpointId, Handler>> = {
  "assets.create": createAsset,
  "assets.list": listAssets,
  "assets.get": getAsset,
  "assets.update": updateAsset,
  "assets.delete": deleteAsset,
  "assets.batch": batchAssets,
  "assets.deleteFolder": deleteFolder,
  "folders.list": listFolders,
  "content.get": getContent,
  "files.get": getFile,
  "links.create": createLink,
  "tickets.create": createTicket,
  "tickets.get": getTicket,
  "uploads.create": createUpload,
  "uploads.get": getUpload,
  "uploads.append": appendUpload,
  "uploads.delete": deleteUpload,
  "changes.list": listChanges,
  "vaults.create": createVault,
  "vaults.list": listVaults,
  "vaults.get": getVault,
  "vaults.update": updateVault,
  "vaults.delete": deleteVault,
  "vaults.import": importVault,
  "vaults.importBody": importBody,
  "vaults.reconcile": reconcileVault,
  "vaults.clearLostWindows": clearLostWindows,
  "keys.create": createKey,
  "keys.list": listKeys,
  "keys.update": updateKey,
  "keys.revoke": revokeKey,
  "health.get": getHealth,
  "openapi.get": getOpenApi,
};

/** Compiles a path of the table into a pattern, by itty-router. */
function compile(path: string): RegExp {
  const pattern = IttyRouter().all(path).routes[0]?.[1];
  if (!pattern) throw new Error(`${path} cannot be compiled`);
  return pattern;
}

/** The table of endpoints in its order, with what it takes to dispatch a request. */
const ROUTES = Object.keys(ENDPOINTS)
  .filter(isEndpointId)
  .map((id) => ({
    id,
    method: ENDPOINTS[id].method,
    access: ENDPOINTS[id].access,
    pattern: compile(ENDPOINTS[id].path),
    bodyTypes: bodyTypes(ENDPOINTS[id]),
    handler: HANDLERS[id],
  }));

/** The context of whoever calls the router by hand and waits for its answer: no promise needs to be kept alive. */
const NO_CONTEXT: RequestContext = { waitUntil: () => {} };

/** Answers any request. Never throws: an unknown error becomes one log line and an opaque 500. */
export async function handle(request: Request, env: Env, context: RequestContext = NO_CONTEXT): Promise<Response> {
  const api = new ApiRequest(request, env, context);
  let reply: Reply;
  let response: Response;
  try {
    const answer = (await dispatch(api)) ?? (await unmatched(api));
    reply = withAlways("status" in answer ? answer : refusalReply(await api.refusal(answer)), api);
    response = render(reply, api);
  } catch (error) {
    logError("router: unexpected", error, { request: api.id });
    reply = refusalReply(refuse("INTERNAL_ERROR", "something went wrong on our side"));
    response = render(reply, api);
  }
  if (reply.status >= 400) await api.drain();
  api.end();
  api.log(reply);
  return response;
}

/** Adds what every answer of its endpoint carries. */
function withAlways(reply: Reply, { endpoint }: ApiRequest): Reply {
  const row: Endpoint | undefined = endpoint && ENDPOINTS[endpoint];
  const always = row?.always;
  return always ? { ...reply, headers: { ...reply.headers, ...always } } : reply;
}

/**
 * Hands the request to its endpoint, by the path alone; undefined when there is none. itty-router's own `fetch` makes a
 * URL and its search parameters of every request, which took an eighth of the time of a get
 * (docs/decisions/006-own-dispatch.md).
 */
async function dispatch(api: ApiRequest): Promise<Reply | Refusal | undefined> {
  for (const { id, method, access, pattern, handler } of ROUTES) {
    const match = method === api.method ? pattern.exec(api.path) : null;
    if (!match) continue;
    api.params = match.groups ?? {};
    api.endpoint = id;
    return (await api.allow(access)) ?? idempotencyKeyRefusal(api) ?? handler(api);
  }
  return undefined;
}

/**
 * What a request gets that no endpoint takes. There is a page at its path, or no such path, or the client asks what the
 * path can do, or the path does not have this method.
 */
async function unmatched(api: ApiRequest): Promise<Reply | Refusal> {
  const allowed = methodsAt(api.path);
  if (allowed.length === 0) return (await page(api)) ?? refuse("NOT_FOUND", "no such endpoint");
  if (api.method === "OPTIONS") return preflight(api, allowed);
  return refuse("METHOD_NOT_ALLOWED", `${api.sentMethod.slice(0, 16)} is not allowed here`, {
    Allow: allowed.join(", "),
    ...alwaysAt(api.path),
  });
}

/** No file has a path below it, so that a misspelt or forged path of the API costs no call to another service. */
const API = "/api/";

/** A static file, if the path names one. Where the files are served in front of the Worker, none comes as far as here. */
async function page({ env, method, path, request, url }: ApiRequest): Promise<Reply | Refusal | undefined> {
  if (!env.ASSETS || method !== "GET" || path.startsWith(API)) return undefined;
  if (!URL.canParse(url)) return noHost();
  const { status, headers, body } = await env.ASSETS.fetch(request);
  if (status !== 404) return { status, headers: Object.fromEntries(headers), ...(body ? { body } : {}) };
  await body?.cancel();
  return undefined;
}

/** What a path can be asked for; nothing when there is no such path. */
function methodsAt(path: string): string[] {
  const methods: string[] = ROUTES.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  if (methods.length === 0) return [];
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
}

/** The types of body that a path takes, by method. */
function acceptedAt(path: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { method, pattern, bodyTypes: types } of ROUTES) {
    if (types.length === 0 || !pattern.test(path)) continue;
    Object.assign(headers, acceptedTypes(method, types));
  }
  return headers;
}

const endpointsAt = (path: string): Endpoint[] =>
  ROUTES.filter(({ pattern }) => pattern.test(path)).map(({ id }) => ENDPOINTS[id]);

/** What the endpoints of a path say of themselves to whoever asks by OPTIONS. */
const optionsAt = (path: string): Record<string, string> =>
  Object.assign({}, ...endpointsAt(path).map(({ options }) => options)) as Record<string, string>;

/** What every answer of the endpoints of a path carries. */
const alwaysAt = (path: string): Record<string, string> =>
  Object.assign({}, ...endpointsAt(path).map(({ always }) => always)) as Record<string, string>;

/** CORS: answers what a browser asks before it sends the request itself. No key is needed to ask. */
function preflight(api: ApiRequest, allowed: string[]): Reply {
  const headers: Record<string, string> = {
    Allow: allowed.join(", "),
    ...acceptedAt(api.path),
    ...optionsAt(api.path),
  };
  if (api.header("Access-Control-Request-Method")) {
    headers["Access-Control-Allow-Methods"] = allowed.join(", ");
    headers["Access-Control-Allow-Headers"] =
      api.header("Access-Control-Request-Headers") ?? "Authorization, Content-Type";
    headers["Access-Control-Max-Age"] = "86400";
    headers["Vary"] = "Access-Control-Request-Headers";
  }
  return { status: 204, headers };
}
