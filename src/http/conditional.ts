/**
 * The conditional headers of a request (RFC 9110 13). Those of a GET or HEAD are judged here. Those of a change are
 * only read here, and the vault judges them.
 */

import { type Conditions, stronglyMatches, weaklyMatches } from "../model/etag.ts";
import { parseHttpDate } from "./date.ts";

/** What the conditions of a request come to. */
export type Verdict = "proceed" | "not-modified" | "failed";

/** What the conditions of a request are compared with. */
export interface Validators {
  /** The current strong entity tag. */
  readonly etag: string;
  /**
   * Epoch milliseconds, in whole seconds. Undefined where a date tells nothing, because what is at the URL can become
   * older. Conditions on dates are then ignored (RFC 9110 13.1.3 and 13.1.4).
   */
  readonly lastModified?: number | undefined;
}

/** The conditions on entity tags. A change can depend on these alone. */
export const tagConditions = (headers: Headers): Conditions => ({
  ifMatch: headers.get("If-Match"),
  ifNoneMatch: headers.get("If-None-Match"),
});

/**
 * The date in a header, in epoch milliseconds. Undefined when the header is absent or holds no HTTP date: it is then
 * ignored.
 */
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
