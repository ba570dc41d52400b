/** The vault's surface: the methods that the router may call. */

import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import {
  type Asset,
  type AssetPath,
  type BodyLocation,
  type FolderFilter,
  type KnownFile,
  type NewAsset,
  type RecordBody,
  toRecord,
} from "../model/asset.ts";
import type { Conditions } from "../model/etag.ts";
import type { AssetPatch } from "../model/asset-patch.ts";
import type { BatchOperation, BatchResult } from "../model/batch.ts";
import { assetNotFound, type Result, unavailable } from "../model/refusal.ts";
import type { VaultChange } from "../model/settings.ts";
import { type Caller, type Durability, type Key, type NewKey, THE_VAULT, type VaultReport } from "../model/vault.ts";
import { log } from "../runtime/log.ts";
import { type ChangesRequest, follow } from "./follow.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { Changed, LastStore } from "./durable.ts";
import type { LiveVault } from "./live.ts";
import { createKey, revokeKey, updateVault } from "./manage.ts";
import { assetPage, type Page } from "./pages.ts";
import { report } from "./report.ts";
import { commitUpload, deleteAsset, nameTaken, patchAsset, recordTag, resolveUpload } from "./state/assets.ts";
import { batchAssets, deleteFolder } from "./state/batch.ts";
import { mostBytes, outOfBounds } from "./state/bounds.ts";
import type { VaultDatabase } from "./state/database.ts";
import type { Folder, FolderRequest } from "./state/folders.ts";
import type { Operation } from "./state/group-commit.ts";
import { withoutRev } from "./state/key-table.ts";
import type { PageRequest } from "./state/list-page.ts";
import type { Urgency } from "./urgency.ts";

/**
 * One vault. The object owns the vault's state, is the one point of order for its writes, and answers every read from
 * its own SQLite. File bodies never pass through it. How it gets its state, and loses it, stands in lifecycle.ts.
 *
 * Each method first checks that the caller's key still acts, in the same call that does the work. The router has
 * verified the token's signature, and what a key of its type may do.
 */
