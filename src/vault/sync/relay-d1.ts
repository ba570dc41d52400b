import {
  CONFIRMED,
  control,
  type Flush,
  type Guard,
  isAboutRow,
  type Position,
  position,
  putAgain,
  record,
  saysDiverged,
} from "../../d1/record.ts";
import { forgetHistory } from "../../d1/vaults.ts";
import type { BoundedD1 } from "../../d1/bounded.ts";
import { log, logError } from "../../runtime/log.ts";
import type { Asset } from "../../model/asset.ts";
import { MAX_KEY_ROWS } from "../../model/limits.ts";
import { timestamp } from "../../model/time.ts";
import type { VaultDatabase } from "../state/database.ts";
import type { IndexedKey } from "../state/key-table.ts";
import type { Unrecorded } from "../state/outbox.ts";
import { FLUSH_ROWS } from "../limits.ts";
import type { VaultRow } from "../state/schema.ts";

/** What the rows of one flush may take, 4 KB each, and what a row takes beside its metadata and tags. Bytes. */
const FLUSH_BYTES = 4_000 * FLUSH_ROWS;
const ROW_BYTES = 1_000;

/** An asset that D1 refuses is tried again after an hour; after a day of that, daily. */
const PARKED_RETRY_MS = 60 * 60 * 1000;
const PARKED_HOURLY_TRIES = 24;
const PARKED_DAILY_MS = PARKED_HOURLY_TRIES * PARKED_RETRY_MS;

/** Refused assets that are tried again in one run: a call each, half of what it may make. */
const PARKED_RETRIES = 20;

/** Below every revision: D1 has nothing, not even the keys the vault was created with (their rev is 0). */
const NOTHING = -1;

/** Keys that a vault is created with: they share revision 0, where no flush may be cut. */
const FIRST_KEYS = 2;

/** A flush, and what it takes to find out what D1 dislikes about it. */
interface Batch {
  flush: Flush;
  /** Changes that it carries, and the first of them. */
  changes: number;
  first: Unrecorded | undefined;
  /** Keys among it that D1 lacks: corrections, not changes. */
  lacking: number;
}

/** What the relay to D1 needs of its vault. */
export interface RecordedVault {
  row(): Readonly<VaultRow>;
  /** Changes the vault's row in memory; `save` also on disk, before any call leaves the object. */
  set(fields: Partial<VaultRow>, save: boolean): void;
  /** D1 knows more of this vault than its storage does, or something else. What is here up to `known` D1 has had. */
  takeOver(known: number): Promise<void>;
  /** D1 has lost what it had. */
  lostByD1(): void;
  /** D1 says that the vault was deleted. */
  deletedInD1(): void;
}

/**
 * Brings D1 up to the vault's revision, flush by flush, and judges what D1 answers:
 *
 *     D1 has heard from a start that our storage does not know, or more than it can have told ── our storage is old, as is
 *         seen at the first exchange after a start: D1's history is taken over
 *     D1 is behind what it had, or in another epoch ── it has lost history: everything is recorded again
 *     D1 refuses a row for what it holds ── flushes shrink until that row is alone, and it is parked
 *     anything else ── the store's own trouble: the drain tries again later, with half as much
 */
export class D1Steps {
  readonly #database: VaultDatabase;
  readonly #db: BoundedD1;
  readonly #vault: RecordedVault;
  /** Ids of keys that D1 may still have and should not, and of those that it lacks, until a flush has said so. */
  #forgotten: string[] = [];
  #lacking: string[] = [];
  /** Whether D1, when it is told everything again, is also told which keys there are. */
  #tellsKnownKeys = true;

  constructor(database: VaultDatabase, db: BoundedD1, vault: RecordedVault) {
    this.#database = database;
    this.#db = db;
    this.#vault = vault;
  }

