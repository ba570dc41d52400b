/**
 * A live vault: one whose state is here and complete. It joins the keys and the writes with the relays that bring D1
 * and R2 up to them. It lives in memory, for one start of the object. What must last longer is in the vault's database.
 */

import type { BoundedD1 } from "../d1/bounded.ts";
import type { RecordBody } from "../model/asset.ts";
import type { LostWindow } from "../model/lost-window.ts";
import { type Refusal, refusalOf, refuse, type Result, unavailable } from "../model/refusal.ts";
import { timestamp } from "../model/time.ts";
import { type Actor, type Durability, THE_VAULT } from "../model/vault.ts";
import type { Bucket } from "../r2/bucket.ts";
import { AnswerCache } from "../runtime/answer-cache.ts";
import { within } from "../runtime/wait.ts";
import type { Alarm } from "./alarm.ts";
import { type Changed, isRecorded, type LastStore, whetherDurable } from "./durable.ts";
import type { Bounds } from "./bounds.ts";
import { HeldRow } from "./held-row.ts";
import { ALARM_DELAY_MS, DURABLE_WAIT_MS } from "./limits.ts";
import type { VaultDatabase } from "./state/database.ts";
import { type Change, GroupCommit, type Operation } from "./state/group-commit.ts";
import { type Admitted, Keyring } from "./state/keyring.ts";
import type { VaultRow } from "./state/schema.ts";
import { DeadKeys } from "./sync/dead-keys.ts";
import { forgetOld } from "./sync/forget.ts";
import { Reconciler } from "./sync/reconcile.ts";
import type { ReconcileSettings } from "./sync/reconcile-settings.ts";
import { Relay } from "./sync/relay.ts";
import { D1Steps } from "./sync/relay-d1.ts";
import { deleteBodies } from "./sync/relay-r2.ts";
import { beginTakeover, takeoverStep, type TakeoverVault } from "./sync/takeover.ts";
import { notNow, type Urgency } from "./urgency.ts";
import { Watchers } from "./watchers.ts";

/** A million assets are indexed in about half a minute. */
const INDEXING_RETRY_SECONDS = 5;

/** What a vault keeps ready of its records, and as much again of its list pages. Characters. */
const CACHE_SIZE = 4_000_000;

