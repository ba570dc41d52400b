/** Safe retries: what a client sends with a write so that it may repeat the write after a lost answer. */

import type { Durability } from "./vault.ts";

/** The answer to a write, and whether it is the answer to an earlier request with the same Idempotency-Key. */
export type Acknowledged<A extends object> = A & Durability & { readonly isReplayed: boolean };

/**
 * A write's Idempotency-Key, and what the write asks for. The same key with another fingerprint is another request, and
 * is refused.
 */
export interface SafeRetry {
  readonly key: string;
  readonly fingerprint: string;
}

/**
 * The fingerprint of an upload has two parts, because the first may be known before the file has come: everything but
 * the file's bytes, and the bytes. Neither part has a dot in it.
 */
export interface UploadFingerprint {
  /** Undefined while not all fields have come. */
  readonly fields: string | undefined;
  /** Undefined while the bytes have not come and nobody has said what their SHA-256 is. */
  readonly bytes: string | undefined;
}

/** The two parts in one. */
export const joinFingerprint = (fields: string, bytes: string): string => `${fields}.${bytes}`;

/** Whether a fingerprint is that of an upload of which so much is known. Undefined while that cannot be told yet. */
export function agrees(fingerprint: string, { fields, bytes }: UploadFingerprint): boolean | undefined {
  if (fields === undefined) return undefined;
  if (bytes !== undefined) return fingerprint === joinFingerprint(fields, bytes);
  return fingerprint.startsWith(joinFingerprint(fields, "")) ? undefined : false;
}