  /**
   * Changes that the next flush carries at most: halved after each failure, doubled after each success. Kept over starts of
   * the object: a store that takes only small flushes outlasts many of them.
   */
  get #most(): number {
    return this.#vault.row().flush_rows;
  }

  set #most(rows: number) {
    if (rows !== this.#most) this.#vault.set({ flush_rows: rows }, false);
  }

  /** Has the next flush delete keys from D1 that the vault does not know (any more), and tell it again of those that it lacks. */
  correctKeys(unknown: readonly string[], lacking: readonly string[]): void {
    this.#forgotten.push(...unknown);
    this.#lacking.push(...lacking);
  }

  /** Whether a correction still waits for a flush to carry it. */
  get correcting(): boolean {
    return this.#forgotten.length + this.#lacking.length > 0;
  }

  /** One flush of what happened beyond `watermark`, as much as fits. Returns the new watermark; throws when it must be tried again later. */
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
      return this.#failed(error, batch, watermark);
    }
    const judged = await this.#judge(found, watermark, batch.flush.to);
    if (judged !== batch.flush.to) return judged;
    this.#most = Math.min(FLUSH_ROWS, this.#most * 2);
    for (const id of this.#corrected(batch)) this.#database.keys.unpark(id);
    this.#tellsKnownKeys = true;
    return judged;
  }

  /** Corrections that a flush carried are no longer to be told. Returns the keys that D1 was told of. */
  #corrected({ flush, lacking }: Batch): string[] {
    this.#forgotten = this.#forgotten.slice(flush.forgottenKeys.length);
    return this.#lacking.splice(0, lacking);
  }

  /** Tries refused assets again that are due; D1 must have everything else. Returns when the next is, in epoch milliseconds. */
  async retryParked(watermark: number): Promise<number> {
    this.#database.outbox.pruneParked();
    for (const { seq, rev, error, tries, retry_at } of this.#database.outbox.parked(PARKED_RETRIES)) {
      if (retry_at > Date.now()) return retry_at;
      const asset = this.#database.assetAt(seq);
      if (!asset) continue;
      try {
        if (await putAgain(this.#db, this.#guard(watermark, watermark + 1), asset)) this.#database.outbox.unpark(seq);
        // D1 has moved on meanwhile; a later alarm finds it still due.
        else return Date.now() + PARKED_RETRY_MS;
      } catch (failure) {
        if (!isAboutRow(failure)) throw failure;
        const pause = tries < PARKED_HOURLY_TRIES ? PARKED_RETRY_MS : PARKED_DAILY_MS;
        this.#database.outbox.park(seq, rev, error, tries + 1, Date.now() + pause);
      }
    }
    return this.#database.outbox.parked(1)[0]?.retry_at ?? Infinity;
  }

  /** What D1's answer means. Returns the new watermark. */
  async #judge(found: Position | undefined, watermark: number, to: number): Promise<number> {
    const row = this.#vault.row();
    if (!found) return this.#recordAgain(row.epoch - 1);
    if (found.status === "deleted") {
      this.#vault.deletedInD1();
      return row.rev;
    }
    if (row.loaded !== null) {
      const isUnknown = !isOwn(row, found) && !(found.incarnation === null && found.rev <= row.loaded);
      if (found.epoch > row.epoch || (found.epoch === row.epoch && isUnknown)) {
        await this.#vault.takeOver(Math.max(watermark, row.loaded, endOf(row, found.incarnation)));
        return watermark;
      }
    }
    // Another epoch: D1 went back in time, or a claim that was given up landed after the one we hold.
    if (found.epoch !== row.epoch || found.rev < to) return this.#recordAgain(found.epoch);
    if (row.loaded !== null) this.#vault.set({ loaded: null, starts: lastWriter(found) }, false);
    return to;
  }

  /**
   * D1 has lost history, all of it or since some moment: everything is recorded again, in an epoch that D1 has not seen. The
   * epoch is written here first, and no call leaves an object before what it wrote is durable: one that has been
   * superseded and cannot write any more gets no further. Until D1 is in that epoch too, it has nothing.
   *
   * @param epoch the one that D1 is in
   */
  async #recordAgain(epoch: number): Promise<number> {
    const row = this.#vault.row();
    log("relay-d1: D1 has lost history, recording it again", { vault: row.id, rev: row.rev });
    this.#vault.set({ epoch: Math.max(epoch + 1, row.epoch), loaded: null, starts: "{}" }, true);
    await forgetHistory(this.#db, this.#vault.row(), NOTHING, row.rev);
    this.#vault.lostByD1();
    return NOTHING;
  }

  async #failed(error: unknown, batch: Batch, watermark: number): Promise<number> {
    const { flush, changes, first } = batch;
    if (saysDiverged(error)) {
      logError("relay-d1: D1 has other assets than this vault", error, { vault: flush.vaultId });
      await this.#vault.takeOver(watermark);
      return watermark;
    }
    const isAlone = changes <= 1 || this.#most === 1;
    this.#most = Math.max(1, Math.ceil(Math.min(this.#most, changes) / 2));
    if (!isAboutRow(error)) throw error;
    // The row that D1 refuses is among these: fewer of them at once will tell.
    if (!isAlone) return watermark;
    const corrections = flush.forgottenKeys.length + batch.lacking + (flush.knownKeys ? 1 : 0);
    if (!first && corrections === 0) throw error;
    // Refusing a row is no trouble of D1's only if D1 takes writes.
    await control(this.#db, flush.vaultId);
    if (corrections === 0) this.#park(first, error);
    else {
      // Perhaps it is one of these that D1 refuses. A later comparison finds it again; nothing waits for it.
      logError("relay-d1: D1 refuses a correction of its keys, or what came with it", error, { vault: flush.vaultId });
      this.#corrected(batch);
      this.#tellsKnownKeys = false;
    }
    return watermark;
  }

  /** Leaves a change that D1 refuses out of all flushes, so that it holds up no other. */
  #park(change: Unrecorded | undefined, error: unknown): void {
    const { id: vault } = this.#vault.row();
    const reason = error instanceof Error ? error.message : String(error);
    if (change?.key) {
      this.#database.outbox.parkKey(change.key.id, change.key.rev, reason);
      logError("relay-d1: D1 refuses a key, left out", error, { vault, key: change.key.id });
    } else if (change?.seq) {
      const { seq, rev, asset } = change;
      this.#database.outbox.park(seq, asset?.rev ?? rev, reason, 1, Date.now() + PARKED_RETRY_MS);
      logError("relay-d1: D1 refuses an asset, parked", error, { vault, asset: asset?.id, seq });
    }
  }

  #guard(from: number, to: number): Guard {
    const { id, epoch, loaded, incarnation, starts } = this.#vault.row();
    return { vaultId: id, epoch, from, to, loaded: loaded ?? CONFIRMED, incarnation, starts };
  }

  #collect(from: number): Batch {
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
    let first: Unrecorded | undefined;
    let last = from;
    for (const change of this.#database.outbox.unrecorded(from, this.#most + FIRST_KEYS + 1)) {
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
        bytes += change.asset.metadata.length + change.asset.tags.length + ROW_BYTES;
      } else deleted.push(change.seq);
      if (change.seq !== null) seen.add(change.seq);
      changes++;
      first ??= change;
    }
    // Which ones D1 refuses, fewer at once will tell here too.
    const lacking = this.#lacking.slice(0, this.#most);
    const flush: Flush = {
      ...this.#guard(from, to),
      status: row.status,
      lostWindows: row.lost_windows,
      completeTo: to === row.rev ? this.#completeTo() : null,
      assets,
      deleted,
      keys: [...keys, ...lacking.flatMap((id) => this.#database.keys.find(id) ?? [])],
      forgottenKeys: this.#forgotten.slice(0, this.#most),
      knownKeys: from === NOTHING && this.#tellsKnownKeys ? this.#database.keys.ids(MAX_KEY_ROWS) : undefined,
    };
    return { flush, changes, first, lacking: lacking.length };
  }

  /** Everything up to now is in this flush, or in D1 already, except what is parked. */
  #completeTo(): string {
    const now = timestamp(Date.now());
    const { created_at } = this.#database.outbox.oldestParked();
    return created_at !== null && created_at < now ? created_at : now;
  }
}

/** The revision at which a former start of the object ended, as far as this one knows of it. */
function endOf({ starts }: VaultRow, incarnation: string | null): number {
  const ends = new Map(Object.entries(JSON.parse(starts) as Record<string, number>));
  return ends.get(incarnation ?? "") ?? NOTHING;
}

/** The start that D1 heard from last, as `starts` holds it: the next start must know it, should this one write nothing. */
const lastWriter = ({ incarnation, rev }: Position): string =>
  JSON.stringify(incarnation === null ? {} : { [incarnation]: rev });

/** Whether what D1 has is what this start of the object, or one that it knows of, has told it. */
const isOwn = (row: VaultRow, { incarnation, rev }: Position): boolean =>
  incarnation === row.incarnation || rev <= endOf(row, incarnation);
