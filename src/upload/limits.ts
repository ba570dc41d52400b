/**
 * The bounds of an upload that several files of this folder need, and the times that the steps of its end may take.
 * Tests replace the times by shorter ones (vi.mock), so each of them stands here, even one with a single user.
 */

import {
  MAX_BOUNDARY_LENGTH,
  MAX_FIELDS_BYTES,
  MAX_FORM_PARTS,
  MAX_OUTSIDE_BYTES,
  MAX_PADDING_LENGTH,
  MAX_PART_HEADER_BYTES,
} from "../model/limits.ts";

const MIB = 1024 * 1024;

// --- sizes, in bytes; what a client can run into stands in model/limits.ts

/**
 * What a part takes beside its boundary, its padding and its header block: CR LF and two dashes before the boundary,
 * and CR LF CR LF behind the headers. That is 8, and the rest is to spare.
 */
const PART_FRAME_BYTES = 16;

/**
 * The most that a valid form can still hold after its file, 837 KiB: other parts with their headers and delimiters, and
 * the epilogue. The file's own part is counted too, since its share is more than the closing delimiter takes.
 */
export const MAX_TRAILER_BYTES =
  MAX_FORM_PARTS * (MAX_PART_HEADER_BYTES + MAX_BOUNDARY_LENGTH + MAX_PADDING_LENGTH + PART_FRAME_BYTES) +
  MAX_FIELDS_BYTES +
  MAX_OUTSIDE_BYTES;

/**
 * The size of a part of an R2 multipart upload. R2 takes parts of 5 MiB or more, all equal, and 10,000 of them: the
 * largest file has 13. A buffer of this size is most of the memory that one upload holds.
 */
export const PART_BYTES = 8 * MIB;

/**
 * Files of up to this size are buffered and put at once even when their size is known, which is one call less to wait
 * for.
 */
export const SMALL_FILE_BYTES = 1 * MIB;

/** Up to this size it costs less to copy the pieces of a file into one than to stream them to R2. */
export const JOIN_BYTES = 1 * MIB;

// --- times, in milliseconds

/*
 * How long the end of an upload may take, step by step. From the call that makes a body visible in R2 to the commit, or
 * to the body's removal, the steps together take 14 + 7.5 + 3.5 + 3.5 = 28.5 seconds at most. After a disconnect,
 * Workers let what was handed to `waitUntil` go on for 30 seconds. So an upload whose client is gone is committed, or
 * leaves nothing.
 */

/** How often the vault is told that an upload with an Idempotency-Key still runs. It forgets those after a minute. */
export const RUNNING_SIGN_MS: number = 20_000;

/** How often a request of a resumable upload shows its vault that it makes progress. Its place is lost after five seconds. */
export const SESSION_SIGN_MS: number = 2_000;

/** The last calls to R2 store the tail of the file, complete it, and move a body whose path came after it. */
export const STORE_MS: number = 14_000;

/** The vault makes the body an asset. It answers within 7 seconds: 5 for a rebuild, 2 for D1. */
export const COMMIT_MS: number = 7_500;

/** A vault that gave no answer is asked how the upload stands. */
export const RESOLVE_MS: number = 3_500;

/** The body of an upload that came to nothing is removed. */
export const DISCARD_MS: number = 3_500;
