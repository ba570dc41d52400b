/** What whoever is signed in may do with a vault: a secret key sees it and manages its keys, the operator sets it. */

import type { Keys, VaultReport, Vaults } from "../../client/index.ts";
import type { Session } from "../session.ts";

/** A vault as its managers reach it. */
export interface Managed {
  readonly vaultId: string;
  readonly keys: Keys;
  /** What only the operator may do; undefined for a key. */
  readonly operator: Vaults | undefined;
  /** The key that is signed in with; undefined for the operator. */
  readonly ownKeyId: string | undefined;
  readonly get: () => Promise<VaultReport>;
  readonly reconcile: () => Promise<VaultReport>;
}

/** The vault as this session reaches it; undefined where the session is of another vault, or manages none. */
export function managed(session: Session | undefined, vaultId: string): Managed | undefined {
  if (session === undefined) return undefined;
  if (session.kind === "admin") {
    const { vaults } = session.admin;
    return {
      vaultId,
      keys: session.admin.keys(vaultId),
      operator: vaults,
      ownKeyId: undefined,
      get: () => vaults.get(vaultId),
      reconcile: () => vaults.reconcile(vaultId),
    };
  }
  const { vault, manages } = session;
  if (!manages || vault.vaultId !== vaultId) return undefined;
  return {
    vaultId,
    keys: vault.keys,
    operator: undefined,
    ownKeyId: vault.keyId,
    get: () => vault.vaults.get(vaultId),
    reconcile: () => vault.vaults.reconcile(vaultId),
  };
}
