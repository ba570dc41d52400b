/**
 * Every bound that a client can run into by what it sends, asks for or keeps. The README's table "Limits" says the same, and
 * test/local/limits.test.ts compares the two. What only we can meet stands with the code that it bounds.
 *
 * The end of a name says the unit: `_BYTES`, `_LENGTH` (characters as strings count them, in UTF-16 code units), `_MS`
 * (milliseconds), `_SECONDS`, `_RATE` (bytes per second). Any other name counts things.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

const MINUTE_MS = 60 * 1000;
const DAY_MS = 24 * 60 * MINUTE_MS;

// --- an asset

/** The seed: "max 100MB". */
export const MAX_FILE_BYTES = 100 * MIB;

/** The seed's rule for partition, collection and channel. */
export const MAX_COMPONENT_LENGTH = 64;

/**
 * In UTF-8: what file systems take. With it the longest R2 key, of 516 bytes, stays far below the 1,024 that R2 takes: a vault's
 * id and an asset's of 32 each, three components of 64, the filename of 255, four slashes and an underscore.
 */
export const MAX_FILENAME_BYTES = 255;

/**
 * Metadata, and tags, serialised. SQLite takes rows of 2 MB: two times 64 KiB and the rest of an asset, of some 2 KiB, are a
 * fifteenth of that.
 */
export const MAX_JSON_FIELD_BYTES = 64 * KIB;

/** Levels of objects and arrays in metadata. Beyond some thousand, a value can be parsed and not be serialised again. */
export const MAX_METADATA_DEPTH = 32;

/** As many as fit into 64 KiB at 62 characters, two quotes and a comma each. */
export const MAX_TAGS = 1_000;

/** RFC 6838 4.2: type and subtype have up to 127 characters each, and a slash stands between them. Parameters count too. */
export const MAX_MIME_TYPE_LENGTH = 127 + 1 + 127;

// --- a form

/** RFC 2046 5.1.1: a boundary has 1 to 70 characters. */
export const MAX_BOUNDARY_LENGTH = 70;

/** White space between a delimiter and its line end (RFC 2046 "transport-padding"). Nobody sends any. */
export const MAX_PADDING_LENGTH = 64;

/** The file, our six fields, and 25 that uploaders send of their own. */
export const MAX_FORM_PARTS = 32;

/** The header block of one part: what Node takes for all headers of a request. Our names and types need less than 2 KiB. */
export const MAX_PART_HEADER_BYTES = 16 * KIB;

/** Clients send three: Content-Disposition, Content-Type and perhaps Content-Digest. */
export const MAX_PART_HEADER_LINES = 32;

/** One text field: the longest of ours are metadata and tags. */
export const MAX_FIELD_BYTES = MAX_JSON_FIELD_BYTES;

/** All text fields together: metadata and tags at their longest, and as much again for the others. */
export const MAX_FIELDS_BYTES = 4 * MAX_FIELD_BYTES;

/** Text outside the parts, which means nothing: preamble and epilogue together. As much as a field. */
export const MAX_OUTSIDE_BYTES = 64 * KIB;

/** Names in the header Strongroom-Ignored, and characters of each: 20 * (64 + 2) are a sixth of the 8 KiB that clients take. */
export const MAX_IGNORED_NAMES = 20;
export const MAX_IGNORED_NAME_LENGTH = 64;

// --- a body on its way

/**
 * From an upload's beginning to its commit. At {@link MIN_RATE} the largest file takes 3,200 seconds. A body that is older than
 * this and has no asset will never have one, so that it is safe to delete it.
 */
export const UPLOAD_DEADLINE_MS = 60 * MINUTE_MS;

/** A body that sends nothing for this long is given up. A connection that is alive sends again within seconds. */
export const IDLE_BODY_MS = 30_000;

/** The slowest that a body may come while others wait for the memory it holds: 100 MiB take less than an hour. */
export const MIN_RATE = 32 * KIB;

/** Over how long that is measured: the longest silence of a client that is fast enough otherwise. */
export const PATIENCE_MS = 10_000;

/** A JSON body. 64 KiB of metadata and as much of tags are 768 KiB when every character is escaped, six bytes for one. */
export const MAX_JSON_BODY_BYTES = 1 * MIB;

