import type { Asset, AssetPath, NewAsset } from "../model/asset.ts";
import { idTime } from "../model/id.ts";
import { UPLOAD_DEADLINE_MS } from "../model/limits.ts";
import { type AssetPatch, mergeMetadata, serializeMetadata } from "../model/metadata.ts";
import { stronglyMatches } from "../model/etag.ts";
import { assetNotFound, refuse, type Refusal } from "../model/refusal.ts";
import type { Index } from "./index.ts";
import type { Operation } from "./writes.ts";

/** The strong entity tag of a record: it changes with every change of the asset. */
export const recordTag = (asset: Asset): string => `"${asset.rev}"`;

/**
 * Makes an uploaded body an asset. Idempotent by id: a repeated commit finds the record and returns it, so a caller
 * that lost the answer may simply ask again. An id that was voided, or is past the upload deadline, is refused, and so
 * is, with `createOnly`, a name that is taken.
 */
export function commit(index: Index, upload: NewAsset, createOnly: boolean): Operation<{ asset: Asset }> {
  return (change) => {
    const existing = index.asset(upload.id);
    if (existing) return { ok: true, asset: existing };
    if (index.isVoid(upload.id)) return refuse("UNAVAILABLE", "the upload was given up", { "Retry-After": "1" });
    if (Date.now() > idTime(upload.id) + UPLOAD_DEADLINE_MS) {
      return refuse("REQUEST_TIMEOUT", `an upload must finish within ${UPLOAD_DEADLINE_MS / 60_000} minutes`);
    }
    const taken = createOnly ? nameTaken(index, upload) : undefined;
    if (taken) return taken;
    const seq = change.next();
    const asset: Asset = { ...upload, seq, rev: seq, created_at: change.now, updated_at: change.now };
    index.insertAsset(asset);
    change.count(asset.partition, 1, asset.size);
    return { ok: true, asset };
  };
}

/**
 * Settles an upload whose commit gave no answer: the record if there is one, otherwise the id is voided, so that a
 * late commit is refused, and its body is deleted.
 */
export function resolve(index: Index, id: string, body: string): Operation<{ asset: Asset | null }> {
  return (change) => {
    const asset = index.asset(id);
    if (asset) return { ok: true, asset };
    if (!index.isVoid(id)) {
      index.addVoid(id);
      index.addToOutbox({ rev: change.next(), seq: null, body });
    }
    return { ok: true, asset: null };
  };
}

/** Merges metadata and replaces tags. `ifMatch` is the request's If-Match header. */
export function patch(index: Index, id: string, body: AssetPatch, ifMatch: string | null): Operation<{ asset: Asset }> {
  return (change) => {
    const old = index.asset(id);
    if (!old) return assetNotFound();
    if (ifMatch !== null && !stronglyMatches(ifMatch, recordTag(old))) return preconditionFailed();
    const asset = { ...old };
    if (body.metadata) {
      const merged = serializeMetadata(mergeMetadata(old.metadata, body.metadata, body.merge));
      if (!merged.ok) return merged;
      asset.metadata = merged.json;
    }
    if (body.tags) asset.tags = body.tags;
    asset.rev = change.next();
    asset.updated_at = change.now;
    index.updateAsset(asset);
    change.touched.push(asset.id);
    index.addToOutbox({ rev: asset.rev, seq: asset.seq, body: null });
    return { ok: true, asset };
  };
}

/** Removes the record at once; the outbox sees to D1 and then to the body. */
export function remove(index: Index, id: string, ifMatch: string | null): Operation<{ rev: number }> {
  return (change) => {
    const asset = index.asset(id);
    if (!asset) return assetNotFound();
    if (ifMatch !== null && !stronglyMatches(ifMatch, recordTag(asset))) return preconditionFailed();
    const rev = change.next();
    index.deleteAsset(asset.seq);
    change.touched.push(id);
    index.addToOutbox({ rev, seq: asset.seq, body: asset.r2_key });
    change.count(asset.partition, -1, -asset.size);
    return { ok: true, rev };
  };
}

/** The refusal of a create-only upload (`If-None-Match: *`) to a path that has an asset of that name. */
export function nameTaken(index: Index, path: AssetPath): Refusal | undefined {
  if (!index.newestAt(path)) return undefined;
  return refuse("PRECONDITION_FAILED", "If-None-Match: there is an asset of this name at this path");
}

const preconditionFailed = () => refuse("PRECONDITION_FAILED", "If-Match: the asset has changed since");
