// A test replaces MAX_LIST_ROWS by a smaller one (vi.mock).

/**
 * Every bound that a client can run into by what it sends, asks for or keeps. The table "Limits" of docs/api.md says the
 * same, and test/local/limits.test.ts compares the two. A bound that only we can meet stands with the code that it
 * bounds.
 *
 * The end of a name says the unit: `_BYTES`, `_LENGTH` (characters as strings count them, in UTF-16 code units), `_MS`
 * (milliseconds), `_SECONDS`, `_RATE` (bytes per second). Any other name counts things.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

const MINUTE_MS = 60 * 1000;
const DAY_MS = 24 * 60 * MINUTE_MS;

// --- an asset

/** The largest file. The API has said "max 100MB" from its beginning. */
export const MAX_FILE_BYTES = 100 * MIB;

/** The longest partition, collection or channel. The API has had this rule from its beginning. */
export const MAX_COMPONENT_LENGTH = 64;

/**
 * The longest filename, in UTF-8. File systems take as much. With it, the longest R2 key has 516 bytes: a vault's id
 * and an asset's id of 32 each, three components of 64, the filename of 255, four slashes and an underscore. That is
 * far below the 1,024 that R2 takes.
 */
export const MAX_FILENAME_BYTES = 255;

/**
 * The longest metadata, and the longest tags, when they are serialised. SQLite takes rows of 2 MB. Two times 64 KiB and
 * the rest of an asset, of some 2 KiB, are a fifteenth of that.
 */
export const MAX_JSON_FIELD_BYTES = 64 * KIB;

/**
 * The most levels of objects and arrays in metadata, and in any other field of a JSON body. A value of more than some thousand levels can be parsed, but
 * cannot be serialised again.
 */
export const MAX_METADATA_DEPTH = 32;

/** The most tags of an asset. So many fit into 64 KiB at 62 characters, two quotes and a comma each. */
export const MAX_TAGS = 1_000;

/**
 * The longest media type. By RFC 6838 4.2, type and subtype have up to 127 characters each, and a slash stands between
 * them. Parameters count too.
 */
export const MAX_MIME_TYPE_LENGTH = 127 + 1 + 127;

// --- a form

/** The longest boundary. By RFC 2046 5.1.1 a boundary has 1 to 70 characters. */
export const MAX_BOUNDARY_LENGTH = 70;

/** The most white space between a boundary and the end of its line (RFC 2046 "transport-padding"). Nobody sends any. */
export const MAX_PADDING_LENGTH = 64;

/** The most parts of a form: the file, our six fields, and 25 that uploaders send of their own. */
export const MAX_FORM_PARTS = 32;

/**
 * The largest header block of a part. Node takes as much for all headers of a request. Our names and types need less
 * than 2 KiB.
 */
export const MAX_PART_HEADER_BYTES = 16 * KIB;

/**
 * The most header lines of a part. Clients send three: Content-Disposition, Content-Type and perhaps Content-Digest.
 */
export const MAX_PART_HEADER_LINES = 32;

/** The longest text field. The longest of ours are metadata and tags. */
export const MAX_FIELD_BYTES = MAX_JSON_FIELD_BYTES;

/** The most bytes of all text fields together: metadata and tags at their longest, and as much again for the others. */
export const MAX_FIELDS_BYTES = 4 * MAX_FIELD_BYTES;

/**
 * The most text outside the parts, which means nothing: preamble and epilogue together. It may be as long as a field.
 */
export const MAX_OUTSIDE_BYTES = 64 * KIB;

/**
 * The most names in the header Strongroom-Ignored, and the most characters of each. 20 * (64 + 2) characters are a
 * sixth of the 8 KiB that clients take.
 */
export const MAX_IGNORED_NAMES = 20;
export const MAX_IGNORED_NAME_LENGTH = 64;

// --- a body on its way

/**
 * The time from an upload's beginning to its commit. At {@link MIN_RATE} the largest file takes 3,200 seconds. A body
 * that is older than this and has no asset will never have one, so it is safe to delete the body.
 */
export const UPLOAD_DEADLINE_MS = 60 * MINUTE_MS;

/** A body that sends nothing for this long is given up. A connection that is alive sends again within seconds. */
export const IDLE_BODY_MS = 30_000;

/**
 * The slowest that a body may come while others wait for the memory that it holds. At this rate 100 MiB take less than
 * an hour.
 */
export const MIN_RATE = 32 * KIB;

/** The time over which that rate is measured: the longest silence of a client that is otherwise fast enough. */
export const PATIENCE_MS = 10_000;

/**
 * The largest JSON body. 64 KiB of metadata and as much of tags are 768 KiB when every character is escaped, with six
 * bytes for one.
 */
export const MAX_JSON_BODY_BYTES = 1 * MIB;

/** A JSON body of up to this size is small: it has memory of its own, so that it waits for no upload. */
export const SMALL_JSON_BYTES = 64 * KIB;

/**
 * The time in which a JSON body must have come. At {@link MIN_RATE} a small one takes 2 seconds, and the largest takes
 * 32.
 */
export const SMALL_JSON_DEADLINE_MS = 30_000;
export const JSON_DEADLINE_MS = 60_000;

/*
 * An isolate has 128 MB for everything it does. Bodies on their way in get half of that: 56 MiB and 8 MiB. The other
 * half is for the code and its heap, the answers that vaults keep ready (8 million characters, at most 16 MB), the
 * pieces of lists that are being sent, files on their way into the cache (8 MiB), what the runtime buffers for connections, and garbage that is not collected yet.
 */

