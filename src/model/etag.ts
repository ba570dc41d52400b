/**
 * Entity tags and the conditions on them (RFC 9110 13). The router judges the conditions of a GET by them, and the
 * vault those of a change.
 */

import { refuse, type Refusal } from "./refusal.ts";

/** The entity tags of a header's list. Our strong tags hold no comma and no quote, so splitting at commas is safe. */
const listed = (header: string): string[] => header.split(",").map((tag) => tag.trim());

/** RFC 9110 13.1.1, If-Match: `*` or a list of tags. They are compared strongly, so a weak tag never matches. */
export const stronglyMatches = (header: string, tag: string): boolean =>
  header.trim() === "*" || listed(header).includes(tag);

/** RFC 9110 13.1.2, If-None-Match: `*` or a list of tags, which are compared weakly. */
export const weaklyMatches = (header: string, tag: string): boolean =>
  header.trim() === "*" || listed(header).some((candidate) => candidate.replace(/^W\//, "") === tag);

/** The headers that make a request depend on an asset's tag, as they were sent; null when they were not. */
export interface Conditions {
  readonly ifMatch: string | null;
  readonly ifNoneMatch: string | null;
}

export const UNCONDITIONAL: Conditions = { ifMatch: null, ifNoneMatch: null };

/** Judges a change of what has this tag, in the order of RFC 9110 13.2.2. Returns a 412 when a condition is not met. */
export function failedCondition({ ifMatch, ifNoneMatch }: Conditions, tag: string): Refusal | undefined {
  if (ifMatch !== null && !stronglyMatches(ifMatch, tag)) {
    return refuse("PRECONDITION_FAILED", "If-Match: the asset has changed since");
  }
  if (ifNoneMatch !== null && weaklyMatches(ifNoneMatch, tag)) {
    return refuse("PRECONDITION_FAILED", "If-None-Match: the asset is as a tag of this header says");
  }
  return undefined;
}
