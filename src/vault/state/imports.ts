/**
 * The import of a vault, as operations of a group: how it begins, takes assets and ends. The assets of another vault come
 * into this one with the seq, the revision and the times that they had. So lists, feed and entity tags are those of the
 * original.
 *
 * Their revisions lie below the vault's own from the beginning on: the import begins by a jump of the vault's revision to
 * the highest of them. So an imported asset is nothing that D1 would miss by its seq, and a row of the outbox, at a new
 * revision, has D1 told of it.
 */

import { type Asset, ASSET_FIELDS } from "../../model/asset.ts";
import {
  type ImportedAsset,
  type ImportedFile,
  type ImportState,
  type ImportTerms,
  isSameImport,
} from "../../model/import.ts";
import { invalid, refuse, type Refusal, Refused, unavailable } from "../../model/refusal.ts";
import { changeImport, importOf, type VaultSettings } from "../../model/settings.ts";
import { insertAsset } from "./asset-writes.ts";
import { outOfBounds, withReserved } from "./bounds.ts";
import type { VaultDatabase } from "./database.ts";
import type { Change, Operation } from "./group-commit.ts";

/** The operator imports: nothing is kept from whoever does. */
const OPERATOR = { scope: undefined, ticket: undefined } as const;

/**
 * Begins an import, unless it is the one that is under way or done. 409 for a vault that has, or had of late, assets of
 * its own, and for another import. 403 when the vault's quotas do not allow it.
 */
export function beginImport(
  database: VaultDatabase,
  terms: ImportTerms,
  settings: Readonly<VaultSettings>,
): Operation<{ state: ImportState }> {
  return (change) => {
    const known = importOf(change.vault.settings ?? change.row.settings);
    if (known) return isSameImport(known, terms) ? { ok: true, state: known } : anotherImport(known);
    const refusal = notEmpty(database, change) ?? beyondQuota(settings, terms);
    if (refusal) return refusal;
    change.skipTo(terms.top);
    const base = change.next();
    const { top, assets, bytes } = terms;
    const state: ImportState = { top, assets, bytes, base, started_at: change.now, isDone: false };
    change.vault.settings = changeImport(change.row.settings, state, base);
    // Whoever follows the vault begins anew: what comes stands before the place that they have come to.
    change.vault.generation = crypto.randomUUID();
    return { ok: true, state };
  };
}

const anotherImport = ({ isDone, assets, bytes }: ImportState): Refusal =>
  refuse(
    "CONFLICT",
    `another import ${isDone ? "has been made into" : "is under way in"} this vault, of ${assets} assets with ${bytes} bytes: ` +
      `import into a new vault${isDone ? "" : ", or go on with that one"}`,
  );

/**
 * The refusal of a vault that is not empty. One whose last assets were deleted is refused too, as long as that is known: the
 * same ids may be among them, and a deletion of their bodies that is late would remove what was imported.
 */
function notEmpty(database: VaultDatabase, change: Change): Refusal | undefined {
  if (change.assets > 0) return refuse("CONFLICT", `the vault has ${change.assets} assets: import into an empty one`);
  if (database.sessions.reserved().assets > 0)
    return refuse("CONFLICT", "the vault has resumable uploads under way: import into a new one");
  if (database.outbox.isAnything() || database.unindexed.range !== null)
    return refuse("CONFLICT", "the vault has had assets of late: import into a new one");
  return undefined;
}

/** Tells at the beginning what the commit of an asset would tell at the end. */
function beyondQuota(
  { quota_assets, quota_bytes }: Readonly<VaultSettings>,
  { assets, bytes }: ImportTerms,
): Refusal | undefined {
  if (quota_assets !== null && assets > quota_assets)
    return refuse("QUOTA_EXCEEDED", `quota_assets: is ${quota_assets}, and ${assets} assets are to be imported`);
  if (quota_bytes !== null && bytes > quota_bytes)
    return refuse("QUOTA_EXCEEDED", `quota_bytes: is ${quota_bytes}, and ${bytes} bytes are to be imported`);
  return undefined;
}

/**
 * Takes assets whose bodies are here: all of them, or none. One that is there already, as it is to be, is only counted.
 *
 * 400 for what breaks the order of a history, 409 for an id or a place that another asset has, for what is more than the
 * import is of, and for an import that is not under way. 403, 413 and 415 for what the bounds of the vault do not allow. A
 * refusal names the record.
 */
