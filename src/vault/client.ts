import type { Env } from "../env.ts";
import { logError } from "../runtime/log.ts";
import { type Result, unavailable } from "../model/refusal.ts";
import { VAULT_TIMEOUT_MS } from "../runtime/timeouts.ts";
import { TimeoutError, type Watchdog } from "../runtime/wait.ts";
import type { Vault } from "./vault.ts";

/** What the router may call. The methods as declared: the platform's stub types wrap every field of a union in promises. */
export type VaultStub = Omit<Vault, keyof DurableObject>;

/** A read; a write that has the same effect done twice as done once; or one that has not. */
export type CallKind = "read" | "repeatable" | "once";

/** Which vault is called, and with what. */
export interface VaultTarget {
  readonly env: Env;
  readonly vaultId: string;
  /** The request that makes the call: its id, and what bounds its waits. */
  readonly id: string;
  readonly watchdog: Watchdog;
}

/** Calls of one request at most, and the pause before each further one (with jitter). */
const ATTEMPTS = 3;
const PAUSE_MS = 50;

interface StubError extends Error {
  retryable?: boolean;
  overloaded?: boolean;
}

const vaultStub = (env: Env, vaultId: string): VaultStub => env.VAULT.getByName(vaultId) as unknown as VaultStub;

/**
 * Calls a vault. Expected outcomes come back as they are. When the object itself fails, a call that may be repeated is,
 * on a fresh stub, if the platform says that this can help and the object is not overloaded; then 503. Any other
 * exception is a bug and is thrown.
 *
 * @param kind what the call does to the vault
 */
export async function callVault<T extends object>(
  { env, vaultId, id: request, watchdog }: VaultTarget,
  kind: CallKind,
  call: (stub: VaultStub) => Promise<Result<T>>,
): Promise<Result<T>> {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = call(vaultStub(env, vaultId));
      // A vault answers reads from memory and its own SQLite, waiting for nothing: they need no timer, which costs.
      return await (kind === "read" ? answer : watchdog.within(VAULT_TIMEOUT_MS, answer));
    } catch (error) {
      const { retryable, overloaded } = error as StubError;
      const silent = error instanceof TimeoutError;
      if (!retryable && !overloaded && !silent) throw error;
      if (overloaded || silent || kind === "once" || attempt === ATTEMPTS) {
        logError("router: vault unavailable", error, { request, vault: vaultId, attempt });
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
