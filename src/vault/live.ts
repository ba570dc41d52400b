import { log } from "../runtime/log.ts";
import type { BoundedD1 } from "../d1/bounded.ts";
import { claimVault } from "../d1/vaults.ts";
import { newAssetId } from "../model/id.ts";
import { boundWindows, completeSince, type LostWindow, parseWindows } from "../model/lost-window.ts";
import { refuse, type Refusal, type Result, unavailable } from "../model/refusal.ts";
import { timestamp, within } from "../model/time.ts";
import type { Principal } from "../model/vault.ts";
import type { BoundedBucket } from "../r2/bucket.ts";
import type { Alarm } from "./alarm.ts";
import { AnswerCache } from "../runtime/answer-cache.ts";
import { Drain } from "./sync/relay.ts";
import { eraseStep } from "./sync/relay-r2.ts";
import type { Index } from "./state/database.ts";
import { Keyring } from "./state/keyring.ts";
import {
  ALARM_DELAY_MS,
  CACHE_SIZE,
  DURABLE_WAIT_MS,
  FORGET_EVERY_MS,
  KEYS_FORGOTTEN,
  MAX_STARTS,
  MAX_UNRECORDED,
  VOID_MS,
  VOIDS_PRUNED,
} from "./limits.ts";
import { Recorder } from "./sync/relay-d1.ts";
import { Reconciler, type ReconcileSettings } from "./sync/reconcile.ts";
import type { VaultRow } from "./state/schema.ts";
import { type Takeover, takeoverStep } from "./sync/takeover.ts";
import { type Operation, Writes } from "./state/group-commit.ts";

/** A record as JSON text, ready to be sent, with its entity tag. */
export interface RecordBody {
  body: string;
  etag: string;
}

/** Whether every store that a write concerns has it, or the vault alone holds it so far. */
export interface Durability {
  durable: boolean;
  /** How long the answer waited for them, in milliseconds. */
  waited: number;
}

/**
 * What depends on the state of an asset is careful: it waits until it is known whether the storage is old.
 * What must be taken even when D1 is far behind is urgent: settling what an upload left, for instance. What must be taken
 * even while the vault's storage is known to be old is vital: revoking a key, and what makes it new again.
 */
export type Urgency = "careful" | "ordinary" | "urgent" | "vital";

/**
 * A vault whose state is here and complete: its keys, its writes, and what brings D1 and R2 up to them. Lives in memory,
 * between one start of the object and the next; everything that must last is in the index.
 */
