/** Stands between the router and the vault where uploads are committed. */

import { env } from "cloudflare:workers";

type Stub = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** What becomes of a call that commits an upload, the `n`-th of its request. */
export type Commit = (call: () => Promise<unknown>, n: number) => Promise<unknown>;

/** The bindings with `commit` between router and vault. Calls of another `method` pass. */
export function interposed(commit: Commit, method = "commitUpload"): typeof env {
  let calls = 0;
  const getByName = (name: string): Stub => {
    const stub = env.VAULT.getByName(name) as unknown as Stub;
    return new Proxy(stub, {
      get:
        (_, called: string) =>
        (...args: unknown[]) => {
          const call = (): Promise<unknown> => (stub[called] as Stub[string])(...args);
          return called === method ? commit(call, ++calls) : call();
        },
    });
  };
  return { ...env, VAULT: { getByName } } as unknown as typeof env;
}

/** The platform's report that an object was reset. The call may have been carried out. */
export const reset = (): Error => Object.assign(new Error("Durable Object reset"), { retryable: true });
