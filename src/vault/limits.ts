import { UPLOAD_DEADLINE_MS } from "../model/limits.ts";

/** The vault's own bounds: times in milliseconds. What a client can run into stands in model/limits.ts. */

/** How long a write waits for D1 (and a delete for R2) before it is acknowledged as queued. */
export const DURABLE_WAIT_MS: number = 2_000;

/** How long, at most, a flush to D1 waits for the changes that it might carry too; see {@link Relay}. */
export const GATHER_MS: number = 10;

/** How soon after a write the alarm looks whether anything was left over, such as by a crash. */
export const ALARM_DELAY_MS: number = 5_000;

/**
 * Calls to D1 and R2 that one run of background work makes at most before it lets the alarm go on: an invocation may make
 * 50 on Cloudflare's free plan, and the request that began it has made some.
 */
export const MAX_CALLS = 40;

/** An asset that D1 refuses is tried again after an hour; after a day of that, daily. */
export const PARKED_RETRY_MS: number = 60 * 60 * 1000;
export const PARKED_HOURLY_TRIES = 24;
export const PARKED_DAILY_MS: number = 24 * 60 * 60 * 1000;

/** Refused assets that are tried again in one run: a call each. */
export const PARKED_RETRIES = 20;

/** How often a vault that is awake looks for keys to forget. */
export const FORGET_EVERY_MS: number = 24 * 60 * 60 * 1000;

/** Dead keys that one group forgets: they are named in one flush. */
export const KEYS_FORGOTTEN = 1_000;

/** Former starts whose last flush to D1 is still in doubt. One too many is forgotten: then D1's history is taken over once more. */
export const MAX_STARTS = 50;

/** How long an id stays void: an upload of it may be committed until its deadline, and repeated by a router for a while. */
export const VOID_MS: number = 2 * UPLOAD_DEADLINE_MS;

/** Voids that are forgotten at once. */
export const VOIDS_PRUNED = 1_000;

/** Reconciliation works in steps for about this long before it lets the alarm end. */
export const RECONCILE_SLICE_MS: number = 5_000;

/** Retries of D1 and R2 back off from the first to the second, doubling, with jitter. */
export const RETRY_MIN_MS: number = 1_000;
export const RETRY_MAX_MS: number = 60_000;

/**
 * How often in a row a timer tries again what has failed. The object stays in memory while a timer is set, so a store that
 * is down for longer is left to the alarm.
 */
export const TIMED_RETRIES = 2;

/** Operations that share one transaction at most: bounds how long a group keeps the vault from answering reads. */
export const MAX_GROUP = 256;

/** One flush to D1: at most this many changes and bytes of rows. */
export const FLUSH_ROWS = 1_000;
export const FLUSH_BYTES = 4_000_000;

/** A request that finds the vault being rebuilt waits this long before it gets 503. */
export const REBUILD_WAIT_MS: number = 5_000;

/**
 * JSON of a list page that is sent as one string, and kept ready: 200 rows of 1,300 characters, which they reach only with
 * large metadata. Characters.
 */
export const PAGE_TEXT = 256 * 1024;

/** A longer page is streamed in pieces of this size, or of one row: what a client that does not read leaves in memory. Characters. */
export const PAGE_PIECE = 64 * 1024;
