/** Every bound that a client can run into, in one place. The README lists them. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** The seed: "max 100MB". Bytes. */
export const MAX_FILE_BYTES = 100 * MIB;

/** Serialised metadata and serialised tags, each: two of them and the rest of a row stay far below SQLite's 2 MB. */
export const MAX_JSON_FIELD_BYTES = 64 * KIB;

/** Nesting of metadata; beyond some thousand levels a value parses but cannot be serialised again. */
export const MAX_METADATA_DEPTH = 32;

export const MAX_TAGS = 1_000;

/** UTF-8 bytes of a filename: what file systems take. Keeps every R2 key below its 1,024 bytes. */
export const MAX_FILENAME_BYTES = 255;

/** UTF-8 bytes of a media type with its parameters. */
export const MAX_MIME_TYPE_BYTES = 255;

/** A JSON request body. Room for 64 KiB of metadata and of tags with every character escaped (six bytes for one). */
export const MAX_JSON_BODY_BYTES = 1 * MIB;

/** Characters of a vault's name or a key's label. */
export const MAX_NAME_LENGTH = 200;

/** Keys of one vault that are neither revoked nor expired: each is held in the vault's memory. */
export const MAX_LIVE_KEYS = 1_000;

/** Keys of one vault, dead ones included until they are forgotten: what a rebuild has to read before the vault can answer. */
export const MAX_KEY_ROWS = 10_000;

export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 200;

/** An upload not committed this long after it began is refused, so that sweeping bodies older than that is safe. */
export const UPLOAD_DEADLINE_MS = 60 * 60 * 1000;
