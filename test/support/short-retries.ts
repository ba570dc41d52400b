/**
 * Short pauses of a vault before it tries D1 or R2 again, which replace those of src/vault/limits.ts. An object that is
 * evicted while D1 is down waits for them. Milliseconds.
 */

import type * as limits from "../../src/vault/limits.ts";

const pauses = { RETRY_MIN_MS: 5, RETRY_MAX_MS: 20 } satisfies Partial<Record<keyof typeof limits, number>>;

export const { RETRY_MIN_MS, RETRY_MAX_MS } = pauses;
