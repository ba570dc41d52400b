import { READ_BYTES } from "../http/reader.ts";
import { IMAGE_BYTES } from "./image/image.ts";

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

/** What one upload holds beside its file: the bytes just read, its fields and one header block, what an image reader keeps. */
export const FORM_BYTES = READ_BYTES + MAX_FIELDS_BYTES + MAX_HEADER_BYTES + IMAGE_BYTES;

/**
 * The slowest that a buffer may fill, on average, once it has been held for the grace time: a few clients that trickle
 * must not keep all others waiting. A buffer of no more than SMALL_BUFFER_BYTES keeps nobody waiting. Bytes per second,
 * milliseconds, bytes.
 */
export const MIN_FILL_RATE = 32 * KIB;
export const FILL_GRACE_MS = 20_000;
export const SMALL_BUFFER_BYTES = 64 * KIB;
