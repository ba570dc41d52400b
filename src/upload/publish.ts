import { logError } from "../log.ts";
import { type Result, unavailable } from "../model/refusal.ts";
import type { Principal } from "../model/vault.ts";
import { callVault, type VaultCaller } from "../vault/client.ts";
import type { Durability, RecordBody } from "../vault/live.ts";
import type { Stored } from "./stored.ts";

/**
 * Makes a stored body an asset. An explicit "no" removes the body. An exception is not a "no", for the vault may have
 * committed and only its answer was lost: then the vault is asked to resolve the upload, one way or the other. If that
 * fails too, the body stays, for reconcile to judge.
 */
export async function publish(
  caller: VaultCaller,
  principal: Principal,
  { upload, discard }: Stored,
  createOnly: boolean,
): Promise<Result<RecordBody & Durability>> {
  let attempts = 0;
  try {
    const outcome = await callVault(caller, "repeatable", (stub) => {
      attempts++;
      return stub.commit(principal, upload, createOnly);
    });
    if (outcome.ok) return outcome;
    // After a first attempt that gave no answer, a "no" says nothing of what that one did.
    if (attempts === 1 && !outcome.lost) {
      await discard();
      return outcome;
    }
  } catch (error) {
    logError("upload: commit failed", error, { vault: caller.vaultId, asset: upload.id });
  }
  try {
    const outcome = await callVault(caller, "repeatable", (stub) => stub.resolve(upload.id, upload.r2_key));
    if (outcome.ok && outcome.record) return { ok: true, ...outcome.record };
    // The vault is gone for good: nothing can come of the body.
    if (!outcome.ok && outcome.code === "NOT_FOUND") await discard();
  } catch (error) {
    logError("upload: resolve failed", error, { vault: caller.vaultId, asset: upload.id });
  }
  return unavailable("the upload could not be committed: try again");
}
