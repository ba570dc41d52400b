/**
 * The relay to D1: it brings D1 up to the vault's revision, flush by flush, and judges what D1 answers.
 *
 *     D1 has heard from a start that this storage does not know, or more than a known start can have told ──
 *         this storage is old. That shows at the first exchange after a start. D1's history is taken over: takeover.ts
 *     D1 is behind what it had, or in another epoch ── D1 has lost history. Everything is recorded again
 *     D1 refuses a row for what it holds ── flushes shrink until that row is alone in one, and it is parked
 *     any other error ── the store is in trouble, which passes. The relay tries again later, with half as much
 */

import type { BoundedD1 } from "../../d1/bounded.ts";
import {
  CONFIRMED,
  controlWrite,
  type Flush,
  type Guard,
  isAboutRow,
  NOTHING,
  type Position,
  position,
  putAgain,
  record,
  saysDiverged,
} from "../../d1/record.ts";
import { forgetHistory } from "../../d1/vaults.ts";
import { MAX_KEY_ROWS } from "../../model/limits.ts";
import { settingsRev } from "../../model/settings.ts";
import { timestamp } from "../../model/time.ts";
import { log, logError } from "../../runtime/log.ts";
import { FLUSH_ROWS } from "../limits.ts";
import type { VaultDatabase } from "../state/database.ts";
import type { Unrecorded } from "../state/outbox.ts";
import type { VaultRow } from "../state/schema.ts";
import { gatherChanges } from "./flush.ts";
import { endOfStart, isOwnHistory, confirmedStarts } from "./starts.ts";

/** A parked asset is tried again every hour. After so many tries, which take a day, it is tried again every day. */
const PARKED_RETRY_MS = 60 * 60 * 1000;
const PARKED_HOURLY_TRIES = 24;
const PARKED_DAILY_MS = PARKED_HOURLY_TRIES * PARKED_RETRY_MS;

/** Parked assets that one run tries again. Each takes a call, and these are half of the calls that a run may make. */
const PARKED_RETRIES = 20;

/** A flush, and what it takes to find out which row of it D1 refuses. */
interface Batch {
  flush: Flush;
  /** How many changes it carries, and the first of them. */
  changes: number;
  first: Unrecorded | undefined;
  /** How many of its keys are corrections, and not changes: keys that D1 lacks. */
  lacking: number;
}

/** What the relay to D1 needs of its vault. */
export interface RelayedVault {
  row(): Readonly<VaultRow>;
  /** Changes the vault's row in memory. With `save` it is on disk too before any call leaves the object. */
  set(fields: Partial<VaultRow>, save: boolean): void;
  /** This storage is old. D1 has had what is here up to the revision `known`. */
  takeOver(known: number): Promise<void>;
  /** D1 has lost history. */
  lostByD1(): void;
  /** D1 says that the vault was deleted. */
  deletedInD1(): void;
}

export class D1Steps {
  readonly #database: VaultDatabase;
  readonly #db: BoundedD1;
  readonly #vault: RelayedVault;
  /** Ids of keys that D1 may have and the vault does not know, until a flush has deleted them. */
  #unknownKeys: string[] = [];
  /** Ids of keys that D1 lacks, until a flush has carried them. */
  #lackingKeys: string[] = [];
  /** Whether D1, when it is told everything again, is also told which keys there are. */
  #tellsKnownKeys = true;

  constructor(database: VaultDatabase, db: BoundedD1, vault: RelayedVault) {
    this.#database = database;
    this.#db = db;
    this.#vault = vault;
  }

