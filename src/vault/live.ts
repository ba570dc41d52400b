import type { BoundedD1 } from "../d1/bounded.ts";
import { newAssetId } from "../model/id.ts";
import { MAX_UNRECORDED } from "../model/limits.ts";
import { type LostWindow, parseWindows } from "../model/lost-window.ts";
import { refuse, type Refusal, type Result, unavailable } from "../model/refusal.ts";
import { timestamp } from "../model/time.ts";
import { within } from "../runtime/wait.ts";
import { type Actor, type Durability, THE_VAULT } from "../model/vault.ts";
import type { RecordBody } from "../model/asset.ts";
import type { Bucket } from "../r2/bucket.ts";
import type { Alarm } from "./alarm.ts";
import { AnswerCache } from "../runtime/answer-cache.ts";
import { Relay } from "./sync/relay.ts";
import { deleteBodies } from "./sync/relay-r2.ts";
import type { VaultDatabase } from "./state/database.ts";
import { Keyring } from "./state/keyring.ts";
import { ALARM_DELAY_MS, DURABLE_WAIT_MS, KEYS_FORGOTTEN, VOID_MS } from "./limits.ts";
import { D1Steps } from "./sync/relay-d1.ts";
import { Reconciler } from "./sync/reconcile.ts";
import type { ReconcileSettings } from "./sync/reconcile-settings.ts";
import { beginStart } from "./sync/starts.ts";
import type { VaultRow } from "./state/schema.ts";
import { beginTakeover, takeoverStep, type TakeoverVault } from "./sync/takeover.ts";
import { type Operation, GroupCommit } from "./state/group-commit.ts";

/** How often a vault that is awake looks for keys to forget. Milliseconds. */
const FORGET_EVERY_MS = 24 * 60 * 60 * 1000;

/** Voids that are forgotten at once. */
const VOIDS_PRUNED = 1_000;

/** What a vault keeps ready in memory of its records, and as much of its list pages. Characters. */
const CACHE_SIZE = 4_000_000;

/**
 * What depends on the state of an asset is careful: it waits until it is known whether the storage is old.
 * What must be taken even when D1 is far behind is urgent: settling what an upload left, for instance. What must be taken
 * even while the vault's storage is known to be old is vital: revoking a key, and what makes it new again.
 */
export type Urgency = "careful" | "ordinary" | "urgent" | "vital";

/** A store that a write concerns beside the vault's own. */
export type Store = "D1" | "R2";

/**
 * A vault whose state is here and complete: its keys, its writes, and what brings D1 and R2 up to them. Lives in memory,
 * between one start of the object and the next; everything that must last is in the index.
 */