export class LiveVault {
  readonly #database: VaultDatabase;
  readonly #db: BoundedD1;
  readonly #alarm: Alarm;
  readonly keyring: Keyring;
  readonly #groupCommit: GroupCommit;
  readonly #d1Steps: D1Steps;
  readonly #deadKeys: DeadKeys;
  readonly relayD1: Relay;
  readonly relayR2: Relay;
  readonly reconciler: Reconciler;
  /** What a takeover of this vault works on. */
  readonly #takeoverVault: TakeoverVault = {
    row: () => this.#row,
    save: (fields) => this.held.set(fields, true),
    apply: (operation) => this.write(THE_VAULT, operation, "vital"),
    reloadKeys: () => this.keyring.reload(),
  };
  readonly held: HeldRow;
  readonly bounds: Bounds;
  /** The revision at which D1 was found to have lost history. */
  #lostByD1At = 0;
  /** Records by asset id. */
  readonly records = new AnswerCache<RecordBody>(CACHE_SIZE);
  /** Requests that wait for a change. */
  readonly watchers = new Watchers();
  /** List pages that are one string, by what was asked. */
  readonly pages = new AnswerCache<{ readonly body: string }>(CACHE_SIZE);

  constructor(
    row: VaultRow,
    stores: { database: VaultDatabase; db: BoundedD1; bucket: Bucket; alarm: Alarm },
    settings: ReconcileSettings,
  ) {
    const { database, db, bucket, alarm } = stores;
    this.held = new HeldRow(database, row);
    this.bounds = this.held.bounds;
    // The storage must know this start before D1 hears from it. Otherwise the next start would take what this one told
    // D1 for another history. A save of its own is needed only if something is left over from an earlier start, which
    // is told at once. What is told later belongs to a group, which saves the row.
    if (row.loaded !== null || row.recorded < row.rev) database.saveVault(this.#row);
    this.#database = database;
    this.#db = db;
    this.#alarm = alarm;
    this.keyring = new Keyring(database);
    this.#d1Steps = new D1Steps(database, db, {
      row: () => this.#row,
      set: (fields, save) => this.held.set(fields, save),
      takeOver: (known) => this.#takeOver(known),
      lostByD1: () => {
        this.#lostByD1At = this.#row.rev;
        // D1 may also have brought back assets that have been deleted since. No flush mentions those.
        this.reconciler.request();
      },
      deletedInD1: () => {
        this.held.set({ status: "deleting", deleted_at: timestamp(Date.now()), loaded: null, starts: "{}" }, true);
        void this.#alarm.set(0);
      },
    });
    this.#deadKeys = new DeadKeys(this.keyring, this.#d1Steps, (operation) =>
      this.write(THE_VAULT, operation, "urgent"),
    );
    this.relayD1 = new Relay({
      name: "relay-d1",
      vault: row.id,
      watermark: row.recorded,
      target: () => this.#row.rev,
      unsettled: () => this.#row.loaded !== null || this.#row.merging !== null,
      step: () => (this.#row.merging === null ? this.#d1Steps.step(this.relayD1.watermark) : this.#takeoverStep()),
      advanced: () => this.relayR2.wake(),
      interrupted: () => void this.#alarm.set(0),
    });
    this.relayR2 = new Relay({
      name: "relay-r2",
      vault: row.id,
      watermark: row.erased,
      target: () => this.relayD1.watermark,
      step: () => deleteBodies(database, bucket, this.relayR2.watermark, this.relayD1.watermark),
      interrupted: () => void this.#alarm.set(0),
    });
    this.#groupCommit = new GroupCommit({
      database,
      row: () => this.#row,
      persist: (next) => this.#persist(next),
      expected: () => this.relayD1.answered,
      committed: (next, touched) => this.#committed(next, touched),
    });
    this.reconciler = new Reconciler(this, stores, settings);
    // Each start goes on with what an earlier one left over. The alarm may have been given up.
    this.relayD1.wake();
    if (this.relayR2.isBehind) this.relayR2.wake();
    const isBehind = row.recorded < row.rev || this.relayR2.isBehind || row.status !== "active" || row.merging !== null;
    const retry = database.outbox.parked(1)[0]?.retry_at ?? Infinity;
    const due = Math.min(this.reconciler.due, retry, database.sessions.due());
    if (database.unindexed.range) void alarm.restore(0);
    else void alarm.restore(isBehind ? ALARM_DELAY_MS : Math.max(0, due - Date.now()));
  }

  get row(): Readonly<VaultRow> {
    return this.held.row;
  }

  get #row(): VaultRow {
    return this.held.row;
  }

  /** The 503 of what needs all assets indexed, while some are not. Undefined when all are. */
  notIndexed(): Refusal | undefined {
    if (this.#database.unindexed.range === null) return undefined;
    return unavailable("the vault is being indexed: try again", INDEXING_RETRY_SECONDS);
  }

  /** When writes may have been lost that were acknowledged. */
  get lostWindows(): readonly LostWindow[] {
    return this.held.lostWindows;
  }

  /** Whether an actor may act here, and where. See {@link Keyring.admit}. */
  admit(actor: Actor): Admitted {
    const admitted = this.keyring.admit(actor);
    const isOver = admitted.ok && actor.kind === "key" && this.#row.status !== "active";
    return isOver ? refuse("UNAUTHORIZED", "this vault is being deleted") : admitted;
  }

  /** The refusal of a write that is not taken while the vault is at a revision. Undefined when it is. */
  #notNow(actor: Actor, urgency: Urgency, rev: number): Refusal | undefined {
    // What D1 had and lost does not count, or else no write would be taken.
    const backlog = rev - Math.max(this.relayD1.watermark, this.#lostByD1At);
    return notNow(urgency, actor, { row: this.#row, bounds: this.bounds, backlog });
  }

  /**
   * Runs an operation in the next group, or refuses it as its {@link Urgency} says. The actor's key is checked
   * once more in the group, since another operation may have revoked it first. An operation of some weight is also
   * refused if those of its kind that came before it have put D1 too far behind.
   *
   * @param weight how many changes of an asset the operation may make
   */
  async write<T extends object>(
    actor: Actor,
    operation: Operation<T>,
    urgency: Urgency = "ordinary",
    weight = 1,
  ): Promise<Result<T>> {
    if (urgency === "careful") await this.#latestState();
    const refusal = this.#notNow(actor, urgency, this.#row.rev);
    if (refusal) return refusal;
    const late = (rev: number): Refusal | undefined => (weight > 1 ? this.#notNow(actor, urgency, rev) : undefined);
    const admitted = (change: Change) => refusalOf(this.admit(actor)) ?? late(change.rev) ?? operation(change);
    const arrived = Date.now();
    return { ...(await this.#groupCommit.run(admitted, weight)), queued: Date.now() - arrived };
  }

  /** Whether D1 has what was changed. See {@link isRecorded}. */
  recorded(rev: number): Promise<boolean> {
    return isRecorded(this, this.#database.outbox, { rev });
  }

  /** Whether the other stores have what was changed. See {@link whetherDurable}. */
  durable(changed: Changed, last?: LastStore): Promise<Durability> {
    return whetherDurable(this, this.#database.outbox, changed, last);
  }

  /**
   * Waits until it is known whether this storage is old, because a change of an asset should change its latest state.
   * It waits up to {@link DURABLE_WAIT_MS}, and not at all while D1 is down: then the change goes by what is here.
   */
  async #latestState(): Promise<void> {
    if (this.#row.loaded === null || this.relayD1.isStalled) return;
    await within(DURABLE_WAIT_MS, this.relayD1.run()).catch(() => {});
  }

  /** Whether D1 has confirmed that it knows no more than this vault. Asks D1 if it has not. */
  async confirmed(): Promise<boolean> {
    if (this.#row.loaded !== null) await this.relayD1.run();
    return this.#row.loaded === null && this.#row.merging === null;
  }

  /**
   * Runs both relays as far as they come, and saves how far that was. Then it forgets what is over and tries the parked
   * assets again. Returns when there is more of this to do, in epoch milliseconds.
   */
  async settle(): Promise<number> {
    await this.relayD1.run();
    await this.relayR2.run();
    const row = { ...this.#row };
    const isMoreOld = this.#database.transaction(() => {
      const isTrimmed = this.#trim(row);
      const { hasForgotten, isMore } = forgetOld(this.#database, row);
      if (isTrimmed || hasForgotten || this.held.isUnsaved) this.#database.saveVault(row);
      return isMore;
    });
    this.held.saved(row);
    if (this.relayD1.isBehind) return Infinity;
    if ((await this.#deadKeys.forget()) || isMoreOld) return 0;
    return this.#d1Steps.retryParked(this.relayD1.watermark);
  }

  /** See {@link D1Steps.correctKeys}. */
  correctKeys(unknown: readonly string[], lacking: readonly string[]): void {
    this.#d1Steps.correctKeys(unknown, lacking);
  }

  async #takeOver(known: number): Promise<void> {
    const old = { known, began: this.held.loaded.rev, common: this.relayD1.watermark };
    if (!(await beginTakeover(this.#takeoverVault, this.#db, old))) return;
    // The revisions that waiting writers were given will not be recorded as they are.
    this.relayD1.release();
    this.relayR2.release();
    // The takeover may be cut off at any time.
    await this.#alarm.set(ALARM_DELAY_MS);
  }

  /** One step of the relay to D1 while a takeover is under way. Returns D1's new watermark. */
  async #takeoverStep(): Promise<number> {
    const base = await takeoverStep(this.#takeoverVault, this.#database, this.#db);
    if (base === undefined) return this.relayD1.watermark;
    this.relayR2.watermark = base;
    this.reconciler.request();
    return base;
  }

  /**
   * Inside a group's transaction: saves the vault's row and sets the alarm, so that the vault wakes by itself after a
   * crash before D1 has the changes.
   */
  #persist(row: VaultRow): void {
    this.#trim(row);
    this.#database.saveVault(row);
    this.keyring.uses.save();
    this.#alarm.setInTransaction(ALARM_DELAY_MS);
  }

  /**
   * Copies the watermarks into the row, and drops what every store has from the outbox. Watermarks stay in memory until
   * some group is written anyway. One on disk that is behind only causes a flush to be repeated, which is harmless.
   * Returns whether a watermark had moved.
   */
  #trim(row: VaultRow): boolean {
    if (this.relayD1.watermark === row.recorded && this.relayR2.watermark === row.erased) return false;
    const { recorded, erased } = row;
    row.recorded = this.relayD1.watermark;
    row.erased = this.relayR2.watermark;
    this.#database.outbox.trim({ recorded, erased }, row);
    return true;
  }

  /** After a group's transaction: memory learns what has changed, and D1 is told. */
  #committed(row: VaultRow, touched: readonly string[]): void {
    if (row === this.#row) return;
    for (const id of touched) this.records.delete(id);
    this.pages.clear();
    this.held.saved(row);
    this.keyring.uses.saved();
    this.#alarm.confirm();
    this.relayD1.wake();
    this.watchers.wake();
  }
}
