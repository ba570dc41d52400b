import { IttyRouter } from "itty-router/IttyRouter";
import type { Env } from "./env.ts";
import type { Access } from "./http/auth.ts";
import { JSON_TYPE } from "./http/json.ts";
import { ApiRequest, type RequestContext } from "./http/request.ts";
import { json, refusalReply, render, type Reply } from "./http/reply.ts";
import { adminTokenProblem, keySecretProblem, misconfigured } from "./http/settings.ts";
import { logError } from "./runtime/log.ts";
import { refuse, type Refusal } from "./model/refusal.ts";
import { deleteAsset, getAsset, listAssets, PATCH_TYPES, patchAsset } from "./routes/assets.ts";
import { getContent, getFile } from "./routes/content.ts";
import { createKey, listKeys, revokeKey } from "./routes/keys.ts";
import { createLink } from "./routes/links.ts";
import { UPLOAD_TYPES, uploadAsset } from "./routes/uploads.ts";
import { clearLostWindows, createVault, deleteVault, getVault, listVaults, reconcileVault } from "./routes/vaults.ts";

/** A guard in front of a handler: the next one's turn comes when this answers nothing. */
const admin = guard("admin");
const manage = guard("manage");
const read = guard("read");
const write = guard("write");
const readOrLink = (api: ApiRequest): ReturnType<ApiRequest["allow"]> => api.allowLink();

/**
 * The API's table of contents. A trailing slash is allowed on every path. Tried from the top: what is asked a thousand
 * times a second stands before what is asked once.
 */
const router = IttyRouter();
router
  .get("/api/v1/vaults/:vaultId/assets/:assetId", read, getAsset)
  .post("/api/v1/vaults/:vaultId/assets", write, uploadAsset)
  .get("/api/v1/vaults/:vaultId/assets", read, listAssets)
  .get("/api/v1/vaults/:vaultId/assets/:assetId/content", readOrLink, getContent)
  .get("/api/v1/vaults/:vaultId/files/:partition/:collection/:channel/:filename", read, getFile)
  .post("/api/v1/vaults/:vaultId/assets/:assetId/links", write, createLink)
  .patch("/api/v1/vaults/:vaultId/assets/:assetId", write, patchAsset)
  .delete("/api/v1/vaults/:vaultId/assets/:assetId", write, deleteAsset)

  .post("/api/v1/vaults", admin, createVault)
  .get("/api/v1/vaults", admin, listVaults)
  .get("/api/v1/vaults/:vaultId", manage, getVault)
  .delete("/api/v1/vaults/:vaultId", admin, deleteVault)
  .post("/api/v1/vaults/:vaultId/reconcile", manage, reconcileVault)
  .delete("/api/v1/vaults/:vaultId/lost-windows", admin, clearLostWindows)

  .post("/api/v1/vaults/:vaultId/keys", manage, createKey)
  .get("/api/v1/vaults/:vaultId/keys", manage, listKeys)
  .delete("/api/v1/vaults/:vaultId/keys/:keyId", manage, revokeKey)

  .get("/healthz", healthz);

/** The media types that a handler takes a body of. */
const TAKES = new Map<unknown, readonly string[]>([
  [uploadAsset, UPLOAD_TYPES],
  [patchAsset, PATCH_TYPES],
  [createLink, [JSON_TYPE]],
  [createVault, [JSON_TYPE]],
  [createKey, [JSON_TYPE]],
]);

/** Liveness: this Worker runs and has its secrets. It asks nothing of the stores and tells nothing of them. */
async function healthz({ env }: ApiRequest): Promise<Reply | Refusal> {
  const problems = [keySecretProblem(env), adminTokenProblem(env)].filter((problem) => problem !== undefined);
  if (problems.length > 0) return misconfigured(...problems);
  return json({ status: "ok" }, { headers: { "Cache-Control": "no-store" } });
}

/** Whoever calls the router by hand and waits for its answer needs no promise to be kept alive. */
const NO_CONTEXT: RequestContext = { waitUntil: () => {} };

/** Answers any request. Never throws: an unknown error is one log line and an opaque 500. */
export async function handle(request: Request, env: Env, context: RequestContext = NO_CONTEXT): Promise<Response> {
  const api = new ApiRequest(request, env, context);
  let reply: Reply;
  let response: Response;
  try {
    const answer = (await dispatch(api)) ?? unmatched(api);
    reply = "status" in answer ? answer : refusalReply(answer);
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

/** A guard, or the handler behind it. */
type Step = (api: ApiRequest) => Promise<Reply | Refusal | undefined>;

/**
 * Hands the request to its route: itty-router's own `fetch`, but on the path alone. That one makes a URL and its search
 * parameters of every request, which cost an eighth of the time of a get (docs/decisions/006-own-dispatch.md).
 */
async function dispatch(api: ApiRequest): Promise<Reply | Refusal | undefined> {
  for (const [method, pattern, handlers, path] of router.routes) {
    const match = method === api.method ? pattern.exec(api.path) : null;
    if (!match) continue;
    api.params = match.groups ?? {};
    api.route = path ?? "";
    for (const handler of handlers) {
      const answer = await (handler as unknown as Step)(api);
      if (answer) return answer;
    }
  }
  return undefined;
}

/** What a request gets that no route takes: there is no such path, it is asked what it can do, or it cannot do that. */
function unmatched(api: ApiRequest): Reply | Refusal {
  const allowed = methodsAt(api.path);
  if (allowed.length === 0) return refuse("NOT_FOUND", "no such endpoint");
  if (api.method === "OPTIONS") return preflight(api, allowed);
  return refuse("METHOD_NOT_ALLOWED", `${api.sentMethod.slice(0, 16)} is not allowed here`, {
    Allow: allowed.join(", "),
  });
}

/** What a path can be asked for; nothing when there is no such path. */
function methodsAt(pathname: string): string[] {
  const methods = router.routes.filter(([, pattern]) => pattern.test(pathname)).map(([method]) => method);
  if (methods.length === 0) return [];
  return [...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
}

/** What a path takes a body of, by method (RFC 5789 3.1, Linked Data Platform 7.1). */
function acceptedAt(pathname: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [method, pattern, handlers] of router.routes) {
    const types = pattern.test(pathname) ? TAKES.get(handlers.at(-1)) : undefined;
    if (types) headers[method === "PATCH" ? "Accept-Patch" : "Accept-Post"] = types.join(", ");
  }
  return headers;
}

/** CORS: what a browser asks before it sends the request itself. No key is needed to ask. */
function preflight(api: ApiRequest, allowed: string[]): Reply {
  const headers: Record<string, string> = { Allow: allowed.join(", "), ...acceptedAt(api.path) };
  if (api.header("Access-Control-Request-Method")) {
    headers["Access-Control-Allow-Methods"] = allowed.join(", ");
    headers["Access-Control-Allow-Headers"] =
      api.header("Access-Control-Request-Headers") ?? "Authorization, Content-Type";
    headers["Access-Control-Max-Age"] = "86400";
    headers["Vary"] = "Access-Control-Request-Headers";
  }
  return { status: 204, headers };
}

function guard(access: Access): (api: ApiRequest) => ReturnType<ApiRequest["allow"]> {
  return (api) => api.allow(access);
}
