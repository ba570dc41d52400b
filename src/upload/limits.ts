/** The streaming upload's own bounds, in bytes unless said otherwise. What a client can run into is a 400. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** RFC 2046 5.1.1: a boundary has 1 to 70 characters. */
export const MAX_BOUNDARY_LENGTH = 70;

export const MAX_PARTS = 32;

/** The header block of one part. */
export const MAX_HEADER_BYTES = 16 * KIB;
export const MAX_HEADER_LINES = 32;

/** White space allowed between a delimiter and its line end (RFC 2046 "transport-padding"). */
export const MAX_PADDING = 64;

/** Text outside the parts: preamble and epilogue together. */
export const MAX_OUTSIDE_BYTES = 64 * KIB;

export const MAX_FIELD_BYTES = 64 * KIB;
export const MAX_FIELDS_BYTES = 256 * KIB;

/** Everything a valid form can still hold after its file: other parts with their headers and delimiters, the epilogue. */
export const MAX_TRAILER_BYTES =
  MAX_PARTS * (MAX_HEADER_BYTES + MAX_BOUNDARY_LENGTH + MAX_PADDING + 16) + MAX_FIELDS_BYTES + MAX_OUTSIDE_BYTES;

/** One part of an R2 multipart upload. R2 takes 5 MiB or more and all parts equal; a buffer of this size is the most
 * memory that one upload holds. */
export const PART_BYTES = 8 * MIB;

/** Files up to this size are buffered and put at once even when their size is known: it is one call less to wait for. */
export const SMALL_FILE_BYTES = 1 * MIB;

/** An upload that may need a larger buffer than this asks its vault first whether it is welcome. */
export const SMALL_BUFFER_BYTES = 64 * KIB;

/** The least memory that is taken for a file; a small one gets all it needs, and goes to R2 in one piece. */
export const FIRST_BUFFER_BYTES = 16 * KIB;
export const ONE_BUFFER_BYTES = 32 * KIB;

/** Up to this size it costs less to copy the pieces of a file into one than to stream them to R2. */
export const JOIN_BYTES = 1 * MIB;

/** The first memory that is taken for a text field. */
export const SMALL_FIELD_BYTES = 256;