export class Vault extends DurableObject<Env> {
  readonly #life: Lifecycle;
  readonly #database: VaultDatabase;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#life = new Lifecycle(ctx, env);
    this.#database = this.#life.database;
  }

  // --- assets

  async getAsset(caller: Caller, id: string): Promise<Result<RecordBody>> {
    return this.#life.authorized(caller, (live) => {
      const ready = live.records.get(id);
      if (ready) return { ok: true, ...ready };
      const asset = this.#database.asset(id);
      return asset ? { ok: true, ...live.records.set(id, this.#render(asset)) } : assetNotFound();
    });
  }

  /** A page as JSON text, or as a stream of that text when it is large. See {@link assetPage}. */
  async listAssets(caller: Caller, request: PageRequest): Promise<Result<Page>> {
    return this.#life.authorized(caller, (live) => assetPage(this.#database, live, request));
  }

  /** The folders in a folder. */
  async listFolders(caller: Caller, request: FolderRequest): Promise<Result<{ folders: Folder[] }>> {
    return this.#life.authorized(
      caller,
      (live) => live.notIndexed() ?? { ok: true, folders: this.#database.folders.in(request) },
    );
  }

  /** See {@link follow}. */
  async listChanges(caller: Caller, request: ChangesRequest): Promise<Result<{ body: string }>> {
    return follow(this.#life, caller, request);
  }

  /** Whether a caller's key still acts. The router asks before it refuses a request for what the request says. */
  async checkKey(caller: Caller): Promise<Result> {
    return this.#life.authorized(caller, () => ({ ok: true }));
  }

  /**
   * What it takes to serve the body of an asset, by its id, or of the newest asset at a path. Of these fields only the
   * filename can change, so the answer stays right while the body is streamed.
   */
  async locateContent(caller: Caller, what: string | AssetPath): Promise<Result<{ body: BodyLocation }>> {
    return this.#life.authorized(caller, () => {
      const asset = typeof what === "string" ? this.#database.asset(what) : this.#database.newestAt(what);
      if (!asset) return assetNotFound();
      const { id, r2_key, filename, size, mime_type, sha256, created_at } = asset;
      return { ok: true, body: { id, r2_key, filename, size, mime_type, sha256, created_at } };
    });
  }

  /**
   * Whether the commit of an upload would be refused. The router asks before a large upload, whose path may not be
   * known yet, and again when the file turns out to be larger than the `most` bytes that this answers. Only the commit
   * decides.
   */
  async checkUpload(
    caller: Caller,
    path: AssetPath | undefined,
    createOnly: boolean,
    file: KnownFile,
  ): Promise<Result<{ most?: number }>> {
    return this.#life.authorized<{ most?: number }>(caller, ({ bounds: { settings }, row }) => {
      const taken = createOnly && path ? nameTaken(this.#database, path) : undefined;
      const refusal = taken ?? outOfBounds(settings, row, file);
      const most = mostBytes(settings, row);
      return refusal ?? (most === undefined ? { ok: true } : { ok: true, most });
    });
  }

  /** See {@link commitUpload}. The caller must have put the body into R2 under `upload.r2_key`. */
  async commitUpload(caller: Caller, upload: NewAsset, createOnly = false): Promise<Result<RecordBody & Durability>> {
    return this.#life.authorized(caller, async (live) => {
      const operation = commitUpload(this.#database, upload, createOnly, live);
      const outcome = await live.write(caller.actor, operation, createOnly ? "careful" : "ordinary");
      return outcome.ok ? { ok: true, ...(await this.#acknowledge(live, caller, outcome.asset)) } : outcome;
    });
  }

  /**
   * See {@link resolveUpload}. It needs no key that still acts: the caller began the upload with one.
   *
   * @param bodyKey the R2 key of the upload's body
   */
  async resolveUpload(
    { request }: Caller,
    id: string,
    bodyKey: string,
  ): Promise<Result<{ record: (RecordBody & Durability) | null }>> {
    const caller: Caller = { actor: THE_VAULT, request };
    return this.#life.authorized(caller, async (live) => {
      // An old storage may not know the asset, and would then have its body deleted.
      if (!(await live.confirmed())) return unavailable("the durable record does not answer");
      const operation = resolveUpload(this.#database, id, bodyKey, live.lostWindows);
      const outcome = await live.write(THE_VAULT, operation, "urgent");
      if (!outcome.ok) return outcome;
      return { ok: true, record: outcome.asset && (await this.#acknowledge(live, caller, outcome.asset)) };
    });
  }

  async patchAsset(
    caller: Caller,
    id: string,
    patch: AssetPatch,
    conditions: Conditions,
  ): Promise<Result<RecordBody & Durability>> {
    return this.#life.authorized(caller, async (live) => {
      const operation = patchAsset(this.#database, id, patch, conditions);
      const outcome = await live.write(caller.actor, operation, "careful");
      return outcome.ok ? { ok: true, ...(await this.#acknowledge(live, caller, outcome.asset)) } : outcome;
    });
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
  ): Promise<Result<Durability & { results: BatchResult[] }>> {
    return this.#change(caller, () => batchAssets(this.#database, operations, atomic), {
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
    return this.#life.authorized(caller, (live) => ({ ok: true, vault: report(this.#database, live) }));
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
    await this.#life.alarm.set(0);
    const described = await this.describeVault(caller);
    return described.ok ? { ...described, durable: outcome.durable, waited: outcome.waited } : described;
  }

  /** See {@link updateVault}. */
  async updateVault(caller: Caller, change: VaultChange): Promise<Result<{ vault: VaultReport }>> {
    return this.#life.authorized(caller, async (live) => {
      const outcome = await updateVault(live, caller.actor, change);
      return outcome.ok ? { ok: true, vault: report(this.#database, live) } : outcome;
    });
  }

  /** Begins a reconciliation, which goes on in the background. {@link describeVault} tells how far it is. */
  async reconcileVault(caller: Caller): Promise<Result<{ vault: VaultReport }>> {
    return this.#life.authorized(caller, async (live) => {
      live.reconciler.request();
      await this.#life.alarm.set(0);
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
    return this.#life.authorized(caller, () => ({
      ok: true,
      keys: this.#database.keys.before(before, limit).map(withoutRev),
    }));
  }

  /** See {@link createKey}. */
  async createKey(caller: Caller, key: NewKey): Promise<Result<{ key: Key }>> {
    return this.#life.authorized(caller, (live) => createKey(live, caller.actor, key));
  }

  /** See {@link revokeKey}. It takes no token of the rate: a key that has leaked may be what uses them up. */
  async revokeKey(caller: Caller, id: string): Promise<Result> {
    return this.#life.authorized({ ...caller, isPaid: true }, (live) => revokeKey(live, caller.actor, id));
  }

  override async alarm(): Promise<void> {
    await this.#life.alarmFired();
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
    return this.#life.authorized(caller, async (live): Promise<Result<T & Durability>> => {
      const outcome = await live.write(caller.actor, operation(live), urgency, weight);
      return outcome.ok ? { ...outcome, ...(await this.#durable(live, caller, outcome, last)) } : outcome;
    });
  }

  async #acknowledge(live: LiveVault, caller: Caller, asset: Asset): Promise<RecordBody & Durability> {
    return { ...this.#render(asset), ...(await this.#durable(live, caller, { rev: asset.rev })) };
  }

  async #durable(live: LiveVault, { request }: Caller, changed: Changed, last?: LastStore): Promise<Durability> {
    const durability = await live.durable(changed, last);
    const { rev } = changed;
    if (!durability.durable) log("vault: a write was acknowledged as queued", { request, vault: this.#life.id, rev });
    return durability;
  }

  #render(asset: Asset): RecordBody {
    return { body: JSON.stringify(toRecord(this.#life.id, asset)), etag: recordTag(asset) };
  }
}
