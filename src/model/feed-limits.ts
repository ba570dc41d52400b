/** The bounds of the feed of changes, which limits.ts has among its own: the rest of the code takes them from there. */

/**
 * How many changes a page has when the client does not say how many it wants. Whoever follows a vault mostly gets few,
 * and whoever reads all of it should not need a hundred requests for a thousand.
 */
export const DEFAULT_CHANGES = 200;

/** The most changes of a page. Usual records are some 500 bytes, so a page is half a megabyte. */
export const MAX_CHANGES = 1_000;

/**
 * A page of changes ends before the record that would make it longer than this. With three bytes for each character, it
 * has 12 MB, of the 32 MiB that RPC carries.
 */
export const MAX_CHANGES_LENGTH = 4_000_000;

/**
 * The same of a page that was waited for. All {@link MAX_WAITING} are answered at about the same time: if no two ask for
 * the same, their pages have 6.4 million characters together, less than the answers that an isolate keeps ready. A page
 * of a hundred usual records fits. What does not, be it a single long record, is there when the reader asks again.
 */
export const MAX_WAITED_LENGTH = 64_000;

/**
 * How many places of the feed one page looks at. A place has nothing for the reader when its asset has changed since,
 * and stands at a later one too. So many are looked at in some 20 ms.
 */
export const MAX_LOOKED_AT = 10_000;

/**
 * The longest that a request waits for a change. Proxies end a connection that is silent for a minute, and many clients
 * do.
 */
export const MAX_WAIT_SECONDS = 30;

/**
 * The most requests that wait for a change of one vault. Each is woken by a change, at most every 100 ms, and reads a
 * page then: these are 1,000 reads a second at most, about what an object can do.
 */
export const MAX_WAITING = 100;

/** How long a deletion stays in the feed. D1 can be restored to any moment of as many days. */
export const DELETIONS_KEPT_MS = 30 * 24 * 60 * 60 * 1000;
