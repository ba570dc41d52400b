/**
 * Starts of the vault's object, and what D1 may have heard from each of them.
 *
 * A start is one life of the object in memory. It gives itself a name, its incarnation, and D1 keeps the name of the
 * start that wrote last. That tells whether D1 has what this storage wrote, or what another history of the vault wrote.
 *
 * `starts` in the vault's row is JSON: former starts by name, each with the revision at which it ended. They are the
 * start from which D1 is known to have heard, and the starts after it. D1 may have the last flush of each of these,
 * although the answer never reached the object.
 *
 *     D1 heard from one of these, up to its revision ── this storage has all that D1 has
 *     D1 heard from one of these, beyond its revision ── a later state of this storage wrote to D1
 *     D1 heard from another start ── another history of the vault wrote to D1
 */

import { NOTHING, type Position } from "../../d1/record.ts";
import type { VaultRow } from "../state/schema.ts";

/**
 * Former starts that a vault remembers. At 56 bytes each they are 3 KB of the vault's row and of each flush. The oldest
 * beyond these is forgotten. If D1 has heard from that one last, D1's history is taken over once more than needed.
 */
const MAX_STARTS = 50;

const parse = (starts: string): Record<string, number> => JSON.parse(starts) as Record<string, number>;

/**
 * The vault's row as a new start begins with it. What D1 had not confirmed to a former start must still be confirmed.
 */
export function beginStart(row: VaultRow): VaultRow {
  const former = Object.entries(parse(row.starts));
  if (row.incarnation !== "") former.push([row.incarnation, row.rev]);
  const starts = JSON.stringify(Object.fromEntries(former.slice(-MAX_STARTS)));
  return { ...row, loaded: row.loaded ?? row.rev, incarnation: crypto.randomUUID(), starts };
}

/** The revision at which a former start ended, as far as this storage knows. {@link NOTHING} for an unknown start. */
export function endOfStart({ starts }: VaultRow, incarnation: string | null): number {
  const ends = new Map(Object.entries(parse(starts)));
  return ends.get(incarnation ?? "") ?? NOTHING;
}

/** Whether all that D1 has comes from this start, or from a former one that this storage knows. */
export const isOwnHistory = (row: VaultRow, { incarnation, rev }: Position): boolean =>
  incarnation === row.incarnation || rev <= endOfStart(row, incarnation);

/**
 * What `starts` becomes once D1 has confirmed this start: only the start that D1 has heard from last. The next start
 * must know that one, in case this start writes nothing.
 */
export const confirmedStarts = ({ incarnation, rev }: Position): string =>
  JSON.stringify(incarnation === null ? {} : { [incarnation]: rev });
