/** Short waits of a vault for tests of faults, which replace those of src/vault/limits.ts. Milliseconds. */

import type * as limits from "../../src/vault/limits.ts";

const waits = {
  DURABLE_WAIT_MS: 200,
  REBUILD_WAIT_MS: 600,
  RETRY_MIN_MS: 20,
  RETRY_MAX_MS: 200,
} satisfies Partial<Record<keyof typeof limits, number>>;

export const { DURABLE_WAIT_MS, REBUILD_WAIT_MS, RETRY_MIN_MS, RETRY_MAX_MS } = waits;
