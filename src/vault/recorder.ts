import { CONFIRMED, control, type Flush, type Guard, isAboutRow, type Position, position } from "../d1/record.ts";
import { putAgain, record, saysDiverged } from "../d1/record.ts";
import { forgetHistory } from "../d1/vaults.ts";
import type { BoundedD1 } from "../d1/bounded.ts";
import { log, logError } from "../log.ts";
import type { Asset } from "../model/asset.ts";
import { MAX_KEY_ROWS } from "../model/limits.ts";
import { timestamp } from "../model/time.ts";
import type { Index } from "./index.ts";
import type { IndexedKey } from "./key-table.ts";
import {
  FLUSH_BYTES,
  FLUSH_ROWS,
  PARKED_DAILY_MS,
  PARKED_HOURLY_TRIES,
  PARKED_RETRIES,
  PARKED_RETRY_MS,
} from "./limits.ts";
import type { VaultRow } from "./schema.ts";

/** Below every revision: D1 has nothing, not even the keys the vault was created with (their rev is 0). */
const NOTHING = -1;

/** Keys that a vault is created with: they share revision 0, where no flush may be cut. */
const FIRST_KEYS = 2;

/** What the recorder needs of its vault. */
export interface Recorded {
  row(): Readonly<VaultRow>;
  /** Changes the vault's row in memory; `save` also on disk, before any call leaves the object. */
  set(fields: Partial<VaultRow>, save: boolean): void;
  /** D1 knows more of this vault than its storage does, or something else; here alone are changes beyond `since`. */
  takeOver(since: number): Promise<void>;
  /** D1 has lost what it had. */
  lostByD1(): void;
  /** D1 says that the vault was deleted. */
  deletedInD1(): void;
}

/**
 * Brings D1 up to the vault's revision, flush by flush, and judges what D1 answers:
 *
 *     D1 is ahead of what was loaded, at the first exchange after a start ── our storage is old: D1's history is taken over
 *     D1 is behind what it had, or in another epoch ── it has lost history: everything is recorded again
 *     D1 refuses a row for what it holds ── flushes shrink until that row is alone, and it is parked
 *     anything else ── the store's own trouble: the drain tries again later, with half as much
 */
export class Recorder {
  readonly #index: Index;
  readonly #db: BoundedD1;
  readonly #vault: Recorded;
  /** Changes that the next flush carries at most: halved after each failure, doubled after each success. */
  #most = FLUSH_ROWS;
  /** Ids of keys that D1 may still have and should not, and of those that it lacks, until a flush has said so. */
  #forgotten: string[] = [];
  #lacking: string[] = [];

  constructor(index: Index, db: BoundedD1, vault: Recorded) {
    this.#index = index;
    this.#db = db;
    this.#vault = vault;
  }

  /** Whether D1 has yet to confirm that it knows no more than this object started with. */
  get unconfirmed(): boolean {
    return this.#vault.row().loaded !== null;
  }

  /** Has the next flush delete keys from D1 that the vault does not know (any more), and tell it again of those that it lacks. */
  correctKeys(unknown: readonly string[], lacking: readonly string[]): void {
    this.#forgotten.push(...unknown);
    this.#lacking.push(...lacking);
  }

