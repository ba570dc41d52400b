/**
 * How urgent a write is: which writes a vault takes while D1 is far behind, while a takeover or an import is under way, or
 * while the vault is being deleted.
 */

import { MAX_UNRECORDED } from "../model/limits.ts";
import { type Refusal, refuse, unavailable } from "../model/refusal.ts";
import type { Actor } from "../model/vault.ts";
import type { VaultRow } from "./state/schema.ts";

export type Urgency =
  /** Depends on the state of an asset. It first waits until it is known whether the storage is old. */
  | "careful"
  /** Is refused while D1 is far behind, and while an import is under way. */
  | "ordinary"
  /** Is refused while D1 is far behind: the import itself, and what no import can meet, such as a new key. */
  | "apart"
  /** Is taken even while D1 is far behind: settling an upload that gave no answer, for instance. */
  | "urgent"
  /** Is taken even during a takeover and a deletion: revoking a key, and the steps of the takeover itself. */
  | "vital";

/**
 * The 503 of a write that the vault does not take now, and the 409 of one that it never takes again. Undefined when it takes
 * the write.
 *
 * @param actor whoever writes. The vault itself goes on with what it has begun while it is being deleted
 * @param vault how the vault stands, and how many changes it alone holds
 */
export function notNow(
  urgency: Urgency,
  actor: Actor,
  vault: { row: Pick<VaultRow, "merging" | "status">; bounds: { isImporting: boolean }; backlog: number },
): Refusal | undefined {
  if (urgency === "vital") return undefined;
  const deleted = actor.kind === "vault" ? undefined : beingDeleted(vault.row);
  if (deleted) return deleted;
  const merging = beingMerged(vault.row);
  if (merging) return merging;
  if (vault.bounds.isImporting && (urgency === "ordinary" || urgency === "careful"))
    return beingImported("it takes no other writes until that is done");
  if (urgency === "urgent" || vault.backlog <= MAX_UNRECORDED) return undefined;
  return unavailable("the durable record is not keeping up with writes", 5);
}

/** The 409 of what is asked of a vault that is being deleted. Its keys get 401 before that. */
export const beingDeleted = ({ status }: Pick<VaultRow, "status">): Refusal | undefined =>
  status === "active" ? undefined : refuse("CONFLICT", "this vault is being deleted");

/** The 503 of a vault that takes over another history: what it has is part of the one and part of the other. */
export const beingMerged = ({ merging }: Pick<VaultRow, "merging">): Refusal | undefined =>
  merging === null ? undefined : unavailable("the vault's storage is being brought up to the durable record", 2);

/** How soon a client that met an import asks again. It may take hours. Seconds. */
const IMPORT_RETRY_SECONDS = 30;

/** The 503 of what cannot be while an import is under way. */
export const beingImported = (what: string): Refusal =>
  unavailable(`the vault is being imported: ${what}`, IMPORT_RETRY_SECONDS);
