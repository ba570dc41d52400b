/** Replies: what handlers return, and the one place where a reply becomes a response. */

import { RESPONSE_HEADERS } from "../api/headers.ts";
import { STATUS, type Refusal } from "../model/refusal.ts";
import type { RateState } from "../model/settings.ts";

/**
 * What a handler answers: all of a response but the headers that every response carries. It becomes a Response once, at
 * the end. A Response is an object outside the script's heap, and so is each Headers object that a script touches.
 * Making and freeing such objects is much of what a small request costs.
 */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The length of a text is sent with it. That of a stream is sent only if Content-Length stands among the headers. */
  readonly body?: string | ReadableStream<Uint8Array>;
}

/**
 * The Cache-Control of what has an entity tag. Without no-transform, Cloudflare compresses what it passes on and
 * weakens the tag. If-Match compares strongly, so a client could then never change what it has read.
 */
export const REVALIDATED = "private, no-cache, no-transform";

/** The headers that a record has in a 200 and in a 304 (RFC 9110 15.4.5). */
export const recordHeaders = (etag: string): Record<string, string> => ({ ETag: etag, "Cache-Control": REVALIDATED });

/** A reply of JSON. `body` is a value to serialise, or text (or a stream of it) that is JSON already. */
export function json(body: unknown, init: { status?: number; headers?: Record<string, string> } = {}): Reply {
  return {
    status: init.status ?? 200,
    headers: { "Content-Type": "application/json", "Cache-Control": "private, no-cache", ...init.headers },
    body: typeof body === "string" || body instanceof ReadableStream ? body : JSON.stringify(body),
  };
}

/** RFC 6750: what a 401 says unless the refusal says otherwise. */
const CHALLENGE = { "WWW-Authenticate": 'Bearer realm="strongroom", error="invalid_token"' };

/** The one renderer of refusals. */
export function refusalReply({ code, message, headers: given }: Refusal): Reply {
  const status = STATUS[code];
  const headers = { ...(code === "UNAUTHORIZED" ? CHALLENGE : {}), ...given };
  return json({ error: { code, message, status } }, { status, headers: { "Cache-Control": "no-store", ...headers } });
}

/** The response headers that a browser's script may read: all that the document names. */
const EXPOSED = Object.keys(RESPONSE_HEADERS).join(", ");

let dateSecond = 0;
let dateText = "";

/** The value of the Date header (RFC 9110 6.6.1): workerd adds none of its own. It is made once a second. */
function currentDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}

/** The bytes of a reply's body; null when only the end of its stream will tell. */
export function bodyLength({ body, headers }: Reply): number | null {
  if (typeof body === "string") return Buffer.byteLength(body);
  const declared = headers?.["Content-Length"];
  return declared === undefined ? null : Number(declared);
}

/**
 * Where the rate of a vault stands, as draft-ietf-httpapi-ratelimit-headers-10 writes it: the policy is called
 * "default", and its window is a second.
 */
const rateHeaders = ({ limit, left, reset }: RateState): Record<string, string> => ({
  RateLimit: `"default";r=${left};t=${reset}`,
  "RateLimit-Policy": `"default";q=${limit};w=1`,
});

/** What a response tells of the request that it answers. */
interface Answered {
  readonly id: string;
  readonly isHead: boolean;
  readonly serverTiming: string;
  /** Undefined when the request met no vault that has a rate. */
  readonly rate: RateState | undefined;
}

/**
 * Makes the response of a reply, with the headers that every response carries. Any origin may call: the bearer token is
 * the guard, and no cookie is ever looked at. A HEAD gets the headers that a GET would get.
 */
export function render(reply: Reply, request: Answered): Response {
  const length = reply.body === undefined ? null : bodyLength(reply);
  // A vault that streams a large page is told that nobody reads it.
  if (request.isHead && reply.body instanceof ReadableStream) reply.body.cancel().catch(() => {});
  return new Response(request.isHead ? null : reply.body, {
    status: reply.status,
    headers: {
      ...reply.headers,
      ...(length === null ? {} : { "Content-Length": String(length) }),
      ...(request.rate ? rateHeaders(request.rate) : undefined),
      Date: currentDate(),
      "X-Request-Id": request.id,
      "Server-Timing": request.serverTiming,
      "Timing-Allow-Origin": "*",
      "X-Content-Type-Options": "nosniff",
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": EXPOSED,
    },
  });
}

/** The header of a write that D1 has not confirmed yet or, for a delete, R2; none for any other. */
export const durability = (durable: boolean): Record<string, string> =>
  durable ? {} : { "Strongroom-Durability": "queued" };

/** The header of an answer that was given before, to an earlier request with the same Idempotency-Key. */
export const replay = (isReplayed: boolean | undefined): Record<string, string> =>
  isReplayed ? { "Idempotency-Replayed": "true" } : {};