/**
 * The memory for uploads and for large JSON bodies: five uploads at their largest claim, and hundreds of small ones.
 */
export const BODY_BUDGET_BYTES = 56 * MIB;

/** The memory for small JSON bodies: 64 of them at the largest claim, of twice 64 KiB. */
export const SMALL_BODY_BUDGET_BYTES = 8 * MIB;

/**
 * How long a request waits for memory before it gets 503. In a minute, those who hold some have sent some 2 MiB each,
 * or were too slow and are gone. Small bodies come in seconds.
 */
export const BODY_WAIT_MS = 60_000;
export const SMALL_BODY_WAIT_MS = 30_000;

/**
 * How much is still read of a body whose request is refused, so that the client is listening when it is answered. For
 * whoever holds a key it is five times the largest file, and for anybody else it is one.
 */
export const MAX_DRAIN_BYTES = 512 * MIB;
export const MAX_STRANGER_DRAIN_BYTES = 128 * MIB;

/** How long such a body is read. At 18 MiB/s all of it comes in this time. */
export const MAX_DRAIN_MS = 30_000;

// --- resumable uploads

export * from "./session-limits.ts";

// --- tickets

export * from "./ticket-limits.ts";

// --- safe retries

/** The longest Idempotency-Key. A UUID has 36 characters, and a SHA-256 in hex has 64. */
export const MAX_IDEMPOTENCY_KEY_LENGTH = 64;

/**
 * For at least this long, a write that had an Idempotency-Key is answered by its first answer when it is repeated. For
 * less than twice as long, the vault keeps that answer.
 */
export const RECEIPT_KEPT_MS = DAY_MS;

// --- lists

export * from "./list-limits.ts";

// --- many assets in one request

/** The most operations of a batch. They make as many changes as one flush to D1 carries. */
export const MAX_BATCH_OPERATIONS = 1_000;

/** The most assets that one request deletes of a folder. One call to R2 deletes as many bodies. */
export const MAX_FOLDER_DELETION = 1_000;

/**
 * The most bytes of the records that one request changes or deletes: of each its metadata, its tags and 1,000 bytes for
 * the rest. One flush to D1 carries as much.
 */
export const MAX_BATCH_RECORD_BYTES = 4_000_000;

/**
 * The most tags that one request gives to assets or takes from them. Each is a row of the vault's index, and the vault
 * answers nobody while the rows are written: so many take a tenth of a second.
 */
export const MAX_BATCH_TAGS = 20_000;

// --- an import

export * from "./import-limits.ts";

// --- the feed of changes

export * from "./feed-limits.ts";

// --- delivery

export * from "./delivery-limits.ts";

// --- vaults, keys and links

/** The longest name of a vault, and the longest label of a key. */
export const MAX_NAME_LENGTH = 200;

/**
 * The most keys of one vault that are neither revoked nor expired. Each is held in the vault's memory, at a few hundred
 * bytes.
 */
export const MAX_LIVE_KEYS = 1_000;

/**
 * The most keys of one vault. The dead ones count until they are forgotten. A rebuild reads all of them, in ten calls,
 * before the vault can answer. One flush may name them all: at 33 bytes an id, these are a third of the JSON that a
 * statement of D1 is given.
 */
export const MAX_KEY_ROWS = 10_000;

/**
 * The largest quotas that can be set: a billion assets, and 1 PiB. Both are far more than one vault can hold, and far
 * less than numbers can count exactly.
 */
export const MAX_QUOTA_ASSETS = 1_000_000_000;
export const MAX_QUOTA_BYTES = 1024 ** 5;

/** The most media types that a vault's setting may name. Each takes up to 255 characters of the vault's row. */
export const MAX_ALLOWED_TYPES = 50;

/** The highest rate that can be set, in requests. It is more than one vault can answer. */
export const MAX_REQUESTS_PER_SECOND = 10_000;

/** The longest time of a link: a week. Whoever needs a file for longer asks for another link. */
export const MAX_LINK_SECONDS = 7 * 24 * 60 * 60;
export const DEFAULT_LINK_SECONDS = 60 * 60;

/**
 * How long after its death a key is forgotten. D1 can be restored to any of the last 30 days, and what the key signed
 * before it died lives on for as long as a link may.
 */
export const KEY_KEPT_MS = 30 * DAY_MS + MAX_LINK_SECONDS * 1000;

/** The last year that RFC 3339 can write. */
export const MAX_YEAR = 9_999;

/** The shortest secret of the operator's. Shorter ones can be guessed. 32 characters of base64 are 192 bits. */
export const MIN_SECRET_LENGTH = 32;

/**
 * How many changes of a vault D1 may lack before writes get 503. These are 50 flushes, and as much as a lost object
 * could lose. A claim of the vault makes its revision jump by a million, which must be more than the revisions that
 * were handed out unknown to D1. This bound keeps them far below that.
 */
export const MAX_UNRECORDED = 50_000;

// --- what an operator is told of a vault

/** The most partitions that a report lists, and the most parked assets. These are two lists of some 10 KB each. */
export const MAX_REPORTED = 100;

/**
 * The most ids of assets whose body is missing. So many show what these assets have in common. All of them are counted.
 */
export const MAX_MISSING_IDS = 20;

/** The most lost windows. They are few, one for each loss. Beyond this many, the oldest are joined. */
export const MAX_LOST_WINDOWS = 100;
