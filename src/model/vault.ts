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
  /** Which KEY_SECRET signed it. */
  kid: string;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

/** A key whose time the vault has yet to set. */
export type NewKey = Omit<Key, "created_at" | "revoked_at">;

/** Who asks: the operator, or the holder of a key whose signature the router has verified. */
export type Principal =
  | { readonly kind: "admin" }
  | { readonly kind: "key"; readonly vaultId: string; readonly keyId: string; readonly type: KeyType };

/** Whether every store that a write concerns has it, or the vault alone holds it so far. */
export interface Durability {
  durable: boolean;
  /** How long the answer waited for them, in milliseconds. */
  waited: number;
}
