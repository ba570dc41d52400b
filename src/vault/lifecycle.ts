/**
 * How a vault's object comes to life and ends:
 *
 *     absent     ── it has no state of its own and asks D1. If D1 knows no such vault, it stores nothing
 *     rebuilding ── it has claimed the vault, and copies keys and assets from D1. Requests get 503 meanwhile
 *     live       ── all of the vault is here, and the object answers for it
 *     deleting   ── the vault's keys are refused. The alarm empties D1, R2 and the object's own tables
 *     buried     ── nothing is left but the knowledge that the vault is gone
 *
 * The first request, or the alarm, brings an object from one state to the next.
 */

import { BoundedD1 } from "../d1/bounded.ts";
import { shardOf } from "../d1/shards.ts";
import type { Env } from "../env.ts";
import { type KeyScope, scopePath } from "../model/key-scope.ts";
import { type Refusal, refuse, type Result, unavailable, vaultNotFound } from "../model/refusal.ts";
import type { Caller } from "../model/vault.ts";
import { Bucket } from "../r2/bucket.ts";
import { log, logError } from "../runtime/log.ts";
import { breathe, within } from "../runtime/wait.ts";
import { Alarm } from "./alarm.ts";
import { ALARM_DELAY_MS, REBUILD_WAIT_MS } from "./limits.ts";
import { LiveVault } from "./live.ts";
import { withinRate } from "./rate.ts";
import { VaultDatabase } from "./state/database.ts";
import type { VaultRow } from "./state/schema.ts";
import { backfill } from "./sync/backfill.ts";
import { buryAgain, purge } from "./sync/purge.ts";
import { rebuild } from "./sync/rebuild.ts";
import { reconcileSettings } from "./sync/reconcile-settings.ts";
import { sweepSessions } from "./sync/sweep-sessions.ts";

/** About how long a reconciliation does steps before it lets the alarm end. Milliseconds. */
const RECONCILE_SLICE_MS = 5_000;

/** The same of the indexing of old assets. */
const INDEX_SLICE_MS = 10_000;

/** The 403 of what concerns the whole vault. */
export const tooNarrow = (scope: KeyScope): Refusal =>
  refuse("FORBIDDEN", `this key is narrowed to ${scopePath(scope)}: use one of the whole vault`);

export class Lifecycle {
  readonly id: string;
  readonly database: VaultDatabase;
  readonly alarm: Alarm;
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  readonly #bucket: Bucket;
  /** Undefined while the vault is in any other state than live or deleting. */
  #live: LiveVault | undefined;
  /** The rebuild that is under way. */
  #rebuilding: Promise<void> | undefined;
  #isBuried: boolean;
  /** Whether this start has had the alarm look whether D1 has a buried vault again. */
  #isBurialChecked = false;

  constructor(ctx: DurableObjectState, env: Env) {
    this.#env = env;
    this.#storage = ctx.storage;
    this.database = new VaultDatabase(ctx.storage);
    this.alarm = new Alarm(ctx.storage);
    this.#bucket = new Bucket(env.BUCKET, { within });
    const buried = this.database.buried();
    const row = buried ? undefined : this.database.load();
    this.#isBuried = buried !== undefined;
    // The platform may not tell an object its name when the alarm has woken it.
    this.id = buried?.id ?? row?.id ?? ctx.id.name ?? "";
    if (row && (row.rebuilt_to === null || row.merging !== null)) this.#live = this.#start(row);
  }

  /**
   * Does `work` for a caller that may act on the whole vault, and refuses all others: 403 for a key that is narrowed to a
   * folder. See {@link authorizedWithin}.
   */
  authorized<T extends object>(
    caller: Caller,
    work: (live: LiveVault) => Result<T> | Promise<Result<T>>,
  ): Promise<Result<T>> {
    return this.authorizedWithin(caller, (live, scope) => (scope ? tooNarrow(scope) : work(live)));
  }

  /**
   * Does `work` for a caller that may act here, within the vault's rate, and refuses all others. Waits up to
   * {@link REBUILD_WAIT_MS} for a vault that is not live yet, and then answers 503.
   *
   * @param work is told the `scope` that the caller's key is narrowed to, undefined when it is not. It must do nothing,
   * and tell nothing, of what is not within
   * @param isFree whether the work takes no token of the rate, since it only repeats an answer
   */
  async authorizedWithin<T extends object>(
    caller: Caller,
    work: (live: LiveVault, scope: KeyScope | undefined) => Result<T> | Promise<Result<T>>,
    isFree: (live: LiveVault) => boolean = () => false,
  ): Promise<Result<T>> {
    let live = this.#live;
    if (!live) {
      const woken = await this.#wakeFor(caller);
      if (!woken.ok) return woken;
      live = woken.live;
    }
    const admitted = live.admit(caller.actor);
    if (!admitted.ok) return admitted;
    const { scope } = admitted;
    // An unknown key costs the tenant nothing: the token is taken after that.
    const { rate } = live.bounds;
    if (!rate) return work(live, scope);
    return withinRate(rate, isFree(live) ? { ...caller, isPaid: true } : caller, () => work(live, scope));
  }

