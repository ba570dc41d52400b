/** Refusals: what the API answers instead of a success, as values that cross from the vault to the router. */

import type { RateState } from "./settings.ts";

/**
 * The closed table of everything that the API can answer instead of a success. The code is the contract, and the status
 * follows from it.
 */
export const STATUS = {
  INVALID_PARAMS: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  QUOTA_EXCEEDED: 403,
  NOT_FOUND: 404,
  ASSET_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TIMEOUT: 408,
  CONFLICT: 409,
  UPLOAD_OFFSET_MISMATCH: 409,
  CURSOR_EXPIRED: 410,
  UPLOAD_EXPIRED: 410,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RANGE_NOT_SATISFIABLE: 416,
  IDEMPOTENCY_KEY_REUSED: 422,
  UPLOAD_LOCKED: 423,
  RATE_LIMITED: 429,
  CHECKSUM_MISMATCH: 460,
  INTERNAL_ERROR: 500,
  UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof STATUS;

/**
 * An expected "no". It is a value and not an exception, so that it crosses the RPC boundary between router and vault
 * unharmed. Exceptions are left for bugs.
 */
export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  /** Tells the client which field broke which rule. */
  readonly message: string;
  /** Response headers that belong to this refusal, such as `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer was lost on the way, so what was asked for may have been done. */
  readonly lost?: true;
  /** Said of an upload: its body may be all that is left of an asset, and must not be deleted. */
  readonly keep?: true;
  readonly rate?: RateState;
  readonly queued?: number;
}

/**
 * An outcome. `rate` comes with the answer of a vault that has a rate, whatever it is. `queued` comes with the answer to
 * a write: how many milliseconds passed from its arrival in the vault's queue until its group was committed.
 */
export type Result<T extends object = object> =
  | ({ readonly ok: true; readonly rate?: RateState; readonly queued?: number } & Readonly<T>)
  | Refusal;

export function refuse(code: ErrorCode, message: string, headers?: Record<string, string>): Refusal {
  return headers ? { ok: false, code, message, headers } : { ok: false, code, message };
}

export const invalid = (message: string): Refusal => refuse("INVALID_PARAMS", message);

/** A 503 that tells the client when to come back, in whole seconds. */
export const unavailable = (message: string, retryAfter = 1): Refusal =>
  refuse("UNAVAILABLE", message, { "Retry-After": String(retryAfter) });

/** The message of a 503 whose change acts all the same. Clients go by these words: see console/vault/settings.tsx. */
export const ACTS_ALREADY = "the change acts already, but it could not be recorded yet: repeat the call";

/** The 400 of a request for a URL, whose own is none: a client may send any Host. */
export const noHost = (): Refusal => invalid("Host: must be a host, as in a URL");

export const vaultNotFound = (): Refusal => refuse("NOT_FOUND", "no vault with this id");

export const keyNotFound = (): Refusal => refuse("NOT_FOUND", "no key with this id in this vault");

export const uploadNotFound = (): Refusal => refuse("NOT_FOUND", "no upload with this id");

export const assetNotFound = (): Refusal => refuse("ASSET_NOT_FOUND", "no asset with this id in this vault");

/** The refusal that an outcome is; undefined when it is none. */
export const refusalOf = (outcome: Result): Refusal | undefined => (outcome.ok ? undefined : outcome);

/**
 * Carries a refusal out of code that streams, where a union cannot be handed from chunk to chunk. It is thrown and
 * caught inside `http` and `upload`, and never leaves the router.
 */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Unwraps a result; throws {@link Refused} when it is a refusal. */
export function must<T extends object>(result: Result<T>): { readonly ok: true } & Readonly<T> {
  if (!result.ok) throw new Refused(result);
  return result;
}
