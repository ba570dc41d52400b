import { type Conditions, stronglyMatches, weaklyMatches } from "../model/etag.ts";
import { parseHttpDate } from "./date.ts";

/** What a representation's conditional headers come to. */
export type Verdict = "proceed" | "not-modified" | "failed";

/** What the conditions of a request are compared with. */
export interface Validators {
  /** The current strong entity tag. */
  readonly etag: string;
  /**
   * Epoch milliseconds, whole seconds. Undefined where it tells nothing, because what is at the URL can become older: the
   * conditions on dates are then ignored (RFC 9110 13.1.3 and 13.1.4).
   */
  readonly lastModified?: number | undefined;
}

/** Conditions on entity tags: those that a change is bound to, which the vault judges. */
export const tagConditions = (headers: Headers): Conditions => ({
  ifMatch: headers.get("If-Match"),
  ifNoneMatch: headers.get("If-None-Match"),
});

/** Undefined when the header is absent or no HTTP date: then it is ignored. */
function date(header: string | null): number | undefined {
  return header === null ? undefined : parseHttpDate(header);
}

/** Evaluates the preconditions of a GET or HEAD in the order of RFC 9110 13.2.2. */
export function precondition(headers: Headers, { etag, lastModified }: Validators): Verdict {
  const { ifMatch, ifNoneMatch } = tagConditions(headers);
  if (ifMatch !== null) {
    if (!stronglyMatches(ifMatch, etag)) return "failed";
  } else if (lastModified !== undefined) {
    const since = date(headers.get("If-Unmodified-Since"));
    if (since !== undefined && lastModified > since) return "failed";
  }
  if (ifNoneMatch !== null) return weaklyMatches(ifNoneMatch, etag) ? "not-modified" : "proceed";
  if (lastModified === undefined) return "proceed";
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
 * header, or one that may be ignored (another unit, a syntax error, several ranges, an If-Range that does not hold);
 * "unsatisfiable" when it lies outside.
 */
export function requestedRange(
  headers: Headers,
  body: { size: number; etag: string },
): ByteRange | "all" | "unsatisfiable" {
  const range = /^bytes=(\d*)-(\d*)$/i.exec(headers.get("Range") ?? "");
  const [, from = "", to = ""] = range ?? [];
  if (!range || (from === "" && to === "") || !stillHolds(headers.get("If-Range"), body.etag)) return "all";
  if (from === "") {
    // The last bytes of nothing can be asked for, and no 206 can say which they are.
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
 * RFC 9110 13.1.5: If-Range takes one strong tag, or a date if that is a strong validator. Ours is none: two bodies can
 * have been at a URL within one second.
 */
const stillHolds = (ifRange: string | null, etag: string): boolean => ifRange === null || ifRange.trim() === etag;
