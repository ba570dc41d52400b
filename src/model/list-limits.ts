/**
 * The bounds of lists, which limits.ts has among its own: the rest of the code takes them from there. Only the console's
 * first view, which has to be small, takes them from here.
 */

/** How many records a page has when the client does not say how many it wants: what a screen shows. */
export const DEFAULT_PAGE = 50;

/**
 * The most records of a page. With the longest metadata and tags, 200 records are 25 MiB, which are streamed. Usual
 * ones are some 100 KB.
 */
export const MAX_PAGE = 200;

/**
 * The most tags that a list can be narrowed to at once. A page by tags looks them up in turns, and whoever wants more has
 * a tag for it.
 */
export const MAX_TAG_FILTERS = 5;

/** The most ids that one list takes: what 4 KB of a URL hold. */
export const MAX_ID_FILTERS = 100;

/** The most keys of metadata that a list can be narrowed by at once. */
export const MAX_METADATA_FILTERS = 10;

/** The longest tag, key or value, and the longest part of a name, that a list can be narrowed to. */
export const MAX_FILTER_LENGTH = 1_000;

/** The shortest text that is searched for. What is shorter is nearly everywhere. */
export const MIN_SEARCH_LENGTH = 3;

/**
 * How many rows a list looks at for one page, of the table and of its indexes, when no index finds exactly what is asked
 * for. SQLite and the script take some 20 ms for so many.
 */
export const MAX_LIST_ROWS: number = 10_000;

/**
 * How much of these rows' text it looks at: names, types, metadata and tags. Ten thousand assets with 400 characters each
 * are as much. To read and parse them takes some 50 ms. A single asset may have 128 KiB, and more than that is never held
 * at once.
 */
export const MAX_LIST_LENGTH = 4_000_000;

/**
 * The longest cursor. Ours have 720 characters at most: three filters of 64 characters, as much for a scope, the names, a
 * time, a seq and a digest of 22, as JSON in base64.
 */
export const MAX_CURSOR_LENGTH = 1_000;
