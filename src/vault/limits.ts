// Tests replace the times in this file by shorter ones (vi.mock): so these stand here even with a single user.
import { UPLOAD_DEADLINE_MS } from "../model/limits.ts";

// --- times that tests replace, in milliseconds

/** How long a write waits for D1 (and a delete for R2) before it is acknowledged as queued. */
export const DURABLE_WAIT_MS: number = 2_000;

/** A request that finds the vault being rebuilt waits this long before it gets 503. */
export const REBUILD_WAIT_MS: number = 5_000;

/** How soon after a write the alarm looks whether anything was left over, such as by a crash. */
export const ALARM_DELAY_MS: number = 5_000;

/** Retries of D1 and R2 back off from the first to the second, doubling, with jitter: after six failures it is a minute. */
export const RETRY_MIN_MS: number = 1_000;
export const RETRY_MAX_MS: number = 60_000;

// --- what several files of this folder need; what a client can run into stands in model/limits.ts

/**
 * Calls to D1 and R2 that one run of background work makes at most before it lets the alarm go on: an invocation may make
 * 50 on Cloudflare's free plan, and the request that began it has made some.
 */
export const MAX_CALLS = 40;

/** Changes that one flush to D1 carries at most, as many as a page that is read from D1. A new vault begins with it. */
export const FLUSH_ROWS = 1_000;

/** Dead keys that one group forgets: they are named in one flush. At 33 bytes an id, 33 KB. */
export const KEYS_FORGOTTEN = 1_000;

/**
 * How long an id stays void: an upload of it may be committed until its deadline, and repeated by a router for a while. Twice the
 * deadline is far more than both. Milliseconds.
 */
export const VOID_MS: number = 2 * UPLOAD_DEADLINE_MS;
