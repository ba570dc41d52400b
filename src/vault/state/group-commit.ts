/**
 * Group commit: writes that arrive together share one transaction. A transaction is one fsync, and an fsync is what a
 * write costs. So operations queue, and a zero timeout runs the queue. A microtask would gather nothing, and a longer
 * delay only costs time.
 *
 * In workerd a zero timeout takes a millisecond. It is not waited for when as many operations have arrived as writers
 * were answered together last, since those were the writers about to write again.
 *
 * An operation that throws must not spoil its group. A savepoint for each operation would cost two statements and
 * copies of pages, for what never happens. Instead the group is rolled back, and its operations run again, each in a
 * transaction of its own. Memory changes only after a transaction, and every waiter is settled whatever happens.
 */

import type { FolderPath } from "../../model/asset.ts";
import { timestamp } from "../../model/time.ts";
import type { Result } from "../../model/refusal.ts";
import type { VaultDatabase } from "./database.ts";
import { FolderCounts } from "./folders.ts";
import type { VaultRow } from "./schema.ts";

/**
 * The most that the operations of one transaction weigh together, unless a single one weighs more. It bounds how long a
 * group keeps the vault from answering reads. A change of one asset weighs 1.
 */
const MAX_GROUP = 256;

/**
 * The most rows of tags that the operations of one transaction write together, but for the last of them. So many take a
 * tenth of a second. How many an operation writes is known only when it has.
 */
const MAX_GROUP_TAGS = 20_000;

/** A vault's revision and totals at some point of a group. */
type Totals = Pick<VaultRow, "rev" | "assets" | "bytes">;

/** What a {@link Change} held at a moment. */
export interface Mark extends Totals {
  readonly counts: number;
  readonly touched: number;
  readonly effects: number;
  readonly vault: Change["vault"];
}

/** What one operation changes beside the rows that it writes itself. It is applied only if the transaction commits. */
export class Change {
  /** The time of the group. It is never before a timestamp that the vault has given out. */
  readonly now: string;
  #rev: number;
  /** How many assets and bytes the vault has at this point of the group. */
  assets: number;
  bytes: number;
  readonly counts: { folder: FolderPath; assets: number; bytes: number }[] = [];
  /** Fields of the vault's own row to set. */
  vault: Partial<Omit<VaultRow, "id" | "rev" | "assets" | "bytes">> = {};
  /** How many rows of tags it has written. */
  tagRows = 0;
  /** Ids of assets that have changed, or are gone. */
  readonly touched: string[] = [];
  /** What memory must learn. Runs after the group is committed. */
  readonly effects: (() => void)[] = [];

  /** The vault's row at this point of the group, but for the revision and the totals, which stand in the change. */
  readonly row: Readonly<VaultRow>;

  constructor({ rev, assets, bytes }: Totals, row: Readonly<VaultRow>, now: string) {
    this.row = row;
    this.#rev = rev;
    this.assets = assets;
    this.bytes = bytes;
    this.now = now;
  }

  get rev(): number {
    return this.#rev;
  }

  /** Takes the next revision. Every change of an asset, a key or the vault takes exactly one. */
  next(): number {
    return ++this.#rev;
  }

  /** Leaves out all revisions up to `rev`. None of them is below the vault's own afterwards. */
  skipTo(rev: number): void {
    this.#rev = Math.max(this.#rev, rev);
  }

  /**
   * Adds to the vault's totals, and to the counters of a folder unless what is counted is still to be indexed. Negative
   * numbers take away.
   */
  count(folder: FolderPath, assets: number, bytes: number, isIndexed: boolean): void {
    this.assets += assets;
    this.bytes += bytes;
    if (isIndexed) this.counts.push({ folder, assets, bytes });
  }

  /** What the change holds now, for {@link restore}. */
  mark(): Mark {
    const { rev, assets, bytes, counts, touched, effects, vault } = this;
    const lengths = { counts: counts.length, touched: touched.length, effects: effects.length };
    return { rev, assets, bytes, ...lengths, vault: { ...vault } };
  }

  /**
   * Takes back all that has come since a mark. It is for a nested transaction that was rolled back: the revisions that
   * it took were never seen by anybody.
   */
  restore({ rev, assets, bytes, counts, touched, effects, vault }: Mark): void {
    this.#rev = rev;
    this.assets = assets;
    this.bytes = bytes;
    this.counts.length = counts;
    this.touched.length = touched;
    this.effects.length = effects;
    this.vault = vault;
  }
}

/**
 * Reads, decides and writes inside the group's transaction, synchronously. An operation must decide before it writes: a
 * refusal takes nothing back.
 */
export type Operation<T extends object> = (change: Change) => Result<T>;

interface Waiting {
  readonly weight: number;
  run(change: Change): void;
  settle(): void;
  fail(error: unknown): void;
}