  /**
   * The most changes that the next flush carries. It is halved after each failure and doubled after each success. It is
   * kept in the vault's row, because a store that takes only small flushes may outlast many starts of the object.
   */
  get #flushRows(): number {
    return this.#vault.row().flush_rows;
  }

  set #flushRows(rows: number) {
    if (rows !== this.#flushRows) this.#vault.set({ flush_rows: rows }, false);
  }

  /**
   * Has the next flush delete the keys from D1 that the vault does not know, and put those that D1 lacks. Both are ids.
   */
  correctKeys(unknown: readonly string[], lacking: readonly string[]): void {
    this.#unknownKeys.push(...unknown);
    this.#lackingKeys.push(...lacking);
  }

  /** Whether a correction still waits for a flush that carries it. */
  get isCorrecting(): boolean {
    return this.#unknownKeys.length + this.#lackingKeys.length > 0;
  }

  /**
   * One step of the relay: a flush of what happened beyond `watermark`, as much as fits. When there is nothing to flush
   * but D1 has not confirmed this start yet, it asks D1 for its position instead. Returns D1's new watermark. Throws
   * when the step must be tried again later.
   */
  async step(watermark: number): Promise<number> {
    const row = this.#vault.row();
    if (watermark === row.rev && row.loaded !== null) {
      return this.#judge(await position(this.#db, row.id), watermark, watermark);
    }
    const batch = this.#collect(watermark);
    let found: Position | undefined;
    try {
      found = await record(this.#db, batch.flush);
    } catch (error) {
      return this.#judgeFailure(error, batch, watermark);
    }
    const judged = await this.#judge(found, watermark, batch.flush.to);
    if (judged !== batch.flush.to) return judged;
    this.#flushRows = Math.min(FLUSH_ROWS, this.#flushRows * 2);
    for (const id of this.#dropCorrections(batch)) this.#database.keys.unpark(id);
    this.#tellsKnownKeys = true;
    return judged;
  }

  /** Removes the corrections that a flush carried from what is still to be told. Returns the keys that D1 lacked. */
  #dropCorrections({ flush, lacking }: Batch): string[] {
    this.#unknownKeys = this.#unknownKeys.slice(flush.unknownKeys.length);
    return this.#lackingKeys.splice(0, lacking);
  }

  /**
   * Tries the parked assets again that are due. D1 must have everything else. Returns when the next one is due, in
   * epoch milliseconds.
   */
  async retryParked(watermark: number): Promise<number> {
    this.#database.outbox.pruneParked();
    for (const { seq, rev, error, tries, retry_at } of this.#database.outbox.parked(PARKED_RETRIES)) {
      if (retry_at > Date.now()) return retry_at;
      const asset = this.#database.assetAt(seq);
      if (!asset) continue;
      try {
        if (await putAgain(this.#db, this.#guard(watermark, watermark + 1), asset)) this.#database.outbox.unpark(seq);
        // D1 has moved on meanwhile. A later alarm finds the asset still due.
        else return Date.now() + PARKED_RETRY_MS;
      } catch (failure) {
        if (!isAboutRow(failure)) throw failure;
        const pause = tries < PARKED_HOURLY_TRIES ? PARKED_RETRY_MS : PARKED_DAILY_MS;
        this.#database.outbox.park(seq, rev, error, tries + 1, Date.now() + pause);
      }
    }
    return this.#database.outbox.parked(1)[0]?.retry_at ?? Infinity;
  }

  /** Judges the position that D1 answered with. Returns D1's new watermark. */
  async #judge(found: Position | undefined, watermark: number, to: number): Promise<number> {
    const row = this.#vault.row();
    if (!found) return this.#recordAgain(row.epoch - 1);
    if (found.status === "deleted") {
      this.#vault.deletedInD1();
      return row.rev;
    }
    if (row.loaded !== null) {
      const isUnknown = !isOwnHistory(row, found) && !(found.incarnation === null && found.rev <= row.loaded);
      if (found.epoch > row.epoch || (found.epoch === row.epoch && isUnknown)) {
        await this.#vault.takeOver(Math.max(watermark, row.loaded, endOfStart(row, found.incarnation)));
        return watermark;
      }
    }
    // Another epoch has two causes: D1 went back in time, or a claim that was given up landed after the one that we
    // hold.
    if (found.epoch !== row.epoch || found.rev < to) return this.#recordAgain(found.epoch);
    if (row.loaded !== null) this.#vault.set({ loaded: null, starts: confirmedStarts(found) }, false);
    return to;
  }

  /**
   * D1 has lost history, all of it or since some moment. Everything is recorded again, in an epoch that D1 has not
   * seen. Until D1 is in that epoch too, it has nothing.
   *
   * The epoch is saved here before D1 is told. No call leaves an object before what the object wrote is durable. So an
   * object that has been superseded, and can no longer write, gets no further than that.
   *
   * @param epoch the epoch that D1 is in
   */
  async #recordAgain(epoch: number): Promise<number> {
    const row = this.#vault.row();
    log("relay-d1: D1 has lost history, so everything is recorded again", { vault: row.id, rev: row.rev });
    this.#vault.set({ epoch: Math.max(epoch + 1, row.epoch), loaded: null, starts: "{}" }, true);
    await forgetHistory(this.#db, this.#vault.row(), row.rev);
    this.#vault.lostByD1();
    return NOTHING;
  }

  /** Judges the error that a flush ended with. Returns D1's watermark, or throws when the flush must be tried later. */
  async #judgeFailure(error: unknown, batch: Batch, watermark: number): Promise<number> {
    const { flush, changes, first } = batch;
    if (saysDiverged(error)) {
      logError("relay-d1: D1 has other assets than this vault", error, { vault: flush.vaultId });
      await this.#vault.takeOver(watermark);
      return watermark;
    }
    const isAlone = changes <= 1 || this.#flushRows === 1;
    this.#flushRows = Math.max(1, Math.ceil(Math.min(this.#flushRows, changes) / 2));
    if (!isAboutRow(error)) throw error;
    // The row that D1 refuses is among several. A flush with fewer of them will tell which it is.
    if (!isAlone) return watermark;
    const corrections = flush.unknownKeys.length + batch.lacking + (flush.knownKeys ? 1 : 0);
    if (!first && corrections === 0) throw error;
    // D1 may also refuse because it takes no writes at all. Then this throws, and nothing is parked.
    await controlWrite(this.#db, flush.vaultId);
    if (corrections === 0) this.#park(first, error);
    else {
      // D1 may have refused one of the corrections. They are dropped, for nothing waits for them and the next
      // reconciliation finds them again.
      logError("relay-d1: D1 refuses a correction of its keys, or what came with it", error, { vault: flush.vaultId });
      this.#dropCorrections(batch);
      this.#tellsKnownKeys = false;
    }
    return watermark;
  }

  /** Parks a change that D1 refuses: all flushes leave it out, so that it holds up no other. */
  #park(change: Unrecorded | undefined, error: unknown): void {
    const { id: vault } = this.#vault.row();
    const reason = error instanceof Error ? error.message : String(error);
    if (change?.key) {
      this.#database.outbox.parkKey(change.key.id, change.key.rev, reason);
      logError("relay-d1: D1 refuses a key, which is parked", error, { vault, key: change.key.id });
    } else if (change?.seq) {
      const { seq, rev, asset } = change;
      this.#database.outbox.park(seq, asset?.rev ?? rev, reason, 1, Date.now() + PARKED_RETRY_MS);
      logError("relay-d1: D1 refuses an asset, which is parked", error, { vault, asset: asset?.id, seq });
    }
  }

  #guard(from: number, to: number): Guard {
    const { id, epoch, loaded, incarnation, starts } = this.#vault.row();
    return { vaultId: id, epoch, from, to, loaded: loaded ?? CONFIRMED, incarnation, starts };
  }

  #collect(from: number): Batch {
    const row = this.#vault.row();
    const most = this.#flushRows;
    const { to, assets, deleted, keys, changes, first } = gatherChanges(this.#database.outbox, from, row.rev, most);
    // Corrections shrink with the flush too, so that fewer of them at once tell which one D1 refuses.
    const lacking = this.#lackingKeys.slice(0, most);
    const flush: Flush = {
      ...this.#guard(from, to),
      status: row.status,
      lostWindows: row.lost_windows,
      settings: settingsRev(row.settings) > from ? { name: row.name, text: row.settings } : undefined,
      completeTo: to === row.rev ? this.#completeTo() : null,
      assets,
      deleted,
      keys: [...keys, ...lacking.flatMap((id) => this.#database.keys.find(id) ?? [])],
      unknownKeys: this.#unknownKeys.slice(0, most),
      knownKeys: from === NOTHING && this.#tellsKnownKeys ? this.#database.keys.ids(MAX_KEY_ROWS) : undefined,
    };
    return { flush, changes, first, lacking: lacking.length };
  }

  /**
   * The time up to which D1 will have everything. A flush that reaches the vault's revision leaves nothing out except
   * what is parked.
   */
  #completeTo(): string {
    const now = timestamp(Date.now());
    const { created_at } = this.#database.outbox.oldestParked();
    return created_at !== null && created_at < now ? created_at : now;
  }
}
