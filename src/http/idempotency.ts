/**
 * The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), with which a client may repeat a write whose
 * answer it has lost.
 */

import { createHash } from "node:crypto";
import { MAX_IDEMPOTENCY_KEY_LENGTH } from "../model/limits.ts";
import { invalid, type Refusal, type Result } from "../model/refusal.ts";
import type { SafeRetry } from "../model/safe-retry.ts";
import { ENDPOINTS } from "../api/endpoints.ts";
import type { Endpoint } from "../api/endpoint.ts";
import type { ApiRequest } from "./request.ts";

const HEADER = "Idempotency-Key";

/** A string of RFC 8941 3.3.3: printable ASCII in quotes, where quotes and backslashes have a backslash before them. */
const QUOTED = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

/** Visible ASCII. */
const VISIBLE = /^[\x21-\x7e]+$/;

/** Characters of a part of a fingerprint. In base64 they are 132 bits. */
const FINGERPRINT_LENGTH = 22;

/**
 * The value of a request's key; undefined when it has none. The draft wants it in quotes. Many clients send it without,
 * and mean the same.
 */
export function idempotencyKey(api: ApiRequest): Result<{ key: string | undefined }> {
  const header = api.header(HEADER);
  if (header === null) return { ok: true, key: undefined };
  const sent = header.trim();
  const key = sent.startsWith('"') ? QUOTED.exec(sent)?.[1]?.replace(/\\(.)/g, "$1") : sent;
  if (key !== undefined && key.length <= MAX_IDEMPOTENCY_KEY_LENGTH && VISIBLE.test(key)) return { ok: true, key };
  return invalid(`${HEADER}: must be 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} visible ASCII characters, in quotes or not`);
}

/** A digest of what a request asks for, as JSON. The parts must be in an order of their own, not in the client's. */
export const fingerprint = (...parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, FINGERPRINT_LENGTH);

/**
 * The safe retry of a request that asks its endpoint for what `parts` say; undefined when it has no key. The parts must
 * hold all that the answer depends on, in the form in which the vault gets it.
 */
export function safeRetry(api: ApiRequest, ...parts: readonly unknown[]): Result<{ retry: SafeRetry | undefined }> {
  const given = idempotencyKey(api);
  if (!given.ok) return given;
  const { key } = given;
  if (key === undefined) return { ok: true, retry: undefined };
  return { ok: true, retry: { key, fingerprint: fingerprint(api.endpoint, ...parts) } };
}

/**
 * Refuses the key where it would promise what is not kept: a POST whose answer holds a token is not stored, so its
 * repeat would do the same again. A GET or a DELETE does no more when it is repeated, so a key means nothing there.
 */
export function idempotencyKeyRefusal(api: ApiRequest): Refusal | undefined {
  if (api.method !== "POST" || api.endpoint === undefined) return undefined;
  const { headers }: Endpoint = ENDPOINTS[api.endpoint];
  if (headers?.includes("idempotencyKey") || api.header(HEADER) === null) return undefined;
  return invalid(`${HEADER}: is not taken here, because the answer is not kept`);
}
