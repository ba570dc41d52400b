/**
 * How long calls to the stores and to a vault may take. Tests replace this file by shorter times (vi.mock), so the times
 * stand here, and not with those who wait.
 */

/** How long one call to R2 may take that moves no stream of the client's, but 8 MiB at most. Milliseconds. */
export const R2_TIMEOUT_MS: number = 60_000;

/**
 * How long a request waits for a look into the Worker's own cache. It costs some milliseconds, and R2 has the file too.
 * Milliseconds.
 */
export const CACHE_TIMEOUT_MS: number = 1_000;

/** How long a file may take into that cache: as long as Workers let work go on after an answer. Milliseconds. */
export const CACHE_FILL_TIMEOUT_MS: number = 30_000;

/**
 * How long a vault may take to answer a write. It waits for 11 seconds at most: 5 for a rebuild, 2 to know whether its
 * storage is old, and 2 each for D1 and R2. Milliseconds.
 */
export const VAULT_TIMEOUT_MS: number = 30_000;

/**
 * How long a vault waits for one call to D1 or R2. A call that takes longer is abandoned. It may still land, and the
 * guards make that harmless. Milliseconds.
 */
export const CALL_TIMEOUT_MS: number = 10_000;
