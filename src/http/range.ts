/**
 * The Range header: which part of a body a request asks for. It is judged here, because R2 returns the whole object for
 * a range that it cannot satisfy.
 */

/** A part of a body: `length` bytes from `offset` on. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * What a Range header asks for of a body of `size` bytes (RFC 9110 14.1.2 and 14.2):
 *
 * - one range;
 * - "all" when there is no header, or one that may be ignored: another unit, a syntax error, several ranges, or an
 *   If-Range that does not hold;
 * - "unsatisfiable" when the range lies outside the body.
 */
export function requestedRange(
  headers: Headers,
  body: { size: number; etag: string },
): ByteRange | "all" | "unsatisfiable" {
  const range = /^bytes=(\d*)-(\d*)$/i.exec(headers.get("Range") ?? "");
  const [, from = "", to = ""] = range ?? [];
  if (!range || (from === "" && to === "") || !stillHolds(headers.get("If-Range"), body.etag)) return "all";
  if (from === "") {
    // The last bytes of an empty body can be asked for, and no 206 can say which they are.
    const length = Math.min(Number(to), body.size);
    if (Number(to) === 0) return "unsatisfiable";
    return length === 0 ? "all" : { offset: body.size - length, length };
  }
  const offset = Number(from);
  const last = to === "" ? body.size - 1 : Math.min(Number(to), body.size - 1);
  if (to !== "" && Number(to) < offset) return "all"; // A syntax error, by 14.1.2.
  return offset >= body.size ? "unsatisfiable" : { offset, length: last - offset + 1 };
}

/**
 * RFC 9110 13.1.5: If-Range takes one strong tag, or a date where dates are strong validators. Ours are not: two bodies
 * can have been at a URL within one second.
 */
const stillHolds = (ifRange: string | null, etag: string): boolean => ifRange === null || ifRange.trim() === etag;
