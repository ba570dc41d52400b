/** The bounds of resumable uploads, which limits.ts has among its own. Tests replace the times by shorter ones (vi.mock). */

const GIB = 1024 * 1024 * 1024;
const HOUR_MS = 60 * 60 * 1000;

/** The largest file of a resumable upload: 640 parts of 8 MiB, of the 10,000 that R2 takes. */
export const MAX_SESSION_BYTES = 5 * GIB;

/**
 * The most resumable uploads of one key that are under way. Each keeps its length of the vault's quota, and up to 8 MiB
 * in R2 that are not part of its file yet.
 */
export const MAX_OPEN_SESSIONS = 100;

/** A resumable upload ends when none of its bytes has come for this long. */
export const SESSION_IDLE_MS: number = 24 * HOUR_MS;

/** The longest life of a resumable upload. R2 gives up a multipart upload by itself after seven days. */
export const SESSION_LIFE_MS: number = 6 * 24 * HOUR_MS;

/** How long it is still known what became of a resumable upload that is over. */
export const SESSION_KEPT_MS: number = 24 * HOUR_MS;

/**
 * A request that makes no progress for this long loses its upload to the next one. Until then that one gets 423. A
 * client that reconnects mostly finds the request that broke still there.
 */
export const SESSION_STALL_MS: number = 5_000;
