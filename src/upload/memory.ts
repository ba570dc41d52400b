import { bodies, type Loan } from "../http/memory.ts";
import { readBytes } from "../http/body-reader.ts";
import { MAX_FIELDS_BYTES, MAX_PART_HEADER_BYTES } from "../model/limits.ts";
import { IMAGE_BYTES } from "./image/image.ts";
import { JOIN_BYTES, PART_BYTES, SMALL_FILE_BYTES } from "./limits.ts";

/**
 * What an upload may hold at most, by the length that it declares. A claim decides only when memory is nearly spent: then a
 * request begins, or gets more, if all of its claim could be had.
 */
function loan(declared: number | undefined, ...parts: number[]): Loan {
  const most = declared ?? Infinity;
  const claim = parts.reduce((sum, bytes) => sum + Math.min(bytes, most), readBytes(declared));
  return { budget: bodies, claim };
}

/**
 * A form: what is read at once, its fields (in pieces that may be half empty), an incomplete header block, what an image reader keeps,
 * and one part of its file, or a small file twice. At most 0.25 + 0.5 + 0.03 + 0.06 + 8 + 1 = 9.84 MiB.
 */
export const formLoan = (declared: number | undefined): Loan =>
  loan(declared, 2 * MAX_FIELDS_BYTES, 2 * MAX_PART_HEADER_BYTES, IMAGE_BYTES, PART_BYTES, JOIN_BYTES);

/** A file alone: what is read at once, what an image reader keeps, and, if it is not streamed from its first byte on, the same. */
export function fileLoan(declared: number | undefined): Loan {
  const isStreamed = declared !== undefined && declared > SMALL_FILE_BYTES;
  return isStreamed ? loan(declared, IMAGE_BYTES) : loan(declared, IMAGE_BYTES, PART_BYTES, JOIN_BYTES);
}