/** A JSON body of up to this size is small: it has memory of its own, so that it waits for no upload. */
export const SMALL_JSON_BYTES = 64 * KIB;

/** In what time a JSON body must have come. At {@link MIN_RATE} a small one takes 2 seconds and the largest 32. */
export const SMALL_JSON_DEADLINE_MS = 30_000;
export const JSON_DEADLINE_MS = 60_000;

/*
 * An isolate has 128 MB for everything it does. Bodies on their way in get half of that: 56 MiB and 8 MiB. The other half is
 * for the code and its heap, the answers that vaults keep ready (8 million characters, at most 16 MB), the pieces of lists
 * that are being sent, what the runtime buffers for connections, and garbage that is not collected yet.
 */

/** What requests hold of uploads, and of large JSON bodies: five uploads at their largest claim, and hundreds of small ones. */
export const BODY_BUDGET_BYTES = 56 * MIB;

/** What requests hold of small JSON bodies: 64 at the largest claim, of twice 64 KiB. */
export const SMALL_BODY_BUDGET_BYTES = 8 * MIB;

/**
 * How long a request waits for memory before it gets 503. In a minute those who hold some have sent some 2 MiB each, or are too slow
 * and have gone; small bodies come in seconds.
 */
export const BODY_WAIT_MS = 60_000;
export const SMALL_BODY_WAIT_MS = 30_000;

/**
 * What is still read of a body whose request is refused, so that the client is listening when it is answered: five times the
 * largest file of whoever holds a key, and one of whoever does not.
 */
export const MAX_DRAIN_BYTES = 512 * MIB;
export const MAX_STRANGER_DRAIN_BYTES = 128 * MIB;

/** And for how long: at 18 MiB/s all of it comes. */
export const MAX_DRAIN_MS = 30_000;

// --- lists

/** Records of a page: what a screen shows, unless the client says how many it wants. */
export const DEFAULT_PAGE = 50;

/** At the longest metadata and tags, 200 records are 25 MiB, which are streamed; usual ones are some 100 KB. */
export const MAX_PAGE = 200;

/** Ours have 395 at most: three filters of 64 characters, the names, a time and a seq, as JSON in base64. */
export const MAX_CURSOR_LENGTH = 1_000;

// --- vaults, keys and links

/** The name of a vault, the label of a key. */
export const MAX_NAME_LENGTH = 200;

/** Keys of one vault that are neither revoked nor expired: each is held in the vault's memory, at a few hundred bytes. */
export const MAX_LIVE_KEYS = 1_000;

/**
 * Keys of one vault, dead ones included until they are forgotten. A rebuild reads them before the vault can answer, in ten
 * calls, and one flush may name them all: at 33 bytes an id, a third of the JSON that a statement of D1 is given.
 */
export const MAX_KEY_ROWS = 10_000;

/** A week: whoever needs a file for longer asks for another link. */
export const MAX_LINK_SECONDS = 7 * 24 * 60 * 60;
export const DEFAULT_LINK_SECONDS = 60 * 60;

/**
 * How long after its death a key is forgotten: D1 can be restored to any of the last 30 days, and what the key signed before it
 * died lives on for as long as a link may.
 */
export const KEY_KEPT_MS = 30 * DAY_MS + MAX_LINK_SECONDS * 1000;

/** The last year that RFC 3339 can write. */
export const MAX_YEAR = 9_999;

/** Shorter secrets of the operator can be guessed: 32 characters of base64 are 192 bits. */
export const MIN_SECRET_LENGTH = 32;

/**
 * Changes of a vault that D1 may lag behind before writes get 503: 50 flushes, and what a lost object could lose. Far below the
 * million by which revisions jump when a vault is claimed, which must be more than were given out unheard of.
 */
export const MAX_UNRECORDED = 50_000;

// --- what an operator is told of a vault

/** Partitions, and as many parked assets: two lists of some 10 KB each. */
export const MAX_REPORTED = 100;

/** Assets whose body is missing, by id: enough to see what they have in common. All are counted. */
export const MAX_MISSING_IDS = 20;

/** Windows are few: one for each loss. Beyond this many, the oldest are joined. */
export const MAX_LOST_WINDOWS = 100;
