/** Outages of D1 and R2: bindings that fail, lose calls, or never answer, for as long as some work takes. */

import { env } from "cloudflare:workers";
import type { TestVault } from "./api.ts";

/** Puts `value` in the place of a member of a binding. Returns a function that takes it away again. */
export function replace(target: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { configurable: true, writable: true, value });
  return () => {
    if (own) Object.defineProperty(target, name, own);
    else Reflect.deleteProperty(target, name);
  };
}

/** Runs `work` while a member of a binding is replaced. */
export async function withReplaced<T>(
  target: object,
  name: string,
  value: unknown,
  work: () => Promise<T>,
): Promise<T> {
  const undo = replace(target, name, value);
  try {
    return await work();
  } finally {
    undo();
  }
}

type Batch = D1Database["batch"];

/** Runs `work` with another `batch` of D1 in the vault's object, which keeps its memory. */
export const withD1 = <T>(vault: TestVault, batch: Batch, work: () => Promise<T>): Promise<T> =>
  withReplaced(vault.db, "batch", batch, work);

/** A `batch` of D1 that answers every call with an error. */
export const failing =
  (message: string): Batch =>
  () =>
    Promise.reject(new Error(message));

export const down = failing("D1 is down");

/** A call that never answers. */
export const silent = (): Promise<never> => new Promise(() => {});

/**
 * A `batch` of D1 that fails the calls which `fails` picks by their number, from 1. With `lands` they are carried out
 * all the same.
 */
export function flaky(
  vault: TestVault,
  fails: (call: number) => boolean,
  lands = false,
): { batch: Batch; calls: () => number } {
  const original = vault.db.batch.bind(vault.db);
  let calls = 0;
  const batch = (async (statements: D1PreparedStatement[]) => {
    const isFailing = fails(++calls);
    const answer = !isFailing || lands ? await original(statements) : undefined;
    if (isFailing) throw new Error("D1 is down");
    return answer;
  }) as Batch;
  return { batch, calls: () => calls };
}

/** A `batch` of D1 that leaves to `otherwise` the calls with a statement that `matches`. */
function except(vault: TestVault, matches: RegExp, otherwise: (statements: D1PreparedStatement[]) => unknown): Batch {
  const original = vault.db.batch.bind(vault.db);
  return ((statements: (D1PreparedStatement & { statement?: string })[]) =>
    statements.some(({ statement }) => matches.test(statement ?? ""))
      ? otherwise(statements)
      : original(statements)) as Batch;
}

/** A `batch` of D1 that answers the calls with a statement that `matches` with an error. */
export const failingAt = (vault: TestVault, matches: RegExp, message: string): Batch =>
  except(vault, matches, () => Promise.reject(new Error(message)));

/**
 * A `batch` of D1 that loses the calls with a statement that `matches` on their way, and the call that it lost last.
 */
export function losing(vault: TestVault, matches: RegExp): { batch: Batch; lost: () => D1PreparedStatement[] } {
  let lost: D1PreparedStatement[] = [];
  const batch = except(vault, matches, (statements) => {
    lost = statements;
    return Promise.reject(new Error("lost on the way"));
  });
  return { batch, lost: () => lost };
}

/** A `batch` of D1 that never answers a call with a statement that `matches`, and how many such calls there were. */
export function silentTo(vault: TestVault, matches: RegExp): { batch: Batch; hung: () => number } {
  let hung = 0;
  const batch = except(vault, matches, () => {
    hung++;
    return silent();
  });
  return { batch, hung: () => hung };
}

/** Runs `work` while a method of the bucket is replaced. */
export const withBucket = <T>(name: keyof R2Bucket, value: unknown, work: () => Promise<T>): Promise<T> =>
  withReplaced(env.BUCKET, name, value, work);

/** Does something while every batch to a vault's D1 fails. */
export const withoutD1 = <T>(vault: TestVault, work: () => Promise<T>): Promise<T> =>
  withD1(vault, failing("D1_ERROR: D1 DB is overloaded"), work);
