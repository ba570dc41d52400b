/**
 * Short times for the calls to the stores and to a vault, so that thousands of them can hang in minutes. A test replaces
 * src/runtime/timeouts.ts by this file (vi.mock). It has all of the times, so that a new one cannot be forgotten.
 */

import type * as timeouts from "../../src/runtime/timeouts.ts";

/** Milliseconds. */
const times = {
  CACHE_TIMEOUT_MS: 300,
  CACHE_FILL_TIMEOUT_MS: 1_000,
  CALL_TIMEOUT_MS: 300,
  R2_TIMEOUT_MS: 400,
  VAULT_TIMEOUT_MS: 1_000,
} satisfies typeof timeouts;

export const { CACHE_TIMEOUT_MS, CACHE_FILL_TIMEOUT_MS, CALL_TIMEOUT_MS, R2_TIMEOUT_MS, VAULT_TIMEOUT_MS } = times;
