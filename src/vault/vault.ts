/** The vault's surface: the methods that the router may call. */

import type { Env } from "../env.ts";
import {
  type AssetPath,
  type FolderFilter,
  type KnownFile,
  type LocatedContent,
  type NewAsset,
  type RecordBody,
} from "../model/asset.ts";
import type { Conditions } from "../model/etag.ts";
import { isWithin, type KeyScope } from "../model/key-scope.ts";
import type { AssetPatch } from "../model/asset-patch.ts";
import type { BatchOperation, BatchResult } from "../model/batch.ts";
import { assetNotFound, type Result } from "../model/refusal.ts";
import type { VaultChange } from "../model/settings.ts";
import type { Acknowledged, SafeRetry, UploadFingerprint } from "../model/safe-retry.ts";
import type { KnownBytes } from "../model/ticket.ts";
import {
  type Caller,
  type Durability,
  type Key,
  type KeyChange,
  type NewKey,
  type VaultReport,
} from "../model/vault.ts";
import { type FolderList, foldersWithin } from "./folders.ts";
import { type ChangesRequest, follow } from "./follow.ts";
import type { Changed } from "./durable.ts";
import { tooNarrow } from "./lifecycle.ts";
import type { LiveVault } from "./live.ts";
import { createKey, revokeKey, updateKey, updateVault } from "./manage.ts";
import { answering, durable, once, render, type Stored, type WriteOptions } from "./answers.ts";
import { cacheSeconds } from "./bounds.ts";
import { assetPage, type AssetPageRequest, type Page } from "./pages.ts";
import { report } from "./report.ts";
import { ImportSurface } from "./import-surface.ts";
import { assetWithin, deleteAsset, patchAsset } from "./state/assets.ts";
import { batchAssets, deleteFolder } from "./state/batch.ts";
import type { VaultDatabase } from "./state/database.ts";
import type { FolderRequest } from "./state/folders.ts";
import type { Operation } from "./state/group-commit.ts";
import { UploadDesk } from "./uploads.ts";
import { beingDeleted } from "./urgency.ts";

/**
 * One vault. The object owns the vault's state, is the one point of order for its writes, and answers every read from
 * its own SQLite. File bodies never pass through it. How it gets its state, and loses it, stands in lifecycle.ts.
 *
 * Each method first checks that the caller's key still acts, in the same call that does the work, and learns which folder
 * the key is narrowed to. The router has verified the token's signature, and what a key of its type may do.
 */
