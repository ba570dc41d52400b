// A test replaces MAX_CACHED_BYTES by a smaller one (vi.mock).

/** The bounds of delivery, which limits.ts has among its own: the rest of the code takes them from there. */

/**
 * For how long caches keep a file when the vault does not say. Whoever deletes an asset or revokes a delivery key waits for
 * no more than this until the last copy of the server's is out of use.
 */
export const DEFAULT_CACHE_SECONDS = 300;

/** The longest such time: a day. A file that must stay away after its deletion should not be seen for longer. */
export const MAX_CACHE_SECONDS = 24 * 60 * 60;

/**
 * The largest file that the Worker's own cache keeps, as large as one request can bring. Whatever is larger would hardly
 * be through in the time that work may go on after an answer.
 */
export const MAX_CACHED_BYTES = 100 * 1024 * 1024;
