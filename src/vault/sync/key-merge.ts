/** Which state a key has for which both sides of a takeover have one. */

import type { KeyRecord } from "../../d1/record.ts";

/** Whether two states of a key say the same of it, their revisions apart. */
export const isSameKey = (a: KeyRecord, b: KeyRecord): boolean =>
  a.label === b.label && a.expires_at === b.expires_at && a.revoked_at === b.revoked_at && a.scope === b.scope;

/**
 * A key of which D1 has `theirs` and the vault `ours`. Whatever takes something away from the key counts, on whichever side
 * it stands: a revocation, the earlier expiry, and a scope that the other side has lost.
 *
 * @param isOurs whether the rest is ours, and not D1's
 */
export function mergedKey(theirs: KeyRecord, ours: KeyRecord, isOurs: boolean): KeyRecord {
  return {
    ...theirs,
    label: isOurs ? ours.label : theirs.label,
    revoked_at: theirs.revoked_at ?? ours.revoked_at,
    expires_at: earlier(theirs.expires_at, ours.expires_at),
    scope: theirs.scope ?? ours.scope,
  };
}

/** The earlier of two times. Null is never. */
function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return Date.parse(a) < Date.parse(b) ? a : b;
}