  /** One flush of what happened beyond `done`, as much as fits. Returns the new watermark; throws when it must be tried again later. */
  async step(done: number): Promise<number> {
    const row = this.#vault.row();
    if (done === row.rev && this.unconfirmed) {
      return this.#judge(await position(this.#db, row.id), done, done);
    }
    const { flush, changes, lacking } = this.#collect(done);
    let found: Position | undefined;
    try {
      found = await record(this.#db, flush);
    } catch (error) {
      return this.#failed(error, flush, changes, done);
    }
    const judged = await this.#judge(found, done, flush.to);
    if (judged !== flush.to) return judged;
    this.#most = Math.min(FLUSH_ROWS, this.#most * 2);
    this.#forgotten = this.#forgotten.slice(flush.forgottenKeys.length);
    this.#lacking = this.#lacking.slice(lacking);
    return judged;
  }

  /** Tries refused assets again that are due; D1 must have everything else. Returns when the next is, in epoch milliseconds. */
  async retryParked(done: number): Promise<number> {
    this.#index.outbox.pruneParked();
    for (const { seq, rev, error, tries, retry_at } of this.#index.outbox.parked(PARKED_RETRIES)) {
      if (retry_at > Date.now()) return retry_at;
      const asset = this.#index.assetAt(seq);
      if (!asset) continue;
      try {
        if (await putAgain(this.#db, this.#guard(done, done + 1), asset)) this.#index.outbox.unpark(seq);
        // D1 has moved on meanwhile; a later alarm finds it still due.
        else return Date.now() + PARKED_RETRY_MS;
      } catch (failure) {
        if (!isAboutRow(failure)) throw failure;
        const pause = tries < PARKED_HOURLY_TRIES ? PARKED_RETRY_MS : PARKED_DAILY_MS;
        this.#index.outbox.park(seq, rev, error, tries + 1, Date.now() + pause);
      }
    }
    return this.#index.outbox.parked(1)[0]?.retry_at ?? Infinity;
  }

  /** What D1's answer means. Returns the new watermark. */
  async #judge(found: Position | undefined, done: number, to: number): Promise<number> {
    const row = this.#vault.row();
    if (!found) return this.#recordAgain(row.epoch);
    if (found.status === "deleted") {
      this.#vault.deletedInD1();
      return row.rev;
    }
    if (row.loaded !== null) {
      const isOwn = found.incarnation === row.incarnation;
      if (found.epoch > row.epoch || (found.epoch === row.epoch && found.rev > row.loaded && !isOwn)) {
        // In one epoch all that was loaded is part of what D1 knows, recorded or deleted since.
        await this.#vault.takeOver(found.epoch === row.epoch ? Math.max(done, row.loaded) : done);
        return done;
      }
    }
    // Another epoch: D1 went back in time, or a claim that was given up landed after the one we hold.
    if (found.epoch !== row.epoch || found.rev < to) return this.#recordAgain(found.epoch);
    if (row.loaded !== null) this.#vault.set({ loaded: null }, false);
    return to;
  }

  /**
   * D1 has lost history, all of it or since some moment: everything is recorded again, in an epoch that is ours. The epoch
   * is written here first, and no call leaves an object before what it wrote is durable: one that has been superseded
   * and cannot write any more gets no further.
   */
  async #recordAgain(epoch: number): Promise<number> {
    const row = this.#vault.row();
    log("recorder: D1 has lost history, recording it again", { vault: row.id, rev: row.rev });
    this.#vault.set({ epoch: Math.max(epoch, row.epoch), loaded: null }, true);
    await forgetHistory(this.#db, this.#vault.row(), NOTHING, row.rev);
    this.#vault.lostByD1();
    return NOTHING;
  }

  async #failed(error: unknown, flush: Flush, changes: number, done: number): Promise<number> {
    if (saysDiverged(error)) {
      logError("recorder: D1 has other assets than this vault", error, { vault: flush.vaultId });
      await this.#vault.takeOver(done);
      return done;
    }
    const isAlone = changes <= 1 || this.#most === 1;
    this.#most = Math.max(1, Math.ceil(Math.min(this.#most, changes) / 2));
    if (!isAboutRow(error)) throw error;
    // The row that D1 refuses is among these: fewer of them at once will tell.
    if (!isAlone) return done;
    const [asset] = flush.assets;
    const [key] = flush.keys;
    if (!asset && !key) throw error;
    // Refusing a row is no trouble of D1's only if D1 takes writes.
    await control(this.#db, flush.vaultId);
    this.#park(asset, key, error);
    return done;
  }

  #park(asset: Asset | undefined, key: IndexedKey | undefined, error: unknown): void {
    const { id: vault } = this.#vault.row();
    const reason = error instanceof Error ? error.message : String(error);
    if (asset) {
      this.#index.outbox.park(asset.seq, asset.rev, reason, 1, Date.now() + PARKED_RETRY_MS);
      logError("recorder: D1 refuses an asset, parked", error, { vault, asset: asset.id });
    } else if (key) {
      this.#index.outbox.parkKey(key.id, key.rev, reason);
      logError("recorder: D1 refuses a key, left out", error, { vault, key: key.id });
    }
  }

  #guard(from: number, to: number): Guard {
    const { id, epoch, loaded, incarnation } = this.#vault.row();
    return { vaultId: id, epoch, from, to, loaded: loaded ?? CONFIRMED, incarnation };
  }

  /** The next flush; how many changes it carries; and how many keys that D1 lacks. */
  #collect(from: number): { flush: Flush; changes: number; lacking: number } {
    const row = this.#vault.row();
    const assets: Asset[] = [];
    const deleted: number[] = [];
    const keys: IndexedKey[] = [];
    const seen = new Set<number>();
    const maxBytes = (FLUSH_BYTES * this.#most) / FLUSH_ROWS;
    let to = row.rev;
    let bytes = 0;
    let rows = 0;
    let changes = 0;
    let last = from;
    for (const change of this.#index.outbox.unrecorded(from, this.#most + FIRST_KEYS + 1)) {
      if (change.rev < last) throw new Error("changes must come in their order");
      if (to !== row.rev) continue; // The statement comes to its end and can be used again.
      if (change.rev > last && (rows >= this.#most || (changes > 0 && bytes > maxBytes))) {
        to = last;
        continue;
      }
      rows++;
      last = change.rev;
      if (change.key) keys.push(change.key);
      else if (change.seq === null || seen.has(change.seq) || change.parked) continue;
      else if (change.asset) {
        assets.push(change.asset);
        bytes += change.asset.metadata.length + change.asset.tags.length + 1_000;
      } else deleted.push(change.seq);
      if (change.seq !== null) seen.add(change.seq);
      changes++;
    }
    const lacking = this.#lacking.flatMap((id) => this.#index.keys.find(id) ?? []);
    const flush: Flush = {
      ...this.#guard(from, to),
      status: row.status,
      lostWindows: row.lost_windows,
      completeTo: to === row.rev ? this.#completeTo() : null,
      assets,
      deleted,
      keys: [...keys, ...lacking],
      forgottenKeys: [...this.#forgotten],
      knownKeys: from === NOTHING ? this.#index.keys.ids(MAX_KEY_ROWS) : undefined,
    };
    return { flush, changes, lacking: this.#lacking.length };
  }

  /** Everything up to now is in this flush, or in D1 already, except what is parked. */
  #completeTo(): string {
    const now = timestamp(Date.now());
    const { updated_at } = this.#index.outbox.oldestParked();
    return updated_at !== null && updated_at < now ? updated_at : now;
  }
}
