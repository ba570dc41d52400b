/** How much memory an upload may come to hold, by its kind and by the length that it declares. */

import { bodies, type Loan } from "../http/memory.ts";
import { readBytes } from "../http/body-reader.ts";
import { MAX_FIELDS_BYTES, MAX_PART_HEADER_BYTES } from "../model/limits.ts";
import { IMAGE_BYTES } from "./image/image.ts";
import { JOIN_BYTES, PART_BYTES, SMALL_FILE_BYTES } from "./limits.ts";

/**
 * The loan of an upload: at most the given parts, none of which can be larger than the body, and the buffer of its
 * reads. The claim counts only when memory is nearly spent. A request then begins, or gets more, only if all of its
 * claim could be had.
 */
function loan(declared: number | undefined, ...parts: number[]): Loan {
  const most = declared ?? Infinity;
  const claim = parts.reduce((sum, bytes) => sum + Math.min(bytes, most), readBytes(declared));
  return { budget: bodies, claim };
}

/**
 * The loan of a form: the buffer of its reads, its fields (in pieces that may be half empty), an incomplete header
 * block, what an image reader keeps, and one part of its file, or a small file twice. That is 0.25 + 0.5 + 0.03 + 0.06
 * + 8 + 1 = 9.84 MiB at most.
 */
export const formLoan = (declared: number | undefined): Loan =>
  loan(declared, 2 * MAX_FIELDS_BYTES, 2 * MAX_PART_HEADER_BYTES, IMAGE_BYTES, PART_BYTES, JOIN_BYTES);

/**
 * The loan of a file alone: the buffer of its reads and what an image reader keeps. A file that is not streamed from
 * its first byte on also takes one part, or a small file twice.
 */
export function fileLoan(declared: number | undefined): Loan {
  const isStreamed = declared !== undefined && declared > SMALL_FILE_BYTES;
  return isStreamed ? loan(declared, IMAGE_BYTES) : loan(declared, IMAGE_BYTES, PART_BYTES, JOIN_BYTES);
}
