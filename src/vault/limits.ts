/** The vault's own bounds: times in milliseconds. What a client can run into stands in model/limits.ts. */

/** How long a write waits for D1 (and a delete for R2) before it is acknowledged as queued. */
export const DURABLE_WAIT_MS: number = 2_000;

/** How long, at most, a flush to D1 waits for the changes that it might carry too; see {@link Drain}. */
export const GATHER_MS: number = 10;

/** A call to D1 or R2 that takes longer is abandoned; it may still land, and the guards make that harmless. */
export const CALL_TIMEOUT_MS: number = 10_000;

/** How soon after a write the alarm looks whether anything was left over, such as by a crash. */
export const ALARM_DELAY_MS: number = 5_000;

/** Failures of a flush in a row after which it is asked whether D1 is down, or refuses one of the rows. */
export const PARK_AFTER = 3;

/** Reconciliation works in steps for about this long before it lets the alarm end. */
export const RECONCILE_SLICE_MS: number = 5_000;

/** Retries of D1 and R2 back off from the first to the second, doubling, with jitter. */
export const RETRY_MIN_MS: number = 1_000;
export const RETRY_MAX_MS: number = 60_000;

/** Changes that D1 may lag behind before writes get 503: bounds the outbox, and what a lost object could lose. */
export const MAX_UNRECORDED = 50_000;

/** Operations that share one transaction at most: bounds how long a group keeps the vault from answering reads. */
export const MAX_GROUP = 256;

/** One flush to D1: at most this many changes and bytes of rows. */
export const FLUSH_ROWS = 1_000;
export const FLUSH_BYTES = 4_000_000;

/** R2 deletes up to 1,000 keys in one call. */
export const ERASE_KEYS = 1_000;

/** A request that finds the vault being rebuilt waits this long before it gets 503. */
export const REBUILD_WAIT_MS: number = 5_000;

/** Records and list pages that a vault keeps ready in memory, each; it shares 128 MB with others. Characters. */
export const CACHE_SIZE = 4_000_000;

/** JSON of a list page that is sent as one string; a longer page is streamed in pieces of this size. Characters. */
export const PAGE_PIECE = 1_000_000;
