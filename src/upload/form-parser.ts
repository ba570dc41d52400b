/** A streaming parser of multipart/form-data. Why it is our own stands in docs/decisions/001-own-form-parser.md. */

import {
  MAX_BOUNDARY_LENGTH,
  MAX_FORM_PARTS,
  MAX_OUTSIDE_BYTES,
  MAX_PADDING_LENGTH,
  MAX_PART_HEADER_BYTES,
} from "../model/limits.ts";
import { invalid, Refused } from "../model/refusal.ts";
import { parsePartHeaders, type PartHeaders } from "./form-headers.ts";

/** What the parser finds, in order: a part's headers, its bytes in pieces (perhaps none), and its end. */
export type FormEvent =
  | { readonly type: "part"; readonly part: PartHeaders }
  | { readonly type: "data"; readonly bytes: Uint8Array }
  | { readonly type: "end" };

const CR = 13;
const LF = 10;
const DASH = 45;
const SPACE = 32;
const TAB = 9;

const EMPTY = new Uint8Array(0);

/**
 * Parses multipart/form-data (RFC 7578, RFC 2046 5.1). Chunks are pushed in, and events come out of a generator. The
 * caller takes the events as fast as it can store them, so back-pressure is the caller's. Between two pushes the parser
 * holds at most one header block or one delimiter.
 *
 *     preamble ──delimiter──▶ headers ──blank line──▶ body ──delimiter──▶ headers … ──close-delimiter──▶ epilogue
 *
 * A delimiter is CR LF, `--` and the boundary, and then CR LF (white space may stand before it) or `--`. Nothing else
 * is one. A bare LF, and bytes that merely begin like the boundary, are the part's own: so no file can be cut short,
 * and none can smuggle in fields. Bad input throws Refused.
 */
export class FormParser {
  readonly #delimiter: Buffer;
  #state: "preamble" | "headers" | "body" | "epilogue" = "preamble";
  /**
   * Input that cannot be judged before more has come. The first delimiter may stand at the very start of the form, so
   * the parser begins with a CR LF that nobody sent.
   */
  #rest: Uint8Array = Uint8Array.of(CR, LF);
  /** How many bytes at the beginning of a body belong to its headers. */
  #skip = 0;
  #outside = 0;
  #parts = 0;

  /** @param boundary without quotes, 1 to 70 characters */
  constructor(boundary: string) {
    if (boundary.length < 1 || boundary.length > MAX_BOUNDARY_LENGTH) {
      throw new Refused(invalid(`Content-Type: boundary must have 1 to ${MAX_BOUNDARY_LENGTH} characters`));
    }
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, "latin1");
    this.#outside = -this.#rest.length;
  }

  /** How many bytes are kept for the next push. */
  get held(): number {
    return this.#rest.length;
  }

  /** Parses the next chunk. Throws Refused when it breaks a rule. */
  *push(chunk: Uint8Array): Generator<FormEvent> {
    let input = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : asBuffer(chunk);
    this.#rest = EMPTY;
    while (input.length > 0) {
      if (this.#state === "epilogue") {
        this.#countOutside(input.length);
        return;
      }
      if (this.#state === "headers") {
        const end = this.#headersEnd(input);
        if (end === undefined) {
          this.#rest = Uint8Array.from(input);
          return;
        }
        yield { type: "part", part: parsePartHeaders(input.subarray(2, end)) };
        this.#state = "body";
        // The blank line's own CR LF may begin a delimiter. The part then has no body at all (RFC 2046 5.1.1).
        input = input.subarray(end);
        this.#skip = 2;
        continue;
      }
      const found = this.#findDelimiter(input);
      const skipped = Math.min(this.#skip, found.data);
      this.#skip -= skipped;
      const data = input.subarray(skipped, found.data);
      if (this.#state === "preamble") this.#countOutside(data.length);
      else if (data.length > 0) yield { type: "data", bytes: data };
      if (found.kind === "none") {
        this.#rest = Uint8Array.from(input.subarray(found.data));
        return;
      }
      if (this.#state === "body") yield { type: "end" };
      this.#open(found.kind);
      input = input.subarray(found.next);
    }
  }

  /** Says that the input is over. Throws Refused when the form is not complete. */
  end(): void {
    if (this.#state === "preamble") throw new Refused(invalid("the form has no part: its boundary was never found"));
    if (this.#state !== "epilogue") throw new Refused(invalid("the form ended without its closing boundary"));
  }

  #open(kind: "part" | "close"): void {
    this.#outside = Math.max(this.#outside, 0); // The CR LF that the parser began with was not the client's.
    this.#skip = 0;
    if (kind === "close") {
      this.#state = "epilogue";
      return;
    }
    if (++this.#parts > MAX_FORM_PARTS)
      throw new Refused(invalid(`the form must have at most ${MAX_FORM_PARTS} parts`));
    this.#state = "headers";
  }

  #countOutside(bytes: number): void {
    this.#outside += bytes;
    if (this.#outside > MAX_OUTSIDE_BYTES) {
      throw new Refused(invalid(`the form must have at most ${MAX_OUTSIDE_BYTES} bytes outside its parts`));
    }
  }

  /**
   * Where the header block ends that the input begins with; undefined when not all of it has come. The CR LF of the
   * delimiter's line comes first, so that a part without any header ends at once.
   */
  #headersEnd(input: Buffer): number | undefined {
    const blank = input.indexOf("\r\n\r\n", 0, "latin1");
    // An incomplete blank line of three bytes may stand at the end. The block before it may still be of just the right
    // size.
    if ((blank < 0 ? input.length - 3 : blank) > MAX_PART_HEADER_BYTES) {
      throw new Refused(invalid(`a part's headers must be at most ${MAX_PART_HEADER_BYTES} bytes`));
    }
    return blank < 0 ? undefined : blank + 2;
  }

  /**
   * Finds the first delimiter in the input. `data` is how many bytes before it are the part's, and `next` is where what
   * follows it begins. With kind "none", the bytes from `data` on might be the beginning of a delimiter.
   */
  #findDelimiter(input: Buffer): { kind: "part" | "close" | "none"; data: number; next: number } {
    for (let from = 0; ;) {
      const at = input.indexOf(this.#delimiter, from);
      if (at < 0) return { kind: "none", data: this.#possibleStart(input, from), next: 0 };
      const after = at + this.#delimiter.length;
      if (input[after] === DASH && input[after + 1] === DASH) return { kind: "close", data: at, next: after + 2 };
      let end = after;
      while (end - after < MAX_PADDING_LENGTH && (input[end] === SPACE || input[end] === TAB)) end++;
      if (input[end] === CR && input[end + 1] === LF) return { kind: "part", data: at, next: end };
      const undecided =
        end === input.length ||
        (end === input.length - 1 && (input[end] === CR || (end === after && input[end] === DASH)));
      if (undecided) return { kind: "none", data: at, next: 0 };
      from = at + 2;
    }
  }

  /** Where a delimiter may begin that the end of the input cuts off; the input's length when it begins nowhere. */
  #possibleStart(input: Buffer, from: number): number {
    let start = Math.max(from, input.length - this.#delimiter.length + 1);
    for (start = input.indexOf(CR, start); start >= 0; start = input.indexOf(CR, start + 1)) {
      if (this.#delimiter.subarray(0, input.length - start).equals(input.subarray(start))) return start;
    }
    return input.length;
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
