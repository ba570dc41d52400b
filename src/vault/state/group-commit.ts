import { timestamp } from "../../model/time.ts";
import type { Result } from "../../model/refusal.ts";
import type { VaultDatabase } from "./database.ts";
import type { VaultRow } from "./schema.ts";

/** Operations that share one transaction at most: bounds how long a group keeps the vault from answering reads. */
const MAX_GROUP = 256;

/** What one operation does beside its rows. Applied only if the operation succeeds. */
export class Change {
  /** The newest timestamp: not before any given out so far. */
  readonly now: string;
  #rev: number;
  readonly counts: { partition: string; assets: number; bytes: number }[] = [];
  /** Fields of the vault's own row to set. */
  readonly vault: Partial<Omit<VaultRow, "id" | "rev" | "assets" | "bytes">> = {};
  /** Ids of assets that are no longer what they were. */
  readonly touched: string[] = [];
  /** What memory must learn; runs after the group is committed. */
  readonly effects: (() => void)[] = [];

  constructor(rev: number, now: string) {
    this.#rev = rev;
    this.now = now;
  }

  get rev(): number {
    return this.#rev;
  }

  /** Takes the next revision. Every change of an asset, a key or the vault takes exactly one. */
  next(): number {
    return ++this.#rev;
  }

  count(partition: string, assets: number, bytes: number): void {
    this.counts.push({ partition, assets, bytes });
  }
}

/** Reads, decides and writes, synchronously, inside the group's transaction. It must decide before it writes. */
export type Operation<T extends object> = (change: Change) => Result<T>;

interface Waiting {
  run(change: Change): void;
  settle(): void;
  fail(error: unknown): void;
}

/** What the group commit needs of its vault. */
export interface CommitTarget {
  readonly database: VaultDatabase;
  /** The vault as the last group left it. */
  state(): VaultRow;
  /** Inside the transaction: saves the new state and sees to it that the other stores will hear of it. */
  persist(state: VaultRow): void;
  /** How many writers were answered together last: they are about to write again. */
  expected(): number;
  /** After the transaction: `state` is what the vault now is, `touched` the assets that were there and have changed. */
  committed(state: VaultRow, touched: readonly string[]): void;
}

/** What a group has come to, for memory to learn once it is durable. */
interface Committed {
  state: VaultRow;
  effects: (() => void)[];
  touched: string[];
}

/**
 * Group commit. A transaction is one fsync and an fsync is what a write costs, so operations that arrive together share
 * one: they queue, and a zero timeout (a microtask would gather nothing, a longer delay only costs) runs the queue. In workerd
 * such a timeout takes a millisecond: it is not waited for when as many have arrived as were answered together last, since
 * those are the ones that were about to write.
 *
 * An operation that throws must not spoil its group. Rather than give each a savepoint, which costs two statements and
 * copies of pages for what never happens, the group is rolled back and its operations run again, each in a transaction of
 * its own. Memory changes only after a transaction, and every waiter is settled whatever happens.
 */
export class GroupCommit {
  readonly #target: CommitTarget;
  #queue: Waiting[] = [];
  /** Set while something waits: for others, or for the end of this turn. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #soon = false;

  constructor(ledger: CommitTarget) {
    this.#target = ledger;
  }

  run<T extends object>(operation: Operation<T>): Promise<Result<T>> {
    return new Promise((resolve, reject) => {
      let outcome: Result<T>;
      this.#queue.push({
        run: (change) => {
          outcome = operation(change);
        },
        settle: () => resolve(outcome),
        fail: reject,
      });
      this.#schedule();
    });
  }

  /** Sees to it that what waits is run: when all who are expected are here, or else after the shortest wait there is. */
  #schedule(): void {
    if (this.#queue.length === 0) return;
    const expected = this.#target.expected();
    if (this.#queue.length >= expected && expected > 0) {
      if (this.#soon) return;
      // A microtask later, so that what arrives in the same turn comes along.
      this.#soon = true;
      queueMicrotask(() => this.#next());
    } else this.#timer ??= setTimeout(() => this.#next(), 0);
  }

  #next(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#soon = false;
    this.#flush(this.#queue.splice(0, MAX_GROUP));
    this.#schedule();
  }

  #flush(group: Waiting[]): void {
    let committed: Committed;
    try {
      committed = this.#target.database.transaction(() => this.#commit(group));
    } catch (error) {
      if (group.length > 1) for (const waiting of group) this.#flush([waiting]);
      else for (const waiting of group) waiting.fail(error);
      return;
    }
    try {
      this.#target.committed(committed.state, committed.touched);
      for (const effect of committed.effects) effect();
      for (const waiting of group) waiting.settle();
    } catch (error) {
      for (const waiting of group) waiting.fail(error);
    }
  }

  #commit(group: Waiting[]): Committed {
    const { database } = this.#target;
    const before = this.#target.state();
    const wall = timestamp(Date.now());
    const now = wall > before.clock ? wall : before.clock;
    const changes: Change[] = [];
    let rev = before.rev;
    for (const waiting of group) {
      const change = new Change(rev, now);
      waiting.run(change);
      rev = change.rev;
      changes.push(change);
    }
    if (rev === before.rev) return { state: before, effects: [], touched: [] };

    const state: VaultRow = { ...before, rev, clock: now };
    const partitions = new Map<string, { assets: number; bytes: number }>();
    for (const change of changes) {
      Object.assign(state, change.vault);
      if (state.clock < now) state.clock = now;
      for (const { partition, assets, bytes } of change.counts) {
        const sum = partitions.get(partition) ?? { assets: 0, bytes: 0 };
        partitions.set(partition, { assets: sum.assets + assets, bytes: sum.bytes + bytes });
        state.assets += assets;
        state.bytes += bytes;
      }
    }
    for (const [partition, sum] of partitions) database.count(partition, sum.assets, sum.bytes);
    this.#target.persist(state);
    return {
      state,
      effects: changes.flatMap((change) => change.effects),
      touched: changes.flatMap((change) => change.touched),
    };
  }
}
