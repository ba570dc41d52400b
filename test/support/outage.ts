import { env } from "cloudflare:workers";
import type { TestVault } from "./api.ts";

/** Puts `value` in the place of a member of a binding; returns what takes it away again. */
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

/** Runs `work` with the D1 of a vault's object replaced, without losing the object's memory. */
export const withD1 = <T>(vault: TestVault, batch: Batch, work: () => Promise<T>): Promise<T> =>
  withReplaced(vault.db, "batch", batch, work);

/** A D1 that answers every call with an error. */
export const failing =
  (message: string): Batch =>
  () =>
    Promise.reject(new Error(message));

export const down = failing("D1 is down");

/** A call that never answers. */
export const silent = (): Promise<never> => new Promise(() => {});

/** A D1 that fails the calls which `fails` picks by their number, from 1; with `lands` they are carried out all the same. */
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

/** A D1 that never answers a call with a statement that `matches`. */
export function silentTo(vault: TestVault, matches: RegExp): { batch: Batch; hung: () => number } {
  const original = vault.db.batch.bind(vault.db);
  let hung = 0;
  const batch = ((statements: (D1PreparedStatement & { statement?: string })[]) => {
    if (!statements.some(({ statement }) => matches.test(statement ?? ""))) return original(statements);
    hung++;
    return silent();
  }) as Batch;
  return { batch, hung: () => hung };
}

/** As {@link withReplaced}, for the bucket. */
export const withBucket = <T>(name: keyof R2Bucket, value: unknown, work: () => Promise<T>): Promise<T> =>
  withReplaced(env.BUCKET, name, value, work);
