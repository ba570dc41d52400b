import type { Asset, AssetPath, NewAsset } from "../../model/asset.ts";
import { idTime } from "../../model/id.ts";
import { UPLOAD_DEADLINE_MS } from "../../model/limits.ts";
import { isLost, type LostWindow } from "../../model/lost-window.ts";
import { type AssetPatch, mergeMetadata, serializeMetadata } from "../../model/metadata.ts";
import { type Conditions, failedCondition } from "../../model/etag.ts";
import { assetNotFound, refuse, type Refusal, unavailable } from "../../model/refusal.ts";
import type { VaultDatabase } from "./database.ts";
import { VOID_MS } from "../limits.ts";
import type { Operation } from "./group-commit.ts";

/** The strong entity tag of a record: it changes with every change of the asset. */
export const recordTag = (asset: Asset): string => `"${asset.rev}"`;

/**
 * Makes an uploaded body an asset. Idempotent by id: a repeated commit finds the record and returns it, so a caller
 * that lost the answer may simply ask again. An id that was voided, or is past the upload deadline, is refused, and so
 * is, with `createOnly`, a name that is taken.
 *
 * So is an id from a lost window: it may have been committed, and even deleted, in what was lost. Its body is kept.
 */
export function commitUpload(
  database: VaultDatabase,
  upload: NewAsset,
  createOnly: boolean,
  lost: readonly LostWindow[],
): Operation<{ asset: Asset }> {
  return (change) => {
    const existing = database.asset(upload.id);
    if (existing) return { ok: true, asset: existing };
    if (database.voids.has(upload.id)) return unavailable("the upload was given up, or its asset deleted");
    if (isLost(lost, idTime(upload.id))) {
      return {
        ...unavailable("the vault's storage was lost while this upload was under way: upload again"),
        keep: true,
      };
    }
    if (Date.now() > idTime(upload.id) + UPLOAD_DEADLINE_MS) {
      return refuse("REQUEST_TIMEOUT", `an upload must finish within ${UPLOAD_DEADLINE_MS / 60_000} minutes`);
    }
    const taken = createOnly ? nameTaken(database, upload) : undefined;
    if (taken) return taken;
    const seq = change.next();
    const asset: Asset = { ...upload, seq, rev: seq, created_at: change.now, updated_at: change.now };
    database.insertAsset(asset);
    change.count(asset.partition, 1, asset.size);
    return { ok: true, asset };
  };
}

/**
 * Settles an upload whose commit gave no answer: the record if there is one, otherwise the id is voided, so that a
 * late commit is refused, and its body is deleted; but not if it may be a lost asset's.
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

/** Merges metadata and replaces tags, if the asset meets the conditions. */
export function patchAsset(
  database: VaultDatabase,
  id: string,
  patch: AssetPatch,
  conditions: Conditions,
): Operation<{ asset: Asset }> {
  return (change) => {
    const old = database.asset(id);
    if (!old) return assetNotFound();
    const failed = failedCondition(conditions, recordTag(old));
    if (failed) return failed;
    const asset = { ...old };
    if (patch.metadata) {
      const merged = serializeMetadata(mergeMetadata(old.metadata, patch.metadata, patch.merge));
      if (!merged.ok) return merged;
      asset.metadata = merged.json;
    }
    if (patch.tags) asset.tags = patch.tags;
    asset.rev = change.next();
    asset.updated_at = change.now;
    database.updateAsset(asset);
    change.touched.push(asset.id);
    database.outbox.add({ kind: "change", rev: asset.rev, seq: asset.seq });
    return { ok: true, asset };
  };
}

/** Removes the record at once, if it meets the conditions; the outbox sees to D1 and then to the body. */
export function deleteAsset(database: VaultDatabase, id: string, conditions: Conditions): Operation<{ rev: number }> {
  return (change) => {
    const asset = database.asset(id);
    if (!asset) return assetNotFound();
    const failed = failedCondition(conditions, recordTag(asset));
    if (failed) return failed;
    const rev = change.next();
    database.deleteAsset(asset.seq);
    voidAsset(database, id);
    change.touched.push(id);
    database.outbox.add({ kind: "deletion", rev, seq: asset.seq, r2_key: asset.r2_key });
    change.count(asset.partition, -1, -asset.size);
    return { ok: true, rev };
  };
}

/**
 * Sees to it that an asset which is removed, or was never made, does not come to be by a commit that arrives late or is
 * repeated. Whatever removes an asset calls this. An id that is too old to be committed needs no void.
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