export class LiveVault {
  readonly #database: VaultDatabase;
  readonly #db: BoundedD1;
  readonly #alarm: Alarm;
  readonly #keyring: Keyring;
  readonly #groupCommit: GroupCommit;
  readonly #d1Steps: D1Steps;
  readonly relayD1: Relay;
  readonly relayR2: Relay;
  /** What a takeover of this vault works on. */
  readonly #takeoverVault: TakeoverVault = {
    row: () => this.#row,
    save: (fields) => this.#set(fields, true),
    apply: (operation) => this.write(THE_VAULT, operation, "vital"),
    reloadKeys: () => this.#keyring.reload(),
  };
  #row: VaultRow;
  /** The revision with which this start began. */
  readonly #began: number;
  /** Whether the row in memory knows something that is not worth a write of its own. */
  #unsaved = false;
  #windows: readonly LostWindow[];
  /** When keys that have been dead for long are looked for again: it takes reading all of them. */
  #forgetAt = 0;
  /** The revision at which D1 was found to have lost what it had. */
  #lostAt = 0;

  readonly reconciler: Reconciler;
  /** Records by asset id, and first pieces of list pages by what was asked. */
  readonly records = new AnswerCache<RecordBody>(CACHE_SIZE);
  readonly pages = new AnswerCache<{ readonly body: string }>(CACHE_SIZE);

  constructor(
    row: VaultRow,
    stores: { database: VaultDatabase; db: BoundedD1; bucket: Bucket; alarm: Alarm },
    settings: ReconcileSettings,
  ) {
    const { database, db, bucket, alarm } = stores;
    this.#row = beginStart(row);
    this.#began = row.rev;
    // D1 must not hear of this start before the storage knows of it, should the next one have to tell. Other than what is
    // left over, it hears of nothing that is not saved.
    if (row.loaded !== null || row.recorded < row.rev) database.saveVault(this.#row);
    this.#windows = parseWindows(row.lost_windows);
    this.#database = database;
    this.#db = db;
    this.#alarm = alarm;
    this.#keyring = new Keyring(database);
    this.#d1Steps = new D1Steps(database, db, {
      row: () => this.#row,
      set: (fields, save) => this.#set(fields, save),
      takeOver: (known) => this.#takeOver(known),
      lostByD1: () => {
        this.#lostAt = this.#row.rev;
        // D1 may also have assets that were deleted since; those no flush will mention.
        this.reconciler.request();
      },
      deletedInD1: () => {
        this.#set({ status: "deleting", deleted_at: timestamp(Date.now()), loaded: null, starts: "{}" }, true);
        void this.#alarm.set(0);
      },
    });
    this.relayD1 = new Relay({
      name: "relay-d1",
      watermark: row.recorded,
      target: () => this.#row.rev,
      unsettled: () => this.#row.loaded !== null || this.#row.merging !== null,
      step: () => (this.#row.merging === null ? this.#d1Steps.step(this.relayD1.watermark) : this.#takeoverStep()),
      advanced: () => this.relayR2.wake(),
      interrupted: () => void this.#alarm.set(0),
    });
    this.relayR2 = new Relay({
      name: "relay-r2",
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
    // Whoever starts a vault sees to what an earlier start has left, whether or not an alarm is still set for it.
    this.relayD1.wake();
    if (this.relayR2.isBehind) this.relayR2.wake();
    const isBehind = row.recorded < row.rev || this.relayR2.isBehind || row.status !== "active" || row.merging !== null;
    const due = Math.min(this.reconciler.due, database.outbox.parked(1)[0]?.retry_at ?? Infinity);
    void alarm.restore(isBehind ? ALARM_DELAY_MS : Math.max(0, due - Date.now()));
  }

  get row(): Readonly<VaultRow> {
    return this.#row;
  }

  /** When what was acknowledged may have been lost. */
  get lostWindows(): readonly LostWindow[] {
    return this.#windows;
  }

  get keyring(): Keyring {
    return this.#keyring;
  }

  /** Why an actor may not act here; undefined when it may. */
  refusal(actor: Actor): Refusal | undefined {
    const refusal = this.#keyring.refusal(actor);
    if (refusal) return refusal;
    if (actor.kind === "key" && this.#row.status !== "active") {
      return refuse("UNAUTHORIZED", "this vault is being deleted");
    }
    return undefined;
  }

  /** Changes that only this vault holds so far; what D1 had and lost does not count, or no write would be taken. */
  get #backlog(): number {
    return this.#row.rev - Math.max(this.relayD1.watermark, this.#lostAt);
  }

  /** Runs an operation in the next group. The key is checked there too: another operation may revoke it first. */
  async write<T extends object>(
    actor: Actor,
    operation: Operation<T>,
    urgency: Urgency = "ordinary",
  ): Promise<Result<T>> {
    if (urgency === "careful") await this.#current();
    if (urgency !== "vital" && this.#row.merging !== null) {
      return unavailable("the vault's storage is being brought up to the durable record", 2);
    }
    if (urgency !== "vital" && urgency !== "urgent" && this.#backlog > MAX_UNRECORDED) {
      return unavailable("the durable record is not keeping up with writes", 5);
    }
    return this.#groupCommit.run((change) => this.refusal(actor) ?? operation(change));
  }

  /** Whether D1 has `rev`; waits for it as long as a writer may. What D1 refuses it does not have. */
  async recorded(rev: number): Promise<boolean> {
    return (await this.relayD1.waitFor(rev)) && !this.#database.outbox.isParkedRev(rev);
  }

  /** Waits until these stores have `rev`, as long as a writer may: R2 has it when it has lost the bodies that were due by then. */
  async durable(rev: number, stores: readonly Store[] = ["D1"]): Promise<Durability> {
    const started = Date.now();
    const isRecorded = await this.recorded(rev);
    const durable = isRecorded && (!stores.includes("R2") || (await this.relayR2.waitFor(rev)));
    return { durable, waited: Date.now() - started };
  }

  /**
   * Waits, as long as a writer may, until it is known whether this storage is old: what changes an asset should change its
   * latest state. While D1 is down it goes by what is here.
   */
  async #current(): Promise<void> {
    if (this.#row.loaded === null || this.relayD1.isStalled) return;
    await within(DURABLE_WAIT_MS, this.relayD1.run()).catch(() => {});
  }

  /** Whether D1 has confirmed that it knows no more than this vault; asks it if need be. */
  async confirmed(): Promise<boolean> {
    if (this.#row.loaded !== null) await this.relayD1.run();
    return this.#row.loaded === null && this.#row.merging === null;
  }

  /**
   * Drains what is left over and saves how far that came; tries again what D1 refused, and forgets what is over. Returns
   * when there is more of this to do, in epoch milliseconds.
   */
  async settle(): Promise<number> {
    await this.relayD1.run();
    await this.relayR2.run();
    const row = { ...this.#row };
    this.#database.transaction(() => {
      this.#database.voids.prune(newAssetId(Date.now() - VOID_MS), Date.now(), VOIDS_PRUNED);
      if (this.#trim(row) || this.#unsaved) this.#database.saveVault(row);
    });
    this.#row = row;
    this.#unsaved = false;
    if (this.relayD1.isBehind) return Infinity;
    if (Date.now() >= this.#forgetAt || this.#d1Steps.isCorrecting) {
      const forget = this.#keyring.forget((ids) => this.correctKeys(ids, []), this.#d1Steps.isCorrecting);
      const outcome = await this.write(THE_VAULT, forget, "urgent");
      // No more than one group forgets: there may be others.
      if (outcome.ok && outcome.forgotten === KEYS_FORGOTTEN) return 0;
      this.#forgetAt = Date.now() + FORGET_EVERY_MS;
    }
    return this.#d1Steps.retryParked(this.relayD1.watermark);
  }

  correctKeys(unknown: readonly string[], lacking: readonly string[]): void {
    this.#d1Steps.correctKeys(unknown, lacking);
  }

  async #takeOver(known: number): Promise<void> {
    const old = { known, began: this.#began, common: this.relayD1.watermark };
    if (!(await beginTakeover(this.#takeoverVault, this.#db, old))) return;
    // The revisions that waiting writers were given will not be recorded as they are.
    this.relayD1.release();
    this.relayR2.release();
    // The takeover may be cut off at any time.
    await this.#alarm.set(ALARM_DELAY_MS);
  }

  async #takeoverStep(): Promise<number> {
    const base = await takeoverStep(this.#takeoverVault, this.#database, this.#db);
    if (base === undefined) return this.relayD1.watermark;
    this.relayR2.watermark = base;
    this.reconciler.request();
    return base;
  }

  #set(fields: Partial<VaultRow>, save: boolean): void {
    this.#row = { ...this.#row, ...fields };
    this.#windows = parseWindows(this.#row.lost_windows);
    if (save) this.#database.saveVault(this.#row);
    else this.#unsaved = true;
  }

  /**
   * Inside a group's transaction: saves the vault's row and makes sure that an alarm is set, so that a crash before D1
   * has the changes wakes the vault by itself.
   */
  #persist(row: VaultRow): void {
    this.#trim(row);
    this.#database.saveVault(row);
    this.#alarm.setInTransaction(ALARM_DELAY_MS);
  }

  /**
   * Moves the watermarks into the row and drops what every store has. They wait in memory until some group is written
   * anyway: behind the truth they only cause a repeated, harmless flush. Returns whether they had moved.
   */
  #trim(row: VaultRow): boolean {
    if (this.relayD1.watermark === row.recorded && this.relayR2.watermark === row.erased) return false;
    row.recorded = this.relayD1.watermark;
    row.erased = this.relayR2.watermark;
    this.#database.outbox.trim(row.recorded, row.erased);
    return true;
  }

  #committed(row: VaultRow, touched: readonly string[]): void {
    if (row === this.#row) return;
    for (const id of touched) this.records.delete(id);
    this.pages.clear();
    if (row.lost_windows !== this.#row.lost_windows) this.#windows = parseWindows(row.lost_windows);
    this.#row = row;
    this.#unsaved = false;
    this.#alarm.confirm();
    this.relayD1.wake();
  }
}
