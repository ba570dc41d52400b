/** The bounds of an import, which limits.ts has among its own. */

/**
 * The most records of one request. R2 is asked for the body of each, and a request may make 50 calls on Cloudflare's free
 * plan. Their tags are at most as many as a batch may give.
 */
export const MAX_IMPORT_RECORDS = 20;

/** The highest revision that an import may bring: no vault comes as far in a thousand years of a thousand changes a second. */
export const MAX_IMPORT_REV = 1_000_000_000_000_000;

/** How far ahead of ours the clock may have been that the times of an import are from. */
export const IMPORT_CLOCK_MS: number = 5 * 60 * 1000;