  /** Brings the vault to life for a caller, or says why it is not. */
  async #wakeFor({ actor, request }: Caller): Promise<Result<{ live: LiveVault }>> {
    if (this.#isBuried && !this.#isBurialChecked) {
      this.#isBurialChecked = true;
      await this.alarm.set(0);
    }
    try {
      await within(REBUILD_WAIT_MS, this.#wake());
    } catch (error) {
      logError("vault: not ready for a request", error, { request, vault: this.id });
      return unavailable("the vault is being rebuilt", 2);
    }
    if (this.#live) return { ok: true, live: this.#live };
    if (!this.#isBuried && this.database.exists()) return unavailable("the vault is being rebuilt", 2);
    return actor.kind === "key" ? refuse("UNAUTHORIZED", "the vault of this key no longer exists") : vaultNotFound();
  }

  /**
   * Brings a vault to life whose state is not here, or not all of it. There is one rebuild at a time, however many ask.
   */
  #wake(): Promise<void> {
    this.#rebuilding ??= this.#rebuild().finally(() => {
      this.#rebuilding = undefined;
    });
    return this.#rebuilding;
  }

  async #rebuild(): Promise<void> {
    if (this.#live || this.#isBuried || !shardOf(this.#env, this.id)) return;
    const state = await rebuild(this.database, this.#db(), this.id, this.alarm);
    this.#isBuried = state === "deleted";
    if (typeof state !== "string") this.#live = this.#start(state);
  }

  #start(row: VaultRow): LiveVault {
    return new LiveVault(
      row,
      { database: this.database, db: this.#db(), bucket: this.#bucket, alarm: this.alarm },
      reconcileSettings(this.#env),
    );
  }

  /**
   * The alarm has gone off: does what is left over. It may be repeated, catches whatever the work throws, and sets the
   * alarm again while work is left.
   */
  async alarmFired(): Promise<void> {
    this.alarm.fired();
    let pause: number | undefined;
    try {
      pause = await this.#work();
    } catch (error) {
      logError("vault: background work failed", error, { vault: this.id });
      pause = this.#live?.relayD1.retryDelay ?? ALARM_DELAY_MS;
    }
    if (pause !== undefined) await this.alarm.set(pause);
  }

  /** Returns when the alarm must go off again, in milliseconds from now, or undefined when nothing is left to do. */
  async #work(): Promise<number | undefined> {
    if (this.#isBuried) return buryAgain(this.id, this.#db());
    if (!this.#live) await this.#wake();
    const live = this.#live;
    if (!live) return undefined;
    const started = Date.now();
    const again = await live.settle();
    const { recorded, erased, rev } = live.row;
    log("vault: settled", { vault: this.id, rev, recorded, erased, ms: Date.now() - started });
    if (live.row.status === "active" && !(await this.#index(started + INDEX_SLICE_MS))) return 0;
    if (live.relayD1.isBehind) return live.relayD1.retryDelay;
    if (live.row.status !== "active") return this.#purge(live);
    if (live.relayR2.isBehind) return live.relayR2.retryDelay;
    const swept = await sweepSessions(this.id, this.database, this.#bucket);
    // A reconciliation would take bodies that wait for their records for orphans.
    if (live.bounds.isImporting) return soonest(again, swept);
    await live.reconciler.run(started + RECONCILE_SLICE_MS);
    return soonest(again, swept, live.reconciler.due);
  }

  /** Indexes old assets until `until`, in epoch milliseconds. Returns whether all are indexed. */
  async #index(until: number): Promise<boolean> {
    while (backfill(this.database)) {
      if (Date.now() >= until) return false;
      await breathe();
    }
    return true;
  }

  async #purge(live: LiveVault): Promise<number | undefined> {
    const pause = await purge(live.row, { database: this.database, db: this.#db(), bucket: this.#bucket });
    if (pause !== undefined) return pause;
    // If this throws, the vault is still being deleted, and the alarm tries again.
    this.database.bury();
    this.#live = undefined;
    this.#isBuried = this.#isBurialChecked = true;
    await this.#storage.deleteAlarm();
    return undefined;
  }

  #db(): BoundedD1 {
    const db = shardOf(this.#env, this.id);
    if (!db) throw new Error(`the D1 shard of ${this.id} is not bound`);
    return new BoundedD1(db);
  }
}

/** Milliseconds until the first of some times, in epoch milliseconds. Undefined when none of them ever comes. */
function soonest(...times: readonly number[]): number | undefined {
  const first = Math.min(...times);
  return first === Infinity ? undefined : Math.max(0, first - Date.now());
}
