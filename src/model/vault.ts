/** Vaults and their keys, and whoever acts on a vault. */

/** A vault as the API shows it. */
export interface VaultInfo {
  id: string;
  name: string;
  created_at: string;
  status: "active" | "deleting";
}

export type KeyType = "secret" | "public";

/** What is known of a key. Its token is shown once, on creation, and stored nowhere. */
export interface Key {
  id: string;
  label: string | null;
  type: KeyType;
  /** Names the KEY_SECRET that signed it. */
  kid: string;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

/** A new key, whose times the vault has yet to set. */
export type NewKey = Omit<Key, "created_at" | "revoked_at">;

/** Whoever asks: the operator, or the holder of a key whose signature the router has verified. */
export type Principal =
  | { readonly kind: "admin" }
  | { readonly kind: "key"; readonly vaultId: string; readonly keyId: string; readonly type: KeyType };

/** Whoever acts on a vault: a principal or, for what it does in the background, the vault itself. */
export type Actor = Principal | { readonly kind: "vault" };

export const THE_VAULT = { kind: "vault" } as const satisfies Actor;

/** What comes with every call to a vault. */
export interface Caller {
  readonly actor: Actor;
  /** The id of the request that makes the call. It stands in every log line that the call causes. */
  readonly request: string;
}

/** Whether every store that a write concerns has it, or the vault alone holds it so far. */
export interface Durability {
  durable: boolean;
  /** How long the answer waited for these stores, in milliseconds. */
  waited: number;
}