export class LiveVault {
  readonly #index: Index;
  readonly #db: BoundedD1;
  readonly #alarm: Alarm;
  readonly #keyring: Keyring;
  readonly #writes: Writes;
  readonly #recorder: Recorder;
  readonly recorder: Drain;
  readonly eraser: Drain;
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
    stores: { index: Index; db: BoundedD1; bucket: BoundedBucket; alarm: Alarm },
    settings: ReconcileSettings,
  ) {
    const { index, db, bucket, alarm } = stores;
    this.#row = begun(row);
    this.#began = row.rev;
    // D1 must not hear of this start before the storage knows of it, should the next one have to tell. Other than what is
    // left over, it hears of nothing that is not saved.
    if (row.loaded !== null || row.recorded < row.rev) index.saveVault(this.#row);
    this.#windows = parseWindows(row.lost_windows);
    this.#index = index;
    this.#db = db;
    this.#alarm = alarm;
    this.#keyring = new Keyring(index);
    this.#recorder = new Recorder(index, db, {
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
    this.recorder = new Drain({
      name: "recorder",
      done: row.recorded,
      target: () => this.#row.rev,
      unsettled: () => this.#row.loaded !== null || this.#row.merging !== null,
      step: () => (this.#row.merging === null ? this.#recorder.step(this.recorder.done) : this.#mergeStep()),
      advanced: () => this.eraser.nudge(),
      interrupted: () => void this.#alarm.set(0),
    });
    this.eraser = new Drain({
      name: "eraser",
      done: row.erased,
      target: () => this.recorder.done,
      step: () => eraseStep(index, bucket, this.eraser.done, this.recorder.done),
      interrupted: () => void this.#alarm.set(0),
    });
    this.#writes = new Writes({
      index,
      state: () => this.#row,
      persist: (state) => this.#persist(state),
      expected: () => this.recorder.answered,
      committed: (state, touched) => this.#committed(state, touched),
    });
    this.reconciler = new Reconciler(this, stores, settings);
    // Whoever starts a vault sees to what an earlier start has left, whether or not an alarm is still set for it.
    this.recorder.nudge();
    if (this.eraser.behind) this.eraser.nudge();
    const isBehind = row.recorded < row.rev || this.eraser.behind || row.status !== "active" || row.merging !== null;
    const due = Math.min(this.reconciler.due, index.outbox.parked(1)[0]?.retry_at ?? Infinity);
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

  /** Why a principal may not act here; undefined when it may. */
  refusal(principal: Principal): Refusal | undefined {
    const refusal = this.#keyring.refusal(principal);
    if (refusal) return refusal;
    if (principal.kind === "key" && this.#row.status !== "active") {
      return refuse("UNAUTHORIZED", "this vault is being deleted");
    }
    return undefined;
  }

  /** Changes that only this vault holds so far; what D1 had and lost does not count, or no write would be taken. */
  get #backlog(): number {
    return this.#row.rev - Math.max(this.recorder.done, this.#lostAt);
  }

  /** Runs an operation in the next group. The key is checked there too: another operation may revoke it first. */
  async write<T extends object>(
    principal: Principal,
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
    return this.#writes.run((change) => this.refusal(principal) ?? operation(change));
  }

  /** Whether D1 has `rev`; waits for it as long as a writer may. What D1 refuses it does not have. */
  async recorded(rev: number): Promise<boolean> {
    return (await this.recorder.until(rev)) && !this.#index.outbox.isParkedRev(rev);
  }

  /** Waits until D1 has `rev` (and, with `erased`, R2 has lost the bodies due by then), as long as a writer may. */
  async durable(rev: number, erased = false): Promise<Durability> {
    const started = Date.now();
    const durable = (await this.recorded(rev)) && (!erased || (await this.eraser.until(rev)));
    return { durable, waited: Date.now() - started };
  }

  /**
   * Waits, as long as a writer may, until it is known whether this storage is old: what changes an asset should change its
   * latest state. While D1 is down it goes by what is here.
   */
  async #current(): Promise<void> {
    if (this.#row.loaded === null || this.recorder.stalled) return;
    await within(DURABLE_WAIT_MS, this.recorder.drain()).catch(() => {});
  }

  /** Whether D1 has confirmed that it knows no more than this vault; asks it if need be. */
  async confirmed(): Promise<boolean> {
    if (this.#row.loaded !== null) await this.recorder.drain();
    return this.#row.loaded === null && this.#row.merging === null;
  }

  /**
   * Drains what is left over and saves how far that came; tries again what D1 refused, and forgets what is over. Returns
   * when there is more of this to do, in epoch milliseconds.
   */
  async settle(): Promise<number> {
    await this.recorder.drain();
    await this.eraser.drain();
    const row = { ...this.#row };
    this.#index.transaction(() => {
      this.#index.voids.prune(newAssetId(Date.now() - VOID_MS), Date.now(), VOIDS_PRUNED);
      if (this.#trim(row) || this.#unsaved) this.#index.saveVault(row);
    });
    this.#row = row;
    this.#unsaved = false;
    if (this.recorder.behind) return Infinity;
    if (Date.now() >= this.#forgetAt || this.#recorder.correcting) {
      const forget = this.#keyring.forget((ids) => this.correctKeys(ids, []), this.#recorder.correcting);
      const outcome = await this.write({ kind: "admin" }, forget, "urgent");
      // No more than one group forgets: there may be others.
      if (outcome.ok && outcome.forgotten === KEYS_FORGOTTEN) return 0;
      this.#forgetAt = Date.now() + FORGET_EVERY_MS;
    }
    return this.#recorder.retryParked(this.recorder.done);
  }

  correctKeys(unknown: readonly string[], lacking: readonly string[]): void {
    this.#recorder.correctKeys(unknown, lacking);
  }

  /** D1 knows more than our storage, or something else: claims the vault anew, and takes D1's history over, step by step. */
  async #takeOver(known: number): Promise<void> {
    const claimed = await claimVault(this.#db, this.#row.id, this.#row.rev);
    if (!claimed || claimed.status === "deleted") return;
    // Unless the epoch ended before D1 had heard of it.
    const since = Math.min(known, completeSince(claimed.lost_windows, this.#row.epoch));
    log("vault: its storage is old, taking over D1's history", { vault: this.#row.id, rev: this.#row.rev, since });
    const takeover: Takeover = { since, began: this.#began, base: claimed.rev, common: this.recorder.done };
    this.#set(
      {
        epoch: claimed.epoch,
        rev: claimed.rev,
        status: this.#row.status === "active" ? claimed.status : this.#row.status,
        deleted_at: this.#row.deleted_at ?? (claimed.status === "deleting" ? timestamp(Date.now()) : null),
        lost_windows: boundWindows(claimed.lost_windows),
        loaded: null,
        starts: "{}",
        merging: JSON.stringify(takeover),
        keys_to: "",
        rebuilt_to: 0,
      },
      true,
    );
    // Whoever waits has been given a revision that will not be recorded as it is.
    this.recorder.release();
    this.eraser.release();
    // It may be cut off at any time.
    await this.#alarm.set(ALARM_DELAY_MS);
  }

  async #mergeStep(): Promise<number> {
    const { base } = JSON.parse(this.#row.merging ?? "{}") as Takeover;
    const isLast = await takeoverStep(
      {
        row: () => this.#row,
        apply: (operation) => this.write({ kind: "admin" }, operation, "vital"),
        reloadKeys: () => this.#keyring.reload(),
      },
      this.#index,
      this.#db,
    );
    if (!isLast) return this.recorder.done;
    this.eraser.done = base;
    this.reconciler.request();
    log("vault: D1's history is taken over", { vault: this.#row.id, rev: this.#row.rev });
    return base;
  }

  #set(fields: Partial<VaultRow>, save: boolean): void {
    this.#row = { ...this.#row, ...fields };
    this.#windows = parseWindows(this.#row.lost_windows);
    if (save) this.#index.saveVault(this.#row);
    else this.#unsaved = true;
  }

  /**
   * Inside a group's transaction: saves the vault's row and makes sure that an alarm is set, so that a crash before D1
   * has the changes wakes the vault by itself.
   */
  #persist(row: VaultRow): void {
    this.#trim(row);
    this.#index.saveVault(row);
    this.#alarm.setInTransaction(ALARM_DELAY_MS);
  }

  /**
   * Moves the watermarks into the row and drops what every store has. They wait in memory until some group is written
   * anyway: behind the truth they only cause a repeated, harmless flush. Returns whether they had moved.
   */
  #trim(row: VaultRow): boolean {
    if (this.recorder.done === row.recorded && this.eraser.done === row.erased) return false;
    row.recorded = this.recorder.done;
    row.erased = this.eraser.done;
    this.#index.outbox.trim(row.recorded, row.erased);
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
    this.recorder.nudge();
  }
}

/** A vault's row as its object begins: what a former start did not have confirmed is still to be confirmed. */
function begun(row: VaultRow): VaultRow {
  const former = Object.entries(JSON.parse(row.starts) as Record<string, number>);
  if (row.incarnation !== "") former.push([row.incarnation, row.rev]);
  const starts = JSON.stringify(Object.fromEntries(former.slice(-MAX_STARTS)));
  return { ...row, loaded: row.loaded ?? row.rev, incarnation: crypto.randomUUID(), starts };
}
