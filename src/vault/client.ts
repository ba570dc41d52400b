/** The one way into a vault from outside: calls of its object, with time-outs and repetitions. */

import type { Env } from "../env.ts";
import { logError } from "../runtime/log.ts";
import { MAX_WAIT_SECONDS } from "../model/limits.ts";
import { type Result, unavailable } from "../model/refusal.ts";
import { VAULT_TIMEOUT_MS } from "../runtime/timeouts.ts";
import { TimeoutError, type Watchdog } from "../runtime/wait.ts";
import type { Vault } from "./vault.ts";

/**
 * What the router may call. These are the methods as the vault declares them, because the platform's types of stubs
 * wrap every field of a union in a promise.
 */
export type VaultStub = Omit<Vault, keyof DurableObject>;

/** What a call does to the vault. */
export type CallKind =
  | "read"
  /** A read that waits for something, for as long as a client may ask it to. */
  | "waiting"
  /** A write that has the same effect done twice as done once. */
  | "repeatable"
  /** Any other write. */
  | "once";

/** Which vault is called, and by which request. */
export interface VaultTarget {
  readonly env: Env;
  readonly vaultId: string;
  /** The id of the request that makes the call. */
  readonly id: string;
  /** Bounds the waits of that request. */
  readonly watchdog: Watchdog;
}

/** How long a vault may take to answer, by what it does. Reads have no bound: see {@link callVault}. Milliseconds. */
const TIMEOUTS_MS: Readonly<Record<Exclude<CallKind, "read">, number>> = {
  waiting: MAX_WAIT_SECONDS * 1000 + VAULT_TIMEOUT_MS,
  repeatable: VAULT_TIMEOUT_MS,
  once: VAULT_TIMEOUT_MS,
};

/** How often one request makes a call at most. */
const ATTEMPTS = 3;
/** The pause before the second call, with jitter. It doubles before each further one. Milliseconds. */
const PAUSE_MS = 50;

/** What the platform says of an error of the object itself. */
interface StubError extends Error {
  retryable?: boolean;
  overloaded?: boolean;
}

const vaultStub = (env: Env, vaultId: string): VaultStub => env.VAULT.getByName(vaultId) as unknown as VaultStub;

/**
 * Calls a vault. Expected outcomes come back as they are.
 *
 * When the object itself fails, a call that may be repeated is made again on a fresh stub. That happens only if the
 * platform says that it can help and the object is not overloaded. Otherwise the outcome is 503. Any other exception is
 * a bug and is thrown.
 */
export async function callVault<T extends object>(
  { env, vaultId, id: request, watchdog }: VaultTarget,
  kind: CallKind,
  call: (stub: VaultStub) => Promise<Result<T>>,
): Promise<Result<T>> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = call(vaultStub(env, vaultId));
      // A vault answers most reads from memory and its own SQLite. It waits for nothing then, so the call needs no
      // timer. A timer costs.
      return await (kind === "read" ? answer : watchdog.within(TIMEOUTS_MS[kind], answer));
    } catch (error) {
      const { retryable, overloaded } = error as StubError;
      const silent = error instanceof TimeoutError;
      if (!retryable && !overloaded && !silent) throw error;
      if (overloaded || silent || kind === "once" || attempt === ATTEMPTS) {
        logError("router: a vault is unavailable", error, { request, vault: vaultId, attempt });
        const message =
          kind === "once"
            ? "the vault failed while it worked: whether the change was made is not known"
            : "the vault is busy: try again";
        return { ...unavailable(message), lost: true };
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** attempt * Math.random()));
    }
  }
}
