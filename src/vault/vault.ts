/** The vault's surface: the methods that the router may call. */

import type { Env } from "../env.ts";
import {
  type AssetPath,
  type BodyLocation,
  type FolderFilter,
  type KnownFile,
  type NewAsset,
  type RecordBody,
} from "../model/asset.ts";
import type { Conditions } from "../model/etag.ts";
import type { AssetPatch } from "../model/asset-patch.ts";
import type { BatchOperation, BatchResult } from "../model/batch.ts";
import { assetNotFound, type Result } from "../model/refusal.ts";
import type { VaultChange } from "../model/settings.ts";
import type { Acknowledged, SafeRetry, UploadFingerprint } from "../model/safe-retry.ts";
import { type Caller, type Durability, type Key, type NewKey, type VaultReport } from "../model/vault.ts";
import { type ChangesRequest, follow } from "./follow.ts";
import type { Changed, LastStore } from "./durable.ts";
import type { LiveVault } from "./live.ts";
import { createKey, revokeKey, updateVault } from "./manage.ts";
import { answering, durable, once, render, type Stored } from "./answers.ts";
import { assetPage, type Page } from "./pages.ts";
import { report } from "./report.ts";
import { SessionSurface } from "./session-surface.ts";
import { deleteAsset, patchAsset } from "./state/assets.ts";
import { batchAssets, deleteFolder } from "./state/batch.ts";
import type { VaultDatabase } from "./state/database.ts";
import type { Folder, FolderRequest } from "./state/folders.ts";
import type { Operation } from "./state/group-commit.ts";
import { withoutRev } from "./state/key-table.ts";
import type { PageRequest } from "./state/list-page.ts";
import { Uploads } from "./uploads.ts";
import type { Urgency } from "./urgency.ts";

/**
 * One vault. The object owns the vault's state, is the one point of order for its writes, and answers every read from
 * its own SQLite. File bodies never pass through it. How it gets its state, and loses it, stands in lifecycle.ts.
 *
 * Each method first checks that the caller's key still acts, in the same call that does the work. The router has
 * verified the token's signature, and what a key of its type may do.
 */
