import { log } from "../log.ts";
import { newAssetId } from "../model/id.ts";
import { UPLOAD_DEADLINE_MS } from "../model/limits.ts";
import { refuse, type Refusal, type Result, unavailable } from "../model/refusal.ts";
import type { Principal } from "../model/vault.ts";
import { forgetHistory } from "../d1/record.ts";
import type { Alarm } from "./alarm.ts";
import { AnswerCache } from "./cache.ts";
import { Drain } from "./drain.ts";
import { eraseStep } from "./eraser.ts";
import type { Index } from "./index.ts";
import { Keyring } from "./keys.ts";
import { ALARM_DELAY_MS, CACHE_SIZE, MAX_UNRECORDED, PARK_AFTER } from "./limits.ts";
import { NOTHING, parkRefused, recordStep } from "./recorder.ts";
import { Reconciler, type ReconcileSettings } from "./reconcile.ts";
import type { VaultRow } from "./schema.ts";
import { type Operation, Writes } from "./writes.ts";

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

/** What must be taken even when D1 is far behind: revoking, deleting the vault, settling what an upload left. */
export type Urgency = "ordinary" | "urgent";

/**
 * A vault whose state is here and complete: its keys, its writes, and what brings D1 and R2 up to them. Lives in memory,
 * between one start of the object and the next; everything that must last is in the index.
 */
export class LiveVault {
  readonly #index: Index;
  readonly #alarm: Alarm;
  readonly #keyring: Keyring;
  readonly #writes: Writes;
  readonly recorder: Drain;
  readonly eraser: Drain;
  #row: VaultRow;
  /** The revision at which D1 was found to have lost what it had. */
  #lostAt = 0;

  readonly reconciler: Reconciler;
  /** Records by asset id, and first pieces of list pages by what was asked. */
  readonly records = new AnswerCache<RecordBody>(CACHE_SIZE);
  readonly pages = new AnswerCache<{ readonly body: string }>(CACHE_SIZE);

  constructor(
    row: VaultRow,
    stores: { index: Index; db: D1Database; bucket: R2Bucket; alarm: Alarm },
    settings: ReconcileSettings,
  ) {
    const { index, db, bucket, alarm } = stores;
    this.#row = row;
    this.#index = index;
    this.#alarm = alarm;
    this.#keyring = new Keyring(index);
    this.recorder = new Drain({
      name: "recorder",
      done: row.recorded,
      target: () => this.#row.rev,
      step: async () => {
        const recorded = await recordStep(index, db, this.#row, this.recorder.done);
        return "done" in recorded ? recorded.done : this.#recordAgain(db, recorded.epoch);
      },
      failed: (failures) =>
        failures >= PARK_AFTER ? parkRefused(index, db, this.#row, this.recorder.done) : undefined,
      advanced: () => this.eraser.nudge(),
    });
    this.eraser = new Drain({
      name: "eraser",
      done: row.erased,
      target: () => this.recorder.done,
      step: () => eraseStep(index, bucket, this.eraser.done, this.recorder.done),
    });
    this.#writes = new Writes({
      index,
      state: () => this.#row,
      persist: (state) => this.#persist(state),
      committed: (state, touched) => this.#committed(state, touched),
    });
    this.reconciler = new Reconciler(this, stores, settings);
  }

  get row(): Readonly<VaultRow> {
    return this.#row;
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
    if (urgency === "ordinary" && this.#backlog > MAX_UNRECORDED) {
      return unavailable("the durable record is not keeping up with writes", 5);
    }
    return this.#writes.run((change) => this.refusal(principal) ?? operation(change));
  }

  /** Waits until D1 has `rev` (and, with `erased`, R2 has lost the bodies due by then), as long as a writer may. */
  async durable(rev: number, erased = false): Promise<Durability> {
    const started = Date.now();
    const durable = (await this.recorder.until(rev)) && (!erased || (await this.eraser.until(rev)));
    return { durable, waited: Date.now() - started };
  }

  /** Drains what is left over and saves how far that came. */
  async settle(): Promise<void> {
    await this.recorder.drain();
    await this.eraser.drain();
    const row = { ...this.#row };
    this.#index.transaction(() => {
      this.#index.pruneVoids(newAssetId(Date.now() - 2 * UPLOAD_DEADLINE_MS));
      if (this.#trim(row)) this.#index.saveVault(row);
    });
    this.#row = row;
  }

  /**
   * D1 has lost history, all of it or since some moment: everything is recorded again, in an epoch that is ours. The epoch
   * is written here first, and no call leaves an object before what it wrote is durable: one that has been superseded
   * and cannot write any more gets no further.
   */
  async #recordAgain(db: D1Database, epoch: number): Promise<number> {
    log("recorder: D1 has lost history, recording it again", { vault: this.#row.id, rev: this.#row.rev });
    this.#row = { ...this.#row, epoch: Math.max(epoch, this.#row.epoch) };
    this.#index.saveVault(this.#row);
    await forgetHistory(db, this.#row, this.#row.epoch);
    this.#lostAt = this.#row.rev;
    // D1 may also have assets that were deleted since; those no flush will mention.
    this.reconciler.request();
    return NOTHING;
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
    this.#index.trimOutbox(row.recorded, row.erased);
    return true;
  }

  #committed(row: VaultRow, touched: readonly string[]): void {
    if (row === this.#row) return;
    for (const id of touched) this.records.delete(id);
    this.pages.clear();
    this.#row = row;
    this.#alarm.confirm();
    this.recorder.nudge();
  }
}
