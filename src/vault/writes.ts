import { timestamp } from "../model/time.ts";
import type { Result } from "../model/refusal.ts";
import type { Index } from "./index.ts";
import { MAX_GROUP } from "./limits.ts";
import type { VaultRow } from "./schema.ts";

/** What one operation does beside its rows. Applied only if the operation succeeds. */
export class Change {
  /** The newest timestamp: not before any given out so far. */
  readonly now: string;
  #rev: number;
  readonly counts: { partition: string; assets: number; bytes: number }[] = [];
  /** Fields of the vault's own row to set. */
  readonly vault: Partial<Pick<VaultRow, "status" | "deleted_at">> = {};
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
  run(rev: number, now: string): Change;
  settle(): void;
  fail(error: unknown): void;
}

/** What the group commit needs of its vault. */
export interface Ledger {
  readonly index: Index;
  /** The vault as the last group left it. */
  state(): VaultRow;
  /** Inside the transaction: saves the new state and sees to it that the other stores will hear of it. */
  persist(state: VaultRow): void;
  /** After the transaction: `state` is what the vault now is, `touched` the assets that were there and have changed. */
  committed(state: VaultRow, touched: readonly string[]): void;
}

/**
 * Group commit. A transaction is one fsync and an fsync is what a write costs, so operations that arrive together share
 * one: they queue, and a zero timeout (a microtask would gather nothing, a longer delay only costs) runs the queue.
 * Each operation runs in a nested transaction, so that one that throws cannot spoil the group. Memory changes only
 * after the outer transaction, and every waiter is settled whatever happens.
 */
export class Writes {
  readonly #ledger: Ledger;
  #queue: Waiting[] = [];
  #scheduled = false;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  run<T extends object>(operation: Operation<T>): Promise<Result<T>> {
    return new Promise((resolve, reject) => {
      let settle: () => void;
      this.#queue.push({
        run: (rev, now) => {
          const change = new Change(rev, now);
          try {
            const outcome = this.#ledger.index.transaction(() => operation(change));
            settle = () => resolve(outcome);
            return change;
          } catch (error) {
            settle = () => reject(error);
            return new Change(rev, now);
          }
        },
        settle: () => settle(),
        fail: reject,
      });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.length === 0) return;
    this.#scheduled = true;
    setTimeout(() => {
      this.#scheduled = false;
      this.#flush();
      this.#schedule();
    }, 0);
  }

  #flush(): void {
    const group = this.#queue.splice(0, MAX_GROUP);
    try {
      const { state, effects, touched } = this.#ledger.index.transaction(() => this.#commit(group));
      this.#ledger.committed(state, touched);
      for (const effect of effects) effect();
      for (const waiting of group) waiting.settle();
    } catch (error) {
      for (const waiting of group) waiting.fail(error);
    }
  }

  #commit(group: Waiting[]): { state: VaultRow; effects: (() => void)[]; touched: string[] } {
    const { index } = this.#ledger;
    const before = this.#ledger.state();
    const wall = timestamp(Date.now());
    const now = wall > before.clock ? wall : before.clock;
    const changes: Change[] = [];
    let rev = before.rev;
    for (const waiting of group) {
      const change = waiting.run(rev, now);
      rev = change.rev;
      changes.push(change);
    }
    if (rev === before.rev) return { state: before, effects: [], touched: [] };

    const state: VaultRow = { ...before, rev, clock: now };
    const partitions = new Map<string, { assets: number; bytes: number }>();
    for (const change of changes) {
      Object.assign(state, change.vault);
      for (const { partition, assets, bytes } of change.counts) {
        const sum = partitions.get(partition) ?? { assets: 0, bytes: 0 };
        partitions.set(partition, { assets: sum.assets + assets, bytes: sum.bytes + bytes });
        state.assets += assets;
        state.bytes += bytes;
      }
    }
    for (const [partition, sum] of partitions) index.count(partition, sum.assets, sum.bytes);
    this.#ledger.persist(state);
    return {
      state,
      effects: changes.flatMap((change) => change.effects),
      touched: changes.flatMap((change) => change.touched),
    };
  }
}
