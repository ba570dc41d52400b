// Tests replace the times in this file by shorter ones (vi.mock). So each of them stands here, even with a single user.

/**
 * Bounds that several files of the vault need. Any other bound stands with its only user, and what a client can run
 * into stands in model/limits.ts.
 */

import { UPLOAD_DEADLINE_MS } from "../model/limits.ts";

// --- times that tests replace, in milliseconds

/** How long a write waits for D1 (and a delete for R2) before it is acknowledged as queued. */
export const DURABLE_WAIT_MS: number = 2_000;

/** A request that finds the vault being rebuilt waits this long before it gets 503. */
export const REBUILD_WAIT_MS: number = 5_000;

/** How soon after a write the alarm looks for what was left over, by a crash for instance. */
export const ALARM_DELAY_MS: number = 5_000;

/**
 * The pauses before D1 or R2 is tried again. They double from the first of these to the second, with jitter. After six
 * failures a pause is a minute.
 */
export const RETRY_MIN_MS: number = 1_000;
export const RETRY_MAX_MS: number = 60_000;

/**
 * An upload with an Idempotency-Key counts as running for this long after its last sign of life. The router gives such a
 * sign three times in it.
 */
export const RUNNING_MS: number = 60_000;

/**
 * How soon it is saved that a key was used today, when nothing else is written. A timer that waits keeps the object from
 * being evicted, so it is short.
 */
export const USES_SAVED_MS: number = 1_000;

// --- what several files of the vault need

/**
 * The most calls to D1 and R2 that one run of a background job makes before it leaves the rest to the alarm. An
 * alarm does several jobs in turn: together they may pass the 50 calls that an invocation has on Cloudflare's Free plan,
 * and stay far below the 1,000 of the Paid plan.
 */
export const MAX_CALLS = 40;

/**
 * The most changes that one flush to D1 carries: as many as the rows of a page that is read from D1. A new vault begins
 * with it.
 */
export const FLUSH_ROWS = 1_000;

/** Dead keys that one group forgets. One flush names them all: at 33 bytes an id they are 33 KB. */
export const KEYS_FORGOTTEN = 1_000;

/**
 * How long after it was made an id stays void. An upload with the id may be committed until its deadline, and a router
 * may repeat the commit for a while. Twice the deadline is far more than both together. Milliseconds.
 */
export const VOID_MS: number = 2 * UPLOAD_DEADLINE_MS;
