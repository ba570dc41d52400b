/**
 * How long the end of an upload may take, step by step, in milliseconds. When a client disconnects, Workers let what was handed
 * to `waitUntil` go on for 30 seconds. From the call that makes a body visible in R2 to the commit, or to the body's removal,
 * the steps together stay below that: so an upload whose client is gone is committed or leaves nothing.
 */

/** What Workers grant after a disconnect. */
export const WAIT_UNTIL_MS = 30_000;

/** The last calls to R2: the tail of the file and its completion, and the move of a body whose path came after it. */
export const STORE_MS: number = 14_000;

/** The vault makes it an asset; it answers within 7 seconds (a rebuild 5, D1 2). */
export const COMMIT_MS: number = 7_500;

/** The vault, which gave no answer, is asked how it stands. */
export const RESOLVE_MS: number = 3_500;

/** The body of an upload that came to nothing is removed. */
export const DISCARD_MS: number = 3_500;