/** What the group commit needs of its vault. */
export interface CommitTarget {
  readonly database: VaultDatabase;
  /** The vault's row as the last group left it. */
  row(): VaultRow;
  /** Inside the transaction: saves the new row, and makes sure that the other stores will be told of the group. */
  persist(row: VaultRow): void;
  /** How many writers were answered together last. They are about to write again. */
  expected(): number;
  /** After the transaction: `row` is the vault's new one, and `touched` are the ids of the assets that have changed. */
  committed(row: VaultRow, touched: readonly string[]): void;
}

/** What memory learns of a group once it is committed. */
interface Committed {
  /** How many of its operations were run. */
  count: number;
  row: VaultRow;
  effects: (() => void)[];
  touched: string[];
}

export class GroupCommit {
  readonly #target: CommitTarget;
  #queue: Waiting[] = [];
  /** Set while the queue waits for the zero timeout. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the queue is run at the end of this turn. */
  #isMicrotaskQueued = false;

  constructor(target: CommitTarget) {
    this.#target = target;
  }

  /**
   * Runs an operation in the next group. Resolves to its outcome, or rejects with what it threw.
   *
   * @param weight how many changes of an asset the operation may make
   */
  run<T extends object>(operation: Operation<T>, weight = 1): Promise<Result<T>> {
    return new Promise((resolve, reject) => {
      let outcome: Result<T>;
      this.#queue.push({
        weight,
        run: (change) => {
          outcome = operation(change);
        },
        settle: () => resolve(outcome),
        fail: reject,
      });
      this.#schedule();
    });
  }

  /** Has the queue run: in this turn if all expected writers are here, or else after the shortest timeout there is. */
  #schedule(): void {
    if (this.#queue.length === 0) return;
    const expected = this.#target.expected();
    if (this.#queue.length >= expected && expected > 0) {
      if (this.#isMicrotaskQueued) return;
      // Not at once, so that operations that arrive in the same turn come along.
      this.#isMicrotaskQueued = true;
      queueMicrotask(() => this.#next());
    } else this.#timer ??= setTimeout(() => this.#next(), 0);
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isMicrotaskQueued = false;
    const { count, weight } = nextGroup(this.#queue);
    const rest = this.#commit(this.#queue.splice(0, count));
    this.#queue.unshift(...rest);
    // After a group that took long, whoever reads has a turn before the next one.
    if (rest.length > 0 || (weight > MAX_GROUP && this.#queue.length > 0))
      this.#timer ??= setTimeout(() => this.#next(), 0);
    else this.#schedule();
  }

  /** Commits a group, or the first part of it. Returns the rest. */
  #commit(group: Waiting[]): Waiting[] {
    let committed: Committed;
    try {
      committed = this.#target.database.transaction(() => this.#write(group));
    } catch (error) {
      if (group.length > 1) for (const waiting of group) this.#commit([waiting]);
      else for (const waiting of group) waiting.fail(error);
      return [];
    }
    const done = group.slice(0, committed.count);
    try {
      this.#target.committed(committed.row, committed.touched);
      for (const effect of committed.effects) effect();
      for (const waiting of done) waiting.settle();
    } catch (error) {
      for (const waiting of done) waiting.fail(error);
    }
    return group.slice(committed.count);
  }

  /** Inside the transaction: runs the operations one after the other, and writes what they have in common. */
  #write(group: Waiting[]): Committed {
    const { database } = this.#target;
    const before = this.#target.row();
    const wall = timestamp(Date.now());
    const now = wall > before.clock ? wall : before.clock;
    const changes: Change[] = [];
    const row: VaultRow = { ...before, clock: now };
    let totals: Totals = before;
    let tagRows = 0;
    for (const waiting of group) {
      if (tagRows >= MAX_GROUP_TAGS) break;
      const change = new Change(totals, row, now);
      waiting.run(change);
      totals = change;
      tagRows += change.tagRows;
      Object.assign(row, change.vault);
      if (row.clock < now) row.clock = now;
      changes.push(change);
    }
    const { rev, assets, bytes } = totals;
    const count = changes.length;
    if (rev === before.rev) return { count, row: before, effects: [], touched: [] };

    Object.assign(row, { rev, assets, bytes });
    const folders = new FolderCounts();
    for (const change of changes) {
      for (const each of change.counts) folders.add(each.folder, each.assets, each.bytes);
    }
    folders.save(database.folders);
    database.recount.settle();
    this.#target.persist(row);
    return {
      count,
      row,
      effects: changes.flatMap((change) => change.effects),
      touched: changes.flatMap((change) => change.touched),
    };
  }
}

/** How many operations of a queue make the next group, and what they weigh together. */
function nextGroup(queue: readonly Waiting[]): { count: number; weight: number } {
  let count = 0;
  let weight = 0;
  for (const waiting of queue) {
    if (count > 0 && weight + waiting.weight > MAX_GROUP) break;
    weight += waiting.weight;
    count++;
  }
  return { count, weight };
}
