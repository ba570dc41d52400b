import {
  MAX_BOUNDARY_LENGTH,
  MAX_FIELDS_BYTES,
  MAX_FORM_PARTS,
  MAX_OUTSIDE_BYTES,
  MAX_PADDING_LENGTH,
  MAX_PART_HEADER_BYTES,
} from "../model/limits.ts";

/** The streaming upload's own bounds, in bytes unless said otherwise. What a client can run into stands in model/limits.ts. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Everything a valid form can still hold after its file: other parts with their headers and delimiters, the epilogue. */
export const MAX_TRAILER_BYTES =
  MAX_FORM_PARTS * (MAX_PART_HEADER_BYTES + MAX_BOUNDARY_LENGTH + MAX_PADDING_LENGTH + 16) +
  MAX_FIELDS_BYTES +
  MAX_OUTSIDE_BYTES;

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
