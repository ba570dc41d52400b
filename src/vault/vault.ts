import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { log, logError } from "../runtime/log.ts";
import {
  type Asset,
  type AssetPath,
  type BodyLocation,
  type NewAsset,
  type RecordBody,
  toRecord,
} from "../model/asset.ts";
import type { Conditions } from "../model/etag.ts";
import type { AssetPatch } from "../model/metadata.ts";
import { assetNotFound, refuse, type Refusal, type Result, unavailable } from "../model/refusal.ts";
import { within } from "../runtime/wait.ts";
import type { Durability, Key, NewKey, Principal } from "../model/vault.ts";
import { BoundedD1 } from "../d1/bounded.ts";
import { shardOf } from "../d1/shards.ts";
import { Bucket } from "../r2/bucket.ts";
import { Alarm } from "./alarm.ts";
import { commitUpload, nameTaken, patchAsset, recordTag, deleteAsset, resolveUpload } from "./state/assets.ts";
import { VaultDatabase } from "./state/database.ts";
import { withoutRev } from "./state/key-table.ts";
import { LiveVault, type Urgency } from "./live.ts";
import { ALARM_DELAY_MS, REBUILD_WAIT_MS, RECONCILE_SLICE_MS } from "./limits.ts";
import { listPage, type PageRequest } from "./state/list-page.ts";
import { buryAgain, purge } from "./sync/purge.ts";
import { rebuild } from "./sync/rebuild.ts";
import { reconcileSettings } from "./sync/reconcile.ts";
import { report, type VaultReport } from "./report.ts";
import type { VaultRow } from "./state/schema.ts";
import type { Operation } from "./state/group-commit.ts";

/**
 * One vault. It owns the vault's state, is the one point of order for its writes, and answers every read from its own
 * SQLite. Bodies never pass through it. Each method first checks that the principal's key is still good, in the same
 * call that does the work; the router has verified the token's signature and what its type may do. Life: without local state it asks D1 (`#wake`). No such vault: it stays empty and stores nothing. Otherwise it claims
 * the vault and copies its assets, and is live. When the vault is deleted it purges all three stores, and keeps nothing but
 * the knowledge that it is gone.
 */
