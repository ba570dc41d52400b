/**
 * What may happen to an asset, as operations of a group: committing and resolving an upload, patching, deleting. They
 * run inside the group's transaction, because what is checked anywhere else may no longer be true by then.
 */

import type { Asset, AssetPath, NewAsset } from "../../model/asset.ts";
import { idTime } from "../../model/id.ts";
import { isWithin, type KeyScope, outOfReach } from "../../model/key-scope.ts";
import { UPLOAD_DEADLINE_MS } from "../../model/limits.ts";
import { isLost, type LostWindow } from "../../model/lost-window.ts";
import { type AssetPatch, patched } from "../../model/asset-patch.ts";
import { type Conditions, failedCondition } from "../../model/etag.ts";
import { assetNotFound, refuse, type Refusal, unavailable } from "../../model/refusal.ts";
import type { Allowance } from "./allowance.ts";
import type { VaultSettings } from "../../model/settings.ts";
import { addTombstone, insertAsset, removeAsset, updateAsset } from "./asset-writes.ts";
import { outOfBounds, type Uploader, withReserved } from "./bounds.ts";
import type { VaultDatabase } from "./database.ts";
import { VOID_MS } from "../limits.ts";
import type { Operation } from "./group-commit.ts";

/** The strong entity tag of a record. It changes with every change of the asset. */
export const recordTag = (asset: Asset): string => `"${asset.rev}"`;

/**
 * Makes an uploaded body an asset. It is idempotent by id: a repeated commit finds the record and returns it, so a
 * caller that lost the answer may ask again.
 *
 * 404 for a path that the caller does not reach. 503 for an id that is void. 408 for one that is past the upload deadline. 412, with `createOnly`, for a name that is
 * taken. 403, 413 and 415 for what the bounds of the vault do not allow. An id from a lost window gets 503 as well: it may have been committed, and even deleted, in the history that
 * was lost. The body of such an upload is kept.
 */
export function commitUpload(
  database: VaultDatabase,
  upload: NewAsset,
  createOnly: boolean,
  vault: Uploader & {
    readonly lostWindows: readonly LostWindow[];
    readonly bounds: { readonly settings: Readonly<VaultSettings> };
  },
): Operation<{ asset: Asset }> {
  return (change) => {
    if (!isWithin(vault.scope, upload)) return outOfReach();
    const existing = database.asset(upload.id);
    if (existing) return { ok: true, asset: existing };
    if (database.voids.has(upload.id)) return unavailable("the upload was given up, or its asset deleted");
    if (isLost(vault.lostWindows, idTime(upload.id))) {
      return {
        ...unavailable("the vault's storage was lost while this upload was under way: upload again"),
        keep: true,
      };
    }
    if (Date.now() > idTime(upload.id) + UPLOAD_DEADLINE_MS) {
      return refuse("REQUEST_TIMEOUT", `an upload must finish within ${UPLOAD_DEADLINE_MS / 60_000} minutes`);
    }
    const file = { size: upload.size, mimeType: upload.mime_type };
    const { settings } = vault.bounds;
    const refusal =
      (createOnly ? nameTaken(database, upload) : undefined) ??
      outOfBounds(settings, withReserved(settings, change, database.sessions), file, vault);
    if (refusal) return refusal;
    const seq = change.next();
    const asset: Asset = { ...upload, seq, rev: seq, created_at: change.now, updated_at: change.now };
    insertAsset(database, change, asset);
    return { ok: true, asset };
  };
}

/**
 * Settles an upload whose commit gave no answer. If the asset exists, it is returned. Otherwise the id becomes void, so
 * that a late commit is refused, and the body is deleted. Neither is done to an id from a lost window, since its body
 * may be that of a lost asset.
 */
export function resolveUpload(
  database: VaultDatabase,
  id: string,
  r2_key: string,
  lost: readonly LostWindow[],
): Operation<{ asset: Asset | null }> {
  return (change) => {
    const asset = database.asset(id);
    if (asset) return { ok: true, asset };
    if (!database.voids.has(id) && !isLost(lost, idTime(id))) {
      voidAsset(database, id);
      database.outbox.add({ kind: "orphan", rev: change.next(), r2_key });
    }
    return { ok: true, asset: null };
  };
}

/** What bounds a caller's change of an asset. */
interface ChangeBounds {
  /** The folder that the caller's key is narrowed to. What is outside of it does not exist. */
  readonly scope: KeyScope | undefined;
  readonly allowance?: Allowance;
}

/** The asset with an id, if there is one that a key with this scope reaches. */
export function assetWithin(database: VaultDatabase, id: string, scope: KeyScope | undefined): Asset | undefined {
  const asset = database.asset(id);
  return asset && isWithin(scope, asset) ? asset : undefined;
}

/**
 * Changes an asset, and moves it if its path or name changes. 404 without the asset, or for a path that the caller does not reach, 412 when a condition is not met,
 * 400 when the changed asset breaks a rule, 413 when it is more than the allowance has left.
 */
export function patchAsset(
  database: VaultDatabase,
  id: string,
  patch: AssetPatch,
  conditions: Conditions,
  { scope, allowance }: ChangeBounds,
): Operation<{ asset: Asset }> {
  return (change) => {
    const old = assetWithin(database, id, scope);
    if (!old) return assetNotFound();
    const failed = failedCondition(conditions, recordTag(old));
    if (failed) return failed;
    const refusal = allowance?.read(old);
    if (refusal) return refusal;
    const result = patched(old, patch);
    if (!result.ok) return result;
    const { asset } = result;
    if (!isWithin(scope, asset)) return assetNotFound();
    const over = allowance?.write(old, asset);
    if (over) return over;
    asset.rev = change.next();
    asset.updated_at = change.now;
    updateAsset(database, change, old, asset);
    return { ok: true, asset };
  };
}

/**
 * Deletes the asset for every reader at once. The outbox has D1 told, and after that the body deleted. 404 without the
 * asset, 412 when a condition is not met, 413 when it is more than the allowance has left.
 */
export function deleteAsset(
  database: VaultDatabase,
  id: string,
  conditions: Conditions,
  { scope, allowance }: ChangeBounds,
): Operation<{ rev: number }> {
  return (change) => {
    const asset = assetWithin(database, id, scope);
    if (!asset) return assetNotFound();
    const failed = failedCondition(conditions, recordTag(asset));
    const refusal = failed ?? allowance?.read(asset) ?? allowance?.write(asset);
    if (refusal) return refusal;
    const rev = change.next();
    removeAsset(database, change, asset);
    addTombstone(database, change, rev, asset);
    voidAsset(database, id);
    return { ok: true, rev };
  };
}

/**
 * Makes an id void: an asset that is removed, or was never made, must not come to be by a commit that is late or
 * repeated. Whatever removes an asset must call this. An id that is too old to be committed needs no void.
 */
export function voidAsset(database: VaultDatabase, id: string): void {
  const ends = idTime(id) + VOID_MS;
  if (ends > Date.now()) database.voids.add(id, ends);
}

/** The refusal of a create-only upload (`If-None-Match: *`) to a path that has an asset of that name. */
export function nameTaken(database: VaultDatabase, path: AssetPath): Refusal | undefined {
  if (!database.newestAt(path)) return undefined;
  return refuse("PRECONDITION_FAILED", "If-None-Match: there is an asset of this name at this path");
}
