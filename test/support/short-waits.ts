/** Short waits of a vault for tests of faults, which replace those of src/vault/limits.ts. Milliseconds. */

import type * as limits from "../../src/vault/limits.ts";

const waits = {
  DURABLE_WAIT_MS: 200,
  // A machine that stands still for a moment must not pass for a D1 that does not answer.
  REBUILD_WAIT_MS: 2_500,
  RETRY_MIN_MS: 20,
  RETRY_MAX_MS: 200,
} satisfies Partial<Record<keyof typeof limits, number>>;

export const { DURABLE_WAIT_MS, REBUILD_WAIT_MS, RETRY_MIN_MS, RETRY_MAX_MS } = waits;