export function importAssets(
  database: VaultDatabase,
  terms: ImportTerms,
  records: readonly ImportedAsset[],
  settings: Readonly<VaultSettings>,
): Operation<{ imported: number; rev: number; after: number }> {
  return (change) => {
    const state = importOf(change.row.settings);
    const after = change.rev;
    if (!state || !isSameImport(state, terms)) return notUnderWay();
    const mark = change.mark();
    let imported = 0;
    try {
      database.transaction(() => {
        for (const { asset, at } of records) {
          const refusal = take(database, change, state, asset, settings);
          if (refusal === "present") continue;
          if (refusal) throw new Refused(placed(refusal, at));
          imported++;
        }
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      change.restore(mark);
      return error.refusal;
    }
    return { ok: true, imported, rev: change.rev, after };
  };
}

/** The refusal of an asset that is not there (any more) when the import is done. */
export const alreadyDone = (): Refusal =>
  refuse("CONFLICT", "asset.id: is not in the vault, and the import is done: import into a new vault");

export const notUnderWay = (): Refusal => refuse("CONFLICT", "no such import is under way in this vault");

/** A refusal that is about a record. */
export const placed = (refusal: Refusal, at: number): Refusal => ({
  ...refusal,
  message: `records[${at}]${/^[a-z_0-9]+(?:\.[a-z_0-9]+)*: /.test(refusal.message) ? "." : ": "}${refusal.message}`,
});

/** Takes one asset. Returns why not. */
function take(
  database: VaultDatabase,
  change: Change,
  state: ImportState,
  asset: Asset,
  settings: Readonly<VaultSettings>,
): Refusal | "present" | undefined {
  const there = presence(database, asset);
  if (there !== "lacking") return there;
  if (state.isDone) return alreadyDone();
  if (database.voids.has(asset.id)) return unavailable("asset.id: is void for up to two hours after it was made", 60);
  const file = { size: asset.size, mimeType: asset.mime_type };
  const refusal =
    beyondTerms(state, change, asset) ??
    outOfOrder(database, state, asset) ??
    outOfBounds(settings, withReserved(settings, change, database.sessions), file, OPERATOR);
  if (refusal) return refusal;
  insertAsset(database, change, asset);
  database.outbox.add({ kind: "change", rev: change.next(), seq: asset.seq });
  const clock = change.vault.clock ?? change.row.clock;
  if (asset.updated_at > clock) change.vault.clock = asset.updated_at;
  return undefined;
}

/** The refusal of an asset with which the import would be more than it is of: nothing could finish it then. */
function beyondTerms(terms: ImportTerms, { assets, bytes }: Change, { size }: Asset): Refusal | undefined {
  if (assets + 1 > terms.assets) return refuse("CONFLICT", `the import is of ${terms.assets} assets, which are there`);
  if (bytes + size <= terms.bytes) return undefined;
  return refuse("CONFLICT", `asset.size: the import is of ${terms.bytes} bytes, and ${bytes} of them are there`);
}

/** Whether the vault has an asset as it is to be. 409 when it has another one of its id. */
export function presence(database: VaultDatabase, asset: Asset): Refusal | "present" | "lacking" {
  const there = database.asset(asset.id);
  if (!there) return "lacking";
  const other = ASSET_FIELDS.find((field) => there[field] !== asset[field]);
  return other === undefined
    ? "present"
    : refuse("CONFLICT", `${nameOf(other)}: differs from that of the asset in the vault`);
}

/** The refusal of a file that would take the place of another one, which an asset of the vault has. */
export function bodyDiffers(database: VaultDatabase, { id, r2_key, sha256 }: ImportedFile): Refusal | undefined {
  const there = database.asset(id);
  if (!there || there.r2_key !== r2_key || there.sha256 === sha256) return undefined;
  return refuse("CONFLICT", `sha256: the vault has this asset, and its file's is ${there.sha256}`);
}

/** What a line of an export calls a field of an asset. */
function nameOf(field: keyof Asset): string {
  if (field === "rev") return "etag";
  return field === "seq" || field === "sha256" ? field : `asset.${field}`;
}

/**
 * Whether an asset has a place in the history as it has come so far. No two places are the same, and time does not run
 * backwards: lists and the feed go by that.
 */
function outOfOrder(
  database: VaultDatabase,
  { top }: ImportState,
  { seq, rev, created_at }: Asset,
): Refusal | undefined {
  if (rev > top) return invalid(`etag: must be at most that of the import's top, "${top}"`);
  const taken = (name: string, place: number): Refusal | undefined =>
    database.assetAt(place) || database.outbox.seqAt(place) !== undefined
      ? refuse("CONFLICT", `${name}: ${place} is the place of another asset`)
      : undefined;
  const refusal = taken("seq", seq) ?? (rev === seq ? undefined : taken("etag", rev));
  if (refusal) return refusal;
  const { before, behind } = database.neighbours(seq);
  if (before !== undefined && before > created_at)
    return invalid("asset.created_at: must not be before that of an asset with a lower seq");
  if (behind !== undefined && behind < created_at)
    return invalid("asset.created_at: must not be after that of an asset with a higher seq");
  return undefined;
}

/** Ends an import, all of which must be here. 409 when it is not. */
export function finishImport(terms: ImportTerms): Operation<{ rev: number }> {
  return (change) => {
    const state = importOf(change.row.settings);
    if (!state || !isSameImport(state, terms)) return notUnderWay();
    // That of a repeat is already known.
    if (state.isDone) return { ok: true, rev: change.rev };
    const { assets, bytes } = change;
    if (assets !== terms.assets || bytes !== terms.bytes) {
      const lacks = `the vault has ${assets} of ${terms.assets} assets and ${bytes} of ${terms.bytes} bytes`;
      return refuse("CONFLICT", `finish: ${lacks}`);
    }
    const rev = change.next();
    change.vault.settings = changeImport(change.row.settings, { ...state, isDone: true }, rev);
    return { ok: true, rev };
  };
}
