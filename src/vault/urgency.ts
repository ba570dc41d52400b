/** How urgent a write is: which writes a vault takes while D1 is far behind, or while a takeover is under way. */

import { MAX_UNRECORDED } from "../model/limits.ts";
import { type Refusal, unavailable } from "../model/refusal.ts";

export type Urgency =
  /** Depends on the state of an asset. It first waits until it is known whether the storage is old. */
  | "careful"
  /** Is refused while D1 is far behind. */
  | "ordinary"
  /** Is taken even while D1 is far behind: settling an upload that gave no answer, for instance. */
  | "urgent"
  /** Is taken even during a takeover: revoking a key, and the steps of the takeover itself. */
  | "vital";

/**
 * The 503 of a write that the vault does not take now. Undefined when it takes the write.
 *
 * @param isTakingOver whether a takeover is under way
 * @param backlog how many changes the vault alone holds
 */
export function notNow(urgency: Urgency, isTakingOver: boolean, backlog: number): Refusal | undefined {
  if (urgency === "vital") return undefined;
  if (isTakingOver) return unavailable("the vault's storage is being brought up to the durable record", 2);
  if (urgency === "urgent" || backlog <= MAX_UNRECORDED) return undefined;
  return unavailable("the durable record is not keeping up with writes", 5);
}
