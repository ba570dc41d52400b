import { logError } from "../log.ts";
import { type NewAsset, r2Key } from "../model/asset.ts";
import { R2_TIMEOUT_MS } from "../model/bounds.ts";
import { newAssetId } from "../model/id.ts";
import { type Result, unavailable } from "../model/refusal.ts";
import type { Principal } from "../model/vault.ts";
import { callVault, type VaultCaller } from "../vault/client.ts";
import type { Durability, RecordBody } from "../vault/live.ts";
import type { Stored } from "./stored.ts";

type Committable = Pick<Stored, "upload" | "discard">;

/**
 * Makes a stored body an asset. A vault that has just lost its storage does not take it under its id, which may have been
 * committed, and even deleted, in what was lost. Then it becomes an asset under another id, and its first copy is kept.
 */
export async function publish(
  caller: VaultCaller,
  principal: Principal,
  stored: Committable,
  createOnly: boolean,
): Promise<Result<RecordBody & Durability & { id: string }>> {
  const outcome = await settle(caller, principal, stored, createOnly);
  if (outcome.ok) return { ...outcome, id: stored.upload.id };
  if (!outcome.keep) return outcome;
  const copy = await copied(caller, stored.upload);
  if (!copy) return outcome;
  const again = await settle(caller, principal, copy, createOnly);
  return again.ok ? { ...again, id: copy.upload.id } : again;
}

async function copied({ env, vaultId, watchdog }: VaultCaller, upload: NewAsset): Promise<Committable | undefined> {
  const id = newAssetId();
  const r2_key = r2Key(vaultId, upload, id);
  try {
    const body = await watchdog.within(R2_TIMEOUT_MS, env.BUCKET.get(upload.r2_key));
    if (!body) return undefined;
    const put = env.BUCKET.put(r2_key, body.body, { httpMetadata: { contentType: upload.mime_type } });
    await watchdog.within(R2_TIMEOUT_MS, put);
  } catch (error) {
    logError("upload: the body could not be copied", error, { vault: vaultId, asset: upload.id });
    return undefined;
  }
  const discard = (): Promise<void> => watchdog.within(R2_TIMEOUT_MS, env.BUCKET.delete(r2_key));
  return { upload: { ...upload, id, r2_key }, discard };
}

/**
 * Commits a stored body. An explicit "no" removes the body. An exception is not a "no", for the vault may have
 * committed and only its answer was lost: then the vault is asked to resolve the upload, one way or the other. If that
 * fails too, the body stays, for reconcile to judge.
 */
async function settle(
  caller: VaultCaller,
  principal: Principal,
  { upload, discard }: Committable,
  createOnly: boolean,
): Promise<Result<RecordBody & Durability>> {
  let attempts = 0;
  try {
    const outcome = await callVault(caller, "repeatable", (stub) => {
      attempts++;
      return stub.commit(principal, upload, createOnly);
    });
    if (outcome.ok) return outcome;
    if (outcome.keep) return outcome;
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
