import { stronglyMatches, weaklyMatches } from "../model/etag.ts";

/** What a representation's conditional headers come to. */
export type Verdict = "proceed" | "not-modified" | "failed";

/** HTTP dates have whole seconds. Undefined when the header is absent or no date: then it is ignored (RFC 9110 13.1.3). */
function date(header: string | null): number | undefined {
  const time = header === null ? Number.NaN : Date.parse(header);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Evaluates the preconditions of a GET or HEAD in the order of RFC 9110 13.2.2.
 *
 * @param etag         the current strong entity tag
 * @param lastModified epoch milliseconds, whole seconds
 */
export function precondition(headers: Headers, etag: string, lastModified: number): Verdict {
  const ifMatch = headers.get("If-Match");
  if (ifMatch !== null) {
    if (!stronglyMatches(ifMatch, etag)) return "failed";
  } else {
    const since = date(headers.get("If-Unmodified-Since"));
    if (since !== undefined && lastModified > since) return "failed";
  }
  const ifNoneMatch = headers.get("If-None-Match");
  if (ifNoneMatch !== null) return weaklyMatches(ifNoneMatch, etag) ? "not-modified" : "proceed";
  const since = date(headers.get("If-Modified-Since"));
  return since !== undefined && lastModified <= since ? "not-modified" : "proceed";
}

/** Part of a body: bytes from `offset`, `length` of them. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * What a Range header asks for of a body of `size` bytes (RFC 9110 14.1.2 and 14.2): one range; "all" when there is no
 * header, or one that may be ignored (another unit, a syntax error, several ranges, an If-Range that no longer holds);
 * "unsatisfiable" when it lies outside.
 */
export function requestedRange(
  headers: Headers,
  body: { size: number; etag: string; lastModified: number },
): ByteRange | "all" | "unsatisfiable" {
  const range = /^bytes=(\d*)-(\d*)$/i.exec(headers.get("Range")?.replace(/[ \t]/g, "") ?? "");
  const [, from = "", to = ""] = range ?? [];
  if (!range || (from === "" && to === "") || !stillHolds(headers.get("If-Range"), body)) return "all";
  if (from === "") {
    const length = Math.min(Number(to), body.size);
    return length === 0 ? "unsatisfiable" : { offset: body.size - length, length };
  }
  const offset = Number(from);
  const last = to === "" ? body.size - 1 : Math.min(Number(to), body.size - 1);
  if (to !== "" && Number(to) < offset) return "all"; // A syntax error, by 14.1.2.
  return offset >= body.size ? "unsatisfiable" : { offset, length: last - offset + 1 };
}

/** RFC 9110 13.1.5: If-Range takes one strong tag or the exact date. */
function stillHolds(ifRange: string | null, body: { etag: string; lastModified: number }): boolean {
  if (ifRange === null) return true;
  return ifRange.trim() === body.etag || date(ifRange) === body.lastModified;
}
