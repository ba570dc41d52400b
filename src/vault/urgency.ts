/** How urgent a write is: which writes a vault takes while D1 is far behind, or while a takeover is under way. */

import { MAX_UNRECORDED } from "../model/limits.ts";
import type { VaultRow } from "./state/schema.ts";
import { type Refusal, unavailable } from "../model/refusal.ts";

export type Urgency =
  /** Depends on the state of an asset. It first waits until it is known whether the storage is old. */
  | "careful"
  /** Is refused while D1 is far behind, and while an import is under way. */
  | "ordinary"
  /** Is refused while D1 is far behind: the import itself, and what no import can meet, such as a new key. */
  | "apart"
  /** Is taken even while D1 is far behind: settling an upload that gave no answer, for instance. */
  | "urgent"
  /** Is taken even during a takeover: revoking a key, and the steps of the takeover itself. */
  | "vital";

/**
 * The 503 of a write that the vault does not take now. Undefined when it takes the write.
 *
 * @param vault how the vault stands, and how many changes it alone holds
 */
export function notNow(
  urgency: Urgency,
  vault: { row: Pick<VaultRow, "merging">; bounds: { isImporting: boolean }; backlog: number },
): Refusal | undefined {
  if (urgency === "vital") return undefined;
  const merging = beingMerged(vault.row);
  if (merging) return merging;
  if (vault.bounds.isImporting && (urgency === "ordinary" || urgency === "careful"))
    return beingImported("it takes no other writes until that is done");
  if (urgency === "urgent" || vault.backlog <= MAX_UNRECORDED) return undefined;
  return unavailable("the durable record is not keeping up with writes", 5);
}

/** The 503 of a vault that takes over another history: what it has is part of the one and part of the other. */
export const beingMerged = ({ merging }: Pick<VaultRow, "merging">): Refusal | undefined =>
  merging === null ? undefined : unavailable("the vault's storage is being brought up to the durable record", 2);

/** How soon a client that met an import asks again. It may take hours. Seconds. */
const IMPORT_RETRY_SECONDS = 30;

/** The 503 of what cannot be while an import is under way. */
export const beingImported = (what: string): Refusal =>
  unavailable(`the vault is being imported: ${what}`, IMPORT_RETRY_SECONDS);
