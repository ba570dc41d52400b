// Tests replace the times in this file by shorter ones (vi.mock): so each of them stands here, even one with a single user.
import {
  MAX_BOUNDARY_LENGTH,
  MAX_FIELDS_BYTES,
  MAX_FORM_PARTS,
  MAX_OUTSIDE_BYTES,
  MAX_PADDING_LENGTH,
  MAX_PART_HEADER_BYTES,
} from "../model/limits.ts";

const MIB = 1024 * 1024;

// --- sizes, in bytes, that several files of this folder need; what a client can run into stands in model/limits.ts

/**
 * What a part takes beside its boundary, padding and header block: CR LF and two dashes before the boundary, CR LF CR LF behind
 * the headers. That is 8; the rest is to spare.
 */
const PART_FRAME_BYTES = 16;

/**
 * Everything a valid form can still hold after its file, 837 KiB: other parts with their headers and delimiters, the epilogue.
 * The file's own part counts too: its share is more than the closing delimiter takes.
 */
export const MAX_TRAILER_BYTES =
  MAX_FORM_PARTS * (MAX_PART_HEADER_BYTES + MAX_BOUNDARY_LENGTH + MAX_PADDING_LENGTH + PART_FRAME_BYTES) +
  MAX_FIELDS_BYTES +
  MAX_OUTSIDE_BYTES;

/**
 * One part of an R2 multipart upload. R2 takes 5 MiB or more, all parts equal, and 10,000 of them: the largest file has 13. A
 * buffer of this size is most of the memory that one upload holds.
 */
export const PART_BYTES = 8 * MIB;

/** Files up to this size are buffered and put at once even when their size is known: it is one call less to wait for. */
export const SMALL_FILE_BYTES = 1 * MIB;

/** Up to this size it costs less to copy the pieces of a file into one than to stream them to R2. */
export const JOIN_BYTES = 1 * MIB;

// --- times, in milliseconds

/*
 * How long the end of an upload may take, step by step. From the call that makes a body visible in R2 to the commit, or to the
 * body's removal, the steps together take 14 + 7.5 + 3.5 + 3.5 = 28.5 seconds at most. Workers let go on for 30 seconds,
 * after a disconnect, what was handed to `waitUntil`: so an upload whose client is gone is committed or leaves nothing.
 */

/** The last calls to R2: the tail of the file and its completion, and the move of a body whose path came after it. */
export const STORE_MS: number = 14_000;

/** The vault makes it an asset. It answers within 7 seconds: 5 for a rebuild, 2 for D1. */
export const COMMIT_MS: number = 7_500;

/** The vault, which gave no answer, is asked how it stands. */
export const RESOLVE_MS: number = 3_500;

/** The body of an upload that came to nothing is removed. */
export const DISCARD_MS: number = 3_500;
