import { STATUS, type Refusal } from "../model/refusal.ts";

const JSON_TYPE = "application/json";

/** Response headers a browser's script may read. */
const EXPOSED =
  "ETag, Location, Content-Location, Content-Disposition, Content-Length, Content-Range, Accept-Ranges, Repr-Digest, " +
  "Retry-After, WWW-Authenticate, Allow, X-Request-Id, Strongroom-Durability";

/** A response of JSON: a value to serialise, or text (or a stream of it) that is JSON already. */
export function json(body: unknown, init: { status?: number; headers?: Record<string, string> } = {}): Response {
  const text = typeof body === "string" || body instanceof ReadableStream ? body : JSON.stringify(body);
  return new Response(text, {
    status: init.status ?? 200,
    headers: {
      "Content-Type": JSON_TYPE,
      "Cache-Control": "private, no-cache",
      ...(typeof text === "string" ? { "Content-Length": String(Buffer.byteLength(text)) } : {}),
      ...init.headers,
    },
  });
}

/** RFC 6750: what a 401 says unless the refusal says otherwise. */
const CHALLENGE = { "WWW-Authenticate": 'Bearer realm="strongroom", error="invalid_token"' };

/** The one renderer of refusals. */
export function renderRefusal({ code, message, headers: given }: Refusal): Response {
  const status = STATUS[code];
  const headers = { ...(code === "UNAUTHORIZED" ? CHALLENGE : {}), ...given };
  return json({ error: { code, message, status } }, { status, headers: { "Cache-Control": "no-store", ...headers } });
}

/** What every response carries. Any origin may call: the bearer token is the guard, and no cookie is ever looked at. */
export function decorate(response: Response, requestId: string, timing: string): Response {
  const { headers } = response;
  headers.set("X-Request-Id", requestId);
  headers.set("Server-Timing", timing);
  headers.set("Timing-Allow-Origin", "*");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Access-Control-Allow-Origin", "*");
  headers.set("Access-Control-Expose-Headers", EXPOSED);
  return response;
}

/** The header of a write that D1 (or, for a delete, R2) has not confirmed yet. */
export const durability = (durable: boolean): Record<string, string> =>
  durable ? {} : { "Strongroom-Durability": "queued" };