export class Vault extends ImportSurface {
  readonly #database: VaultDatabase;
  readonly #uploads: UploadDesk;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#database = this.life.database;
    this.#uploads = new UploadDesk(this.life);
  }

  // --- assets

  async getAsset(caller: Caller, id: string): Promise<Result<RecordBody>> {
    return this.life.authorizedWithin(caller, (live, scope) => {
      const ready = live.records.get(id);
      // What is kept ready does not say where the asset is.
      if (ready && scope === undefined) return { ok: true, ...ready };
      const asset = assetWithin(this.#database, id, scope);
      return asset ? { ok: true, ...live.records.set(id, render(this.life.id, asset)) } : assetNotFound();
    });
  }

  /** A page as JSON text, or as a stream of that text when it is large. See {@link assetPage}. */
  async listAssets(caller: Caller, request: AssetPageRequest): Promise<Result<Page>> {
    return this.life.authorizedWithin(caller, (live, scope) => assetPage(this.#database, live, request, scope));
  }

  /** The folders in a folder. */
  async listFolders(caller: Caller, request: FolderRequest): Promise<Result<FolderList>> {
    return this.life.authorizedWithin(
      caller,
      (live, scope) => live.notIndexed() ?? foldersWithin(this.#database.folders, request, scope),
    );
  }

  /** See {@link follow}. */
  async listChanges(caller: Caller, request: ChangesRequest): Promise<Result<{ body: string }>> {
    return follow(this.life, caller, request);
  }

  /** Whether a caller's key still acts. The router asks before it refuses a request for what the request says. */
  async checkKey(caller: Caller): Promise<Result> {
    return this.life.authorizedWithin(caller, () => ({ ok: true }));
  }

  /**
   * What it takes to serve the body of an asset, by its id, or of the newest asset at a path. Of these fields only the
   * filename can change, so the answer stays right while the body is streamed.
   */
  async locateContent(caller: Caller, what: string | AssetPath): Promise<Result<LocatedContent>> {
    return this.life.authorizedWithin(caller, (live, scope) => {
      const asset = typeof what === "string" ? this.#database.asset(what) : this.#database.newestAt(what);
      if (!asset || !isWithin(scope, asset)) return assetNotFound();
      const { id, r2_key, filename, size, mime_type, sha256, created_at } = asset;
      const body = { id, r2_key, filename, size, mime_type, sha256, created_at };
      return { ok: true, body, ...cacheSeconds(live, caller.actor) };
    });
  }

  /** See {@link UploadDesk.check}. */
  async checkUpload(
    caller: Caller,
    path: AssetPath | undefined,
    createOnly: boolean,
    file: KnownFile,
    key?: string,
  ): Promise<Result<{ most?: number }>> {
    return this.#uploads.check(caller, { path, createOnly, file, key });
  }

  /** See {@link UploadDesk.begin}. */
  async beginUpload(caller: Caller, key: string, known: UploadFingerprint): Promise<Result<{ record: Stored | null }>> {
    return this.#uploads.begin(caller, key, known);
  }

  /** Says that an upload with an Idempotency-Key has ended without a commit. */
  async endUpload(caller: Caller, key: string): Promise<Result> {
    this.#uploads.end(caller, key);
    return { ok: true };
  }

  /** See {@link UploadDesk.commit}. The caller must have put the body into R2 under `upload.r2_key`. */
  async commitUpload(caller: Caller, upload: NewAsset, createOnly = false, retry?: SafeRetry): Promise<Result<Stored>> {
    return this.#uploads.commit(caller, upload, { createOnly, retry });
  }

  /** See {@link UploadDesk.resolve}. `bodyKey` is the R2 key of the upload's body, and `bytes` is what that holds. */
  async resolveUpload(
    caller: Caller,
    id: string,
    bodyKey: string,
    retry?: SafeRetry,
    bytes: KnownBytes = {},
  ): Promise<Result<{ record: Stored | null }>> {
    return this.#uploads.resolve(caller, { id, bodyKey, retry, bytes });
  }

  async patchAsset(
    caller: Caller,
    id: string,
    patch: AssetPatch,
    conditions: Conditions,
    retry?: SafeRetry,
  ): Promise<Result<Stored>> {
    const operation = (scope: KeyScope | undefined) =>
      answering(this.life.id, patchAsset(this.#database, id, patch, conditions, { scope }));
    return once(this.life, caller, retry, operation, { urgency: "careful" });
  }

  async deleteAsset(caller: Caller, id: string, conditions: Conditions): Promise<Result<Durability>> {
    return this.#changeWithin(caller, (_, scope) => deleteAsset(this.#database, id, conditions, { scope }), {
      urgency: "careful",
      last: "R2",
    });
  }

  /** See {@link batchAssets}. */
  async batchAssets(
    caller: Caller,
    operations: readonly BatchOperation[],
    atomic: boolean,
    retry?: SafeRetry,
  ): Promise<Result<Acknowledged<{ results: BatchResult[] }>>> {
    const operation = (scope: KeyScope | undefined) => batchAssets(this.#database, operations, atomic, scope);
    return once(this.life, caller, retry, operation, {
      urgency: "careful",
      last: operations.some(({ op }) => op === "delete") ? "R2" : "D1",
      weight: operations.length,
    });
  }

  /** See {@link deleteFolder}. */
  async deleteFolder(
    caller: Caller,
    folder: FolderFilter,
    limit: number,
  ): Promise<Result<Durability & { deleted: number; has_more: boolean }>> {
    return this.#changeWithin(caller, (_, scope) => deleteFolder(this.#database, folder, limit, scope), {
      urgency: "careful",
      last: "R2",
      weight: limit,
    });
  }

  // --- the vault and its keys

  async describeVault(caller: Caller): Promise<Result<{ vault: VaultReport }>> {
    return this.life.authorized(caller, (live) => ({ ok: true, vault: report(this.#database, live) }));
  }

  /** Begins the deletion of the vault. Its keys are refused from now on, and the alarm removes everything else. */
  async deleteVault(caller: Caller): Promise<Result<Durability & { vault: VaultReport }>> {
    const deletion =
      ({ row }: LiveVault): Operation<{ rev: number }> =>
      (change) => {
        change.vault.status = "deleting";
        change.vault.deleted_at = row.deleted_at ?? change.now;
        return { ok: true, rev: change.next() };
      };
    const outcome = await this.#change(caller, deletion, { urgency: "vital" });
    if (!outcome.ok) return outcome;
    await this.life.alarm.set(0);
    const described = await this.describeVault(caller);
    return described.ok ? { ...described, durable: outcome.durable, waited: outcome.waited } : described;
  }

  /** See {@link updateVault}. */
  async updateVault(caller: Caller, change: VaultChange): Promise<Result<{ vault: VaultReport }>> {
    return this.life.authorized(caller, async (live) => {
      const outcome = await updateVault(live, caller.actor, change);
      return outcome.ok ? { ok: true, vault: report(this.#database, live) } : outcome;
    });
  }

  /** Begins a reconciliation, which goes on in the background. {@link describeVault} tells how far it is. */
  async reconcileVault(caller: Caller): Promise<Result<{ vault: VaultReport }>> {
    return this.life.authorized(caller, async (live): Promise<Result<{ vault: VaultReport }>> => {
      const deleted = beingDeleted(live.row);
      if (deleted) return deleted;
      live.reconciler.request();
      await this.life.alarm.set(0);
      return { ok: true, vault: report(this.#database, live) };
    });
  }

  /** Declares that nothing more can be found of what was lost. From now on bodies that no asset names are deleted. */
  async clearLostWindows(caller: Caller): Promise<Result<Durability>> {
    return this.#change(caller, () => (change) => {
      change.vault.lost_windows = "[]";
      return { ok: true, rev: change.next() };
    });
  }

  /** The keys with an id below `before`, newest first. */
  async listKeys(caller: Caller, before: string, limit: number): Promise<Result<{ keys: Key[] }>> {
    return this.life.authorized(caller, (live) => ({
      ok: true,
      keys: live.keyring.list(before, limit),
    }));
  }

  /** See {@link createKey}. */
  async createKey(caller: Caller, key: NewKey): Promise<Result<{ key: Key }>> {
    return this.life.authorized(caller, (live) => createKey(live, caller.actor, key));
  }

  /** See {@link updateKey}. */
  async updateKey(caller: Caller, id: string, change: KeyChange): Promise<Result<{ key: Key }>> {
    return this.life.authorized(caller, (live) => updateKey(live, caller.actor, id, change));
  }

  /** See {@link revokeKey}. It takes no token of the rate: a key that has leaked may be what uses them up. */
  async revokeKey(caller: Caller, id: string): Promise<Result> {
    return this.life.authorized({ ...caller, isPaid: true }, (live) => revokeKey(live, caller.actor, id));
  }

  override async alarm(): Promise<void> {
    await this.life.alarmFired();
  }

  // ---

  /** Runs an operation on the whole vault, as {@link #changeWithin} does. 403 for a key that is narrowed to a folder. */
  #change<T extends Changed>(
    caller: Caller,
    operation: (live: LiveVault) => Operation<T>,
    options: WriteOptions = {},
  ): Promise<Result<T & Durability>> {
    const whole = (live: LiveVault, scope?: KeyScope) => (scope ? () => tooNarrow(scope) : operation(live));
    return this.#changeWithin(caller, whole, options);
  }

  /** Runs an operation and waits until it is durable, in D1 if it is not said where. */
  async #changeWithin<T extends Changed>(
    caller: Caller,
    operation: (live: LiveVault, scope: KeyScope | undefined) => Operation<T>,
    { urgency, last, weight }: WriteOptions,
  ): Promise<Result<T & Durability>> {
    return this.life.authorizedWithin(caller, async (live, scope): Promise<Result<T & Durability>> => {
      const outcome = await live.write(caller.actor, operation(live, scope), urgency, weight);
      return outcome.ok ? { ...outcome, ...(await durable(live, caller, outcome, last)) } : outcome;
    });
  }
}