export class Vault extends DurableObject<Env> {
  readonly #id: string;
  readonly #database: VaultDatabase;
  readonly #alarm: Alarm;
  readonly #bucket: Bucket;
  #live: LiveVault | undefined;
  #waking: Promise<void> | undefined;
  /** The vault is gone for good, whatever D1 may come to say. */
  #buried = false;
  /** Whether this start has had D1 looked at for a vault that came back. */
  #watched = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#database = new VaultDatabase(ctx.storage);
    this.#alarm = new Alarm(ctx.storage);
    this.#bucket = new Bucket(env.BUCKET);
    const buried = this.#database.buried();
    const row = buried ? undefined : this.#database.load();
    this.#buried = buried !== undefined;
    // An object that its alarm has woken may not be told its name.
    this.#id = buried?.id ?? row?.id ?? ctx.id.name ?? "";
    if (row && (row.rebuilt_to === null || row.merging !== null)) this.#live = this.#start(row);
  }

  // --- assets

  async getAsset(principal: Principal, id: string): Promise<Result<RecordBody>> {
    const live = this.#admit(principal) ?? (await this.#enter(principal));
    if ("ok" in live) return live;
    const ready = live.records.get(id);
    if (ready) return { ok: true, ...ready };
    const asset = this.#database.asset(id);
    return asset ? { ok: true, ...live.records.set(id, this.#render(asset)) } : assetNotFound();
  }

  /** A page as JSON text, or as a stream of it when it is large; see {@link listPage}. */
  async listAssets(
    principal: Principal,
    request: PageRequest,
  ): Promise<Result<{ body: string | ReadableStream<Uint8Array> }>> {
    const live = this.#admit(principal) ?? (await this.#enter(principal));
    if ("ok" in live) return live;
    const { partition, collection, channel } = request.filter;
    const key = [partition, collection, channel, request.before, request.limit].join("/");
    const ready = live.pages.get(key);
    if (ready) return { ok: true, body: ready.body };
    const body = listPage(this.#database, this.#id, request);
    if (typeof body === "string") live.pages.set(key, { body });
    return { ok: true, body };
  }

  /** Whether a principal may act at all: asked before a request is refused for what it says. */
  async checkKey(principal: Principal): Promise<Result> {
    const live = this.#admit(principal) ?? (await this.#enter(principal));
    return "ok" in live ? live : { ok: true };
  }

  /**
   * What it takes to serve an asset's body: by its id, or the newest at a path. Its fields never change, so that the
   * answer stays right while the body is streamed.
   */
  async locateContent(principal: Principal, what: string | AssetPath): Promise<Result<{ body: BodyLocation }>> {
    const live = this.#admit(principal) ?? (await this.#enter(principal));
    if ("ok" in live) return live;
    const asset = typeof what === "string" ? this.#database.asset(what) : this.#database.newestAt(what);
    if (!asset) return assetNotFound();
    const { id, r2_key, filename, size, mime_type, sha256, created_at } = asset;
    return { ok: true, body: { id, r2_key, filename, size, mime_type, sha256, created_at } };
  }

  /** Asked before a large upload, whose path is perhaps not known yet: would its commit be refused? Commit decides. */
  async checkUpload(principal: Principal, path: AssetPath | undefined, createOnly: boolean): Promise<Result> {
    const live = this.#admit(principal) ?? (await this.#enter(principal));
    return "ok" in live ? live : (createOnly && path && nameTaken(this.#database, path)) || { ok: true };
  }

  /** See {@link commitUpload}. The body must be in R2 under `upload.r2_key` before this is called. */
  async commitUpload(
    principal: Principal,
    upload: NewAsset,
    createOnly = false,
  ): Promise<Result<RecordBody & Durability>> {
    const operation = (live: LiveVault) => commitUpload(this.#database, upload, createOnly, live.lostWindows);
    const outcome = await this.#write(principal, operation, createOnly ? "careful" : "ordinary");
    return outcome.ok ? { ok: true, ...(await this.#acknowledge(outcome.asset)) } : outcome;
  }

  /** See {@link resolveUpload}. Asks for no key: the caller began its upload with a good one. */
  async resolveUpload(id: string, body: string): Promise<Result<{ record: (RecordBody & Durability) | null }>> {
    const live = this.#admit({ kind: "admin" }) ?? (await this.#enter({ kind: "admin" }));
    if ("ok" in live) return live;
    // A storage that is old may not know the asset, whose body would then be deleted.
    if (!(await live.confirmed())) return unavailable("the durable record does not answer");
    const outcome = await live.write(
      { kind: "admin" },
      resolveUpload(this.#database, id, body, live.lostWindows),
      "urgent",
    );
    if (!outcome.ok) return outcome;
    return { ok: true, record: outcome.asset && (await this.#acknowledge(outcome.asset)) };
  }

  async patchAsset(
    principal: Principal,
    id: string,
    body: AssetPatch,
    conditions: Conditions,
  ): Promise<Result<RecordBody & Durability>> {
    const outcome = await this.#write(principal, () => patchAsset(this.#database, id, body, conditions), "careful");
    return outcome.ok ? { ok: true, ...(await this.#acknowledge(outcome.asset)) } : outcome;
  }

  async deleteAsset(principal: Principal, id: string, conditions: Conditions): Promise<Result<Durability>> {
    const outcome = await this.#write(principal, () => deleteAsset(this.#database, id, conditions), "careful");
    if (!outcome.ok) return outcome;
    return { ok: true, ...(await this.#need().durable(outcome.rev, true)) };
  }

  // --- the vault and its keys

  async describeVault(principal: Principal): Promise<Result<{ vault: VaultReport }>> {
    const live = this.#admit(principal) ?? (await this.#enter(principal));
    return "ok" in live ? live : { ok: true, vault: report(this.#database, live) };
  }

  /** Deletes the vault: its keys are refused from here on, and the alarm removes everything else. */
  async deleteVault(principal: Principal): Promise<Result<Durability & { vault: VaultReport }>> {
    const outcome = await this.#write<{ rev: number }>(
      principal,
      ({ row }) =>
        (change) => {
          change.vault.status = "deleting";
          change.vault.deleted_at = row.deleted_at ?? change.now;
          return { ok: true, rev: change.next() };
        },
      "vital",
    );
    if (!outcome.ok) return outcome;
    const durability = await this.#need().durable(outcome.rev);
    await this.#alarm.set(0);
    const described = await this.describeVault(principal);
    return described.ok ? { ...described, ...durability } : described;
  }

  /** Compares index, D1 and R2 and makes them agree, from now on in the background; {@link describeVault} tells how it goes. */
  async reconcileVault(principal: Principal): Promise<Result<{ vault: VaultReport }>> {
    const live = this.#admit(principal) ?? (await this.#enter(principal));
    if ("ok" in live) return live;
    live.reconciler.request();
    await this.#alarm.set(0);
    return { ok: true, vault: report(this.#database, live) };
  }

  /** Declares that nothing more is to be found of what was lost: bodies that no asset names are deleted from now on. */
  async clearLostWindows(principal: Principal): Promise<Result<Durability>> {
    const outcome = await this.#write<{ rev: number }>(principal, () => (change) => {
      change.vault.lost_windows = "[]";
      return { ok: true, rev: change.next() };
    });
    return outcome.ok ? { ok: true, ...(await this.#need().durable(outcome.rev)) } : outcome;
  }

  /** Keys with an id below `before`, newest first. */
  async listKeys(principal: Principal, before: string, limit: number): Promise<Result<{ keys: Key[] }>> {
    const live = this.#admit(principal) ?? (await this.#enter(principal));
    return "ok" in live ? live : { ok: true, keys: this.#database.keys.before(before, limit).map(withoutRev) };
  }

  /** Stores a key whose token nobody has seen yet. Only a key that D1 has too counts as created; else 503 and no key. */
  async createKey(principal: Principal, key: NewKey): Promise<Result<{ key: Key }>> {
    const outcome = await this.#write(principal, ({ keyring }) => keyring.create(key));
    if (!outcome.ok) return outcome;
    if (await this.#need().recorded(outcome.key.rev)) return { ok: true, key: withoutRev(outcome.key) };
    await this.#write({ kind: "admin" }, ({ keyring }) => keyring.revoke(key.id), "vital");
    return unavailable("the key could not be recorded and was not created");
  }

  /** Acts at once in any case; answers 503 while D1 does not have it, so that a success outlives any rebuild. */
  async revokeKey(principal: Principal, id: string): Promise<Result> {
    const outcome = await this.#write(principal, ({ keyring }) => keyring.revoke(id), "vital");
    if (!outcome.ok) return outcome;
    if (await this.#need().recorded(outcome.key.rev)) return { ok: true };
    return unavailable("the key is revoked, but that could not be recorded yet: repeat the call");
  }

  // --- background

  /** Finishes whatever is left over. Idempotent; catches everything; sets itself again while there is work. */
  override async alarm(): Promise<void> {
    this.#alarm.fired();
    let pause: number | undefined;
    try {
      pause = await this.#work();
    } catch (error) {
      logError("vault: background work failed", error, { vault: this.#id });
      pause = this.#live?.relayD1.retryDelay ?? ALARM_DELAY_MS;
    }
    if (pause !== undefined) await this.#alarm.set(pause);
  }

  /** Returns when to come back, in milliseconds from now, or undefined when nothing is left to do. */
  async #work(): Promise<number | undefined> {
    if (this.#buried) return buryAgain(this.#id, this.#db());
    if (!this.#live) await this.#wake();
    const live = this.#live;
    if (!live) return undefined;
    const started = Date.now();
    const again = await live.settle();
    const { recorded, erased, rev } = live.row;
    log("vault: settled", { vault: this.#id, rev, recorded, erased, ms: Date.now() - started });
    if (live.relayD1.isBehind) return live.relayD1.retryDelay;
    if (live.row.status !== "active") return this.#purge(live);
    if (live.relayR2.isBehind) return live.relayR2.retryDelay;
    await live.reconciler.run(started + RECONCILE_SLICE_MS);
    return Math.max(0, Math.min(again, live.reconciler.due) - Date.now());
  }

  async #purge(live: LiveVault): Promise<number | undefined> {
    const pause = await purge(live.row, { database: this.#database, db: this.#db(), bucket: this.#bucket });
    if (pause !== undefined) return pause;
    this.#live = undefined;
    this.#buried = this.#watched = true;
    this.#database.bury();
    await this.ctx.storage.deleteAlarm();
    return undefined;
  }

  // --- entering

  /** The hot way in: the live vault if the principal may act, a refusal if not; undefined when it must wake first. */
  #admit(principal: Principal): LiveVault | Refusal | undefined {
    return this.#live?.refusal(principal) ?? this.#live;
  }

  async #enter(principal: Principal): Promise<LiveVault | Refusal> {
    if (this.#buried && !this.#watched) {
      this.#watched = true;
      await this.#alarm.set(0);
    }
    try {
      await within(REBUILD_WAIT_MS, this.#wake());
    } catch (error) {
      logError("vault: not ready", error, { vault: this.#id });
      return unavailable("the vault is being rebuilt", 2);
    }
    const admitted = this.#admit(principal);
    if (admitted) return admitted;
    if (!this.#buried && this.#database.exists()) return unavailable("the vault is being rebuilt", 2);
    return principal.kind === "admin"
      ? refuse("NOT_FOUND", "no vault with this id")
      : refuse("UNAUTHORIZED", "the vault of this key no longer exists");
  }

  /** Brings a vault without (complete) local state to life; once at a time, however many ask. */
  #wake(): Promise<void> {
    this.#waking ??= this.#rebuild().finally(() => {
      this.#waking = undefined;
    });
    return this.#waking;
  }

  async #rebuild(): Promise<void> {
    if (this.#live || this.#buried || !shardOf(this.env, this.#id)) return;
    const state = await rebuild(this.#database, this.#db(), this.#id, this.#alarm);
    this.#buried = state === "deleted";
    if (typeof state !== "string") this.#live = this.#start(state);
  }

  #start(row: VaultRow): LiveVault {
    return new LiveVault(
      row,
      { database: this.#database, db: this.#db(), bucket: this.#bucket, alarm: this.#alarm },
      reconcileSettings(this.env),
    );
  }

  // --- writing

  async #write<T extends object>(
    principal: Principal,
    operation: (live: LiveVault) => Operation<T>,
    urgency?: Urgency,
  ): Promise<Result<T>> {
    const live = this.#admit(principal) ?? (await this.#enter(principal));
    return "ok" in live ? live : live.write(principal, operation(live), urgency);
  }

  async #acknowledge(asset: Asset): Promise<RecordBody & Durability> {
    return { ...this.#render(asset), ...(await this.#need().durable(asset.rev)) };
  }

  #render(asset: Asset): RecordBody {
    return { body: JSON.stringify(toRecord(this.#id, asset)), etag: recordTag(asset) };
  }

  #db(): BoundedD1 {
    const db = shardOf(this.env, this.#id);
    if (!db) throw new Error(`the D1 shard of ${this.#id} is not bound`);
    return new BoundedD1(db);
  }

  #need(): LiveVault {
    if (!this.#live) throw new Error("the vault is not live");
    return this.#live;
  }
}
