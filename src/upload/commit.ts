/**
 * The end of an upload, from the last call to R2 to the commit or to the removal of the body. The steps together fit
 * into the time that Workers grant to a request whose client has gone (limits.ts).
 */

import { logError } from "../runtime/log.ts";
import type { NewAsset, StoredRecord } from "../model/asset.ts";
import { newAssetId } from "../model/id.ts";
import { Refused, type Result, unavailable } from "../model/refusal.ts";
import type { Acknowledged, SafeRetry } from "../model/safe-retry.ts";
import type { Caller } from "../model/vault.ts";
import { callVault, type VaultTarget } from "../vault/client.ts";
import { Bucket } from "../r2/bucket.ts";
import { bodyKey } from "../r2/keys.ts";
import { COMMIT_MS, DISCARD_MS, RESOLVE_MS, STORE_MS } from "./limits.ts";
import type { Received, Staged } from "./staged.ts";

/**
 * Stages the body of an upload and commits it. A body that cannot be staged is removed. This is to be handed to
 * `waitUntil` before it begins.
 */
export async function finishUpload<T extends object>(
  received: Received,
  commit: (staged: Staged) => Promise<Result<T>>,
): Promise<Result<T>> {
  let staged: Staged;
  try {
    staged = await received.stage();
  } catch (error) {
    await received.abort();
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
  return commit(staged);
}

/** What the vault is asked for with a staged body. */
export interface CommitOptions {
  /** Only if the path has no asset of the name. */
  readonly createOnly: boolean;
  readonly retry?: SafeRetry | undefined;
}

/**
 * Makes a staged body an asset. A vault that has just lost its storage does not take the body under its id: the id may
 * have been committed, and even deleted, in what was lost. The body then becomes an asset under another id, and its
 * first copy is kept.
 *
 * A repeat of an earlier upload, by an Idempotency-Key or a ticket, makes no asset. It gets the first answer, and its body
 * is removed.
 */
export async function commitUpload(
  target: VaultTarget,
  caller: Caller,
  staged: Staged,
  options: CommitOptions,
): Promise<Result<Acknowledged<StoredRecord>>> {
  const outcome = await commitOrResolve(target, caller, staged, options);
  if (outcome.ok || !outcome.keep) return outcome;
  const copy = await copied(target, caller, staged.upload);
  return copy ? commitOrResolve(target, { ...caller, isPaid: true }, copy, options) : outcome;
}

async function copied(
  { env, vaultId, watchdog }: VaultTarget,
  { request }: Caller,
  upload: NewAsset,
): Promise<Staged | undefined> {
  const id = newAssetId();
  const r2_key = bodyKey(vaultId, upload, id);
  const bucket = new Bucket(env.BUCKET, watchdog);
  try {
    if (!(await bucket.copy(upload.r2_key, r2_key, upload.mime_type, STORE_MS))) return undefined;
  } catch (error) {
    logError("upload: the body could not be copied", error, { request, vault: vaultId, asset: upload.id });
    return undefined;
  }
  const discard = (): Promise<void> =>
    bucket.delete(r2_key, DISCARD_MS).catch((error: unknown) => {
      logError("upload: a copy stays", error, { request, vault: vaultId, asset: id });
    });
  return { upload: { ...upload, id, r2_key }, discard };
}

/**
 * Commits a staged body. A refusal removes the body. An exception is no refusal: the vault may have committed, and only
 * its answer was lost. So the vault is then asked to resolve the upload, one way or the other. If that fails too, the
 * body stays, and a reconciliation judges it.
 */
async function commitOrResolve(
  target: VaultTarget,
  caller: Caller,
  { upload, discard }: Staged,
  { createOnly, retry }: CommitOptions,
): Promise<Result<Acknowledged<StoredRecord>>> {
  /** What a vault has committed. The vault may have had an earlier call of this request, and repeat its own answer. */
  const stored = async (answer: Acknowledged<StoredRecord>): Promise<{ ok: true } & Acknowledged<StoredRecord>> => {
    const isReplayed = answer.id !== upload.id;
    if (isReplayed) await discard();
    return { ok: true, ...answer, isReplayed };
  };
  let attempts = 0;
  try {
    const call = callVault(target, "repeatable", (stub) => {
      attempts++;
      return stub.commitUpload(attempts === 1 ? caller : { ...caller, isPaid: true }, upload, createOnly, retry);
    });
    const outcome = await target.watchdog.within(COMMIT_MS, call);
    if (outcome.ok) return await stored(outcome);
    if (outcome.keep) return outcome;
    // After a first attempt that gave no answer, a refusal says nothing of what that attempt did.
    if (attempts === 1 && !outcome.lost) {
      await discard();
      return outcome;
    }
  } catch (error) {
    logError("upload: commit failed", error, { request: caller.request, vault: target.vaultId, asset: upload.id });
  }
  try {
    const call = callVault(target, "repeatable", (stub) =>
      stub.resolveUpload(caller, upload.id, upload.r2_key, retry, upload),
    );
    const outcome = await target.watchdog.within(RESOLVE_MS, call);
    if (outcome.ok && outcome.record) return await stored(outcome.record);
    // The vault is gone for good, so nothing can come of the body.
    if (!outcome.ok && outcome.code === "NOT_FOUND") await discard();
  } catch (error) {
    logError("upload: resolve failed", error, { request: caller.request, vault: target.vaultId, asset: upload.id });
  }
  return unavailable("the upload could not be committed: try again");
}
