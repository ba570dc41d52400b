/** Vaults and their keys. */

import type { KeyScope } from "../../model/key-scope.ts";
import type { KeyType, VaultInfo } from "../../model/vault.ts";

export interface NewVault {
  name: string;
}

/** A vault with the keys that it was made with. The tokens are shown this once. */
export interface CreatedVault extends VaultInfo {
  secret_key: string;
  public_key: string;
}

export interface NewKeyFields {
  label?: string | null;
  /** `secret` unless said. */
  type?: KeyType;
  /** The folder that it is good for; the whole vault unless said. */
  scope?: KeyScope | null;
  /** RFC 3339, in the future. */
  expires_at?: string | null;
}

/** A change of a key: at least one of these. */
export interface KeyChangeFields {
  label?: string | null;
  /** RFC 3339, in the future, and not later than it is. */
  expires_at?: string;
}

/** A key as it is listed. Its token is not stored anywhere. */
export interface KeyInfo {
  id: string;
  vault_id: string;
  label: string | null;
  type: KeyType;
  /** The folder that it is good for; null when that is the whole vault. */
  scope: KeyScope | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  /** The day (YYYY-MM-DD, UTC) on which it was last used, as far as is known. */
  last_used_on: string | null;
}

/** A new key. The token is shown this once. */
export interface CreatedKey extends KeyInfo {
  token: string;
}

/** A page in the order of ids, newest first. */
export interface IdListParameters {
  limit?: number;
  cursor?: string;
}
