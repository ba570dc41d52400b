/** Vaults and their keys, and whoever acts on a vault. */

import type { ShownImport } from "./import.ts";
import type { KeyScope } from "./key-scope.ts";
import type { ShownWindow } from "./lost-window.ts";
import type { VaultSettings } from "./settings.ts";
import type { TicketUse } from "./ticket.ts";

/** A vault as the API shows it. */
export interface VaultInfo {
  id: string;
  name: string;
  created_at: string;
  status: "active" | "deleting";
}

/** What an operator sees of a vault. */
export interface VaultReport extends VaultInfo {
  assets: number;
  bytes: number;
  /** The partitions with the most assets. */
  partitions: { name: string; assets: number; bytes: number }[];
  /** The vault's revision. */
  rev: number;
  /** The revision up to which D1 has everything. */
  recorded_rev: number;
  /** How many changes the outbox keeps until D1 and R2 have heard of them. */
  outbox: number;
  /** Parked assets: D1 refuses them for what they hold. */
  parked: { id: string; error: string }[];
  /**
   * One for each time that the vault's storage was lost. A write that was acknowledged as queued in one of these
   * windows, and had not reached D1, may be lost. Bodies from these times are kept until an operator clears the
   * windows.
   */
  lost_windows: ShownWindow[];
  /** The latest of these windows. */
  lost_since: string | null;
  lost_until: string | null;
  reconcile: ReconcileFindings | null;
  /** The import that is under way, even if nobody goes on with it. */
  import: ShownImport | null;
  /** What the quotas are held against. */
  usage: { assets: number; bytes: number };
  settings: VaultSettings;
}

/** What a reconciliation has found and done, as the operator sees it. */
export interface ReconcileFindings {
  started_at: string;
  /** Null while it is under way. */
  finished_at: string | null;
  /** Rows that D1 lacked, or had in an older state. They are recorded again. */
  restored: number;
  /**
   * Rows that D1 had of assets that are gone. They are deleted. Assets that only an old storage still had are deleted
   * and counted here too.
   */
  removed: number;
  /** Counters of folders that were wrong. They are mended. */
  recounted: number;
  /** Bodies that no asset names and that are past the grace period. They are deleted. */
  orphans_deleted: number;
  /** Bodies that no asset names within the grace period. They may be those of uploads under way. */
  orphans_waiting: number;
  /** Bodies that no asset names, from a lost window (see the README). They are left for someone to look at. */
  orphans_kept: number;
  /** Objects under the vault's prefix whose name is not that of an asset's body. They are left alone. */
  foreign: number;
  /** Assets whose body is missing. They are reported and never deleted. */
  missing: number;
  missing_ids: string[];
}

/**
 * What a key is for:
 *
 *     secret   ── everything in its vault
 *     public   ── reading
 *     delivery ── downloading files, and nothing else: it may stand in the URL of an image
 *     upload   ── uploading files, and nothing else
 *
 * What that opens stands in the table of api/access.ts.
 */
export const KEY_TYPES = ["secret", "public", "delivery", "upload"] as const;

export type KeyType = (typeof KEY_TYPES)[number];

/** What is known of a key. Its token is shown once, on creation, and stored nowhere. */
export interface Key {
  id: string;
  label: string | null;
  type: KeyType;
  /** The folder that it is narrowed to; null when it is good for the whole vault. It never changes. */
  scope: KeyScope | null;
  /** Names the KEY_SECRET that signed it. */
  kid: string;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  /** The day (YYYY-MM-DD, UTC) on which it was last used. Not exact: the vault alone has it, and may lose it. */
  last_used_on: string | null;
}

/** A new key, whose times the vault has yet to set. */
export type NewKey = Omit<Key, "created_at" | "revoked_at" | "last_used_on">;

/** What is to change of a key. What is not named stays. */
export interface KeyChange {
  readonly label?: string | null | undefined;
  /** A time that is not later than that at which the key expires already. */
  readonly expires_at?: string | undefined;
}

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
  /** An earlier call of this request has taken its token of the vault's rate. */
  readonly isPaid?: true;
  /** The ticket by which the caller comes. The actor is then the key that made it. */
  readonly ticket?: TicketUse;
}

/** Whether every store that a write concerns has it, or the vault alone holds it so far. */
export interface Durability {
  durable: boolean;
  /** How long the answer waited for these stores, in milliseconds. */
  waited: number;
}