export class Vault extends SessionSurface {
  readonly #database: VaultDatabase;
  readonly #uploads: Uploads;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#database = this.life.database;
    this.#uploads = new Uploads(this.life);
  }

  // --- assets

  async getAsset(caller: Caller, id: string): Promise<Result<RecordBody>> {
    return this.life.authorized(caller, (live) => {
      const ready = live.records.get(id);
      if (ready) return { ok: true, ...ready };
      const asset = this.#database.asset(id);
      return asset ? { ok: true, ...live.records.set(id, render(this.life.id, asset)) } : assetNotFound();
    });
  }

  /** A page as JSON text, or as a stream of that text when it is large. See {@link assetPage}. */
  async listAssets(caller: Caller, request: PageRequest): Promise<Result<Page>> {
    return this.life.authorized(caller, (live) => assetPage(this.#database, live, request));
  }

  /** The folders in a folder. */
  async listFolders(caller: Caller, request: FolderRequest): Promise<Result<{ folders: Folder[] }>> {
    return this.life.authorized(
      caller,
      (live) => live.notIndexed() ?? { ok: true, folders: this.#database.folders.in(request) },
    );
  }

  /** See {@link follow}. */
  async listChanges(caller: Caller, request: ChangesRequest): Promise<Result<{ body: string }>> {
    return follow(this.life, caller, request);
  }

  /** Whether a caller's key still acts. The router asks before it refuses a request for what the request says. */
  async checkKey(caller: Caller): Promise<Result> {
    return this.life.authorized(caller, () => ({ ok: true }));
  }

  /**
   * What it takes to serve the body of an asset, by its id, or of the newest asset at a path. Of these fields only the
   * filename can change, so the answer stays right while the body is streamed.
   */
  async locateContent(caller: Caller, what: string | AssetPath): Promise<Result<{ body: BodyLocation }>> {
    return this.life.authorized(caller, () => {
      const asset = typeof what === "string" ? this.#database.asset(what) : this.#database.newestAt(what);
      if (!asset) return assetNotFound();
      const { id, r2_key, filename, size, mime_type, sha256, created_at } = asset;
      return { ok: true, body: { id, r2_key, filename, size, mime_type, sha256, created_at } };
    });
  }

  /** See {@link Uploads.check}. */
  async checkUpload(
    caller: Caller,
    path: AssetPath | undefined,
    createOnly: boolean,
    file: KnownFile,
    key?: string,
  ): Promise<Result<{ most?: number }>> {
    return this.#uploads.check(caller, { path, createOnly, file, key });
  }

  /** See {@link Uploads.begin}. */
  async beginUpload(caller: Caller, key: string, known: UploadFingerprint): Promise<Result<{ record: Stored | null }>> {
    return this.#uploads.begin(caller, key, known);
  }

  /** Says that an upload with an Idempotency-Key has ended without a commit. */
  async endUpload(caller: Caller, key: string): Promise<Result> {
    this.#uploads.end(caller, key);
    return { ok: true };
  }

  /** See {@link Uploads.commit}. The caller must have put the body into R2 under `upload.r2_key`. */
  async commitUpload(caller: Caller, upload: NewAsset, createOnly = false, retry?: SafeRetry): Promise<Result<Stored>> {
    return this.#uploads.commit(caller, upload, { createOnly, retry });
  }

  /** See {@link Uploads.resolve}. `bodyKey` is the R2 key of the upload's body. */
  async resolveUpload(
    caller: Caller,
    id: string,
    bodyKey: string,
    retry?: SafeRetry,
  ): Promise<Result<{ record: Stored | null }>> {
    return this.#uploads.resolve(caller, { id, bodyKey, retry });
  }

  async patchAsset(
    caller: Caller,
    id: string,
    patch: AssetPatch,
    conditions: Conditions,
    retry?: SafeRetry,
  ): Promise<Result<Stored>> {
    const operation = answering(this.life.id, patchAsset(this.#database, id, patch, conditions));
    return once(this.life, caller, retry, operation, { urgency: "careful" });
  }

  async deleteAsset(caller: Caller, id: string, conditions: Conditions): Promise<Result<Durability>> {
    return this.#change(caller, () => deleteAsset(this.#database, id, conditions), {
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
    return once(this.life, caller, retry, batchAssets(this.#database, operations, atomic), {
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
    return this.#change(caller, () => deleteFolder(this.#database, folder, limit), {
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
    return this.life.authorized(caller, async (live) => {
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
    return this.life.authorized(caller, () => ({
      ok: true,
      keys: this.#database.keys.before(before, limit).map(withoutRev),
    }));
  }

  /** See {@link createKey}. */
  async createKey(caller: Caller, key: NewKey): Promise<Result<{ key: Key }>> {
    return this.life.authorized(caller, (live) => createKey(live, caller.actor, key));
  }

  /** See {@link revokeKey}. It takes no token of the rate: a key that has leaked may be what uses them up. */
  async revokeKey(caller: Caller, id: string): Promise<Result> {
    return this.life.authorized({ ...caller, isPaid: true }, (live) => revokeKey(live, caller.actor, id));
  }

  override async alarm(): Promise<void> {
    await this.life.alarmFired();
  }

  // ---

  /**
   * Runs an operation and waits until it is durable. `last` is the last store that must have it: D1 if not said. `weight`
   * is how many assets it may change.
   */
  async #change<T extends Changed>(
    caller: Caller,
    operation: (live: LiveVault) => Operation<T>,
    { urgency, last, weight }: { urgency?: Urgency; last?: LastStore; weight?: number } = {},
  ): Promise<Result<T & Durability>> {
    return this.life.authorized(caller, async (live): Promise<Result<T & Durability>> => {
      const outcome = await live.write(caller.actor, operation(live), urgency, weight);
      return outcome.ok ? { ...outcome, ...(await durable(live, caller, outcome, last)) } : outcome;
    });
  }
}
