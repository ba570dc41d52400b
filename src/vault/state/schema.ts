/** The types of what stands in the tables of a vault's own SQLite. The tables themselves: migrations.ts. */

/** The row of `vault`. */
export interface VaultRow {
  id: string;
  name: string;
  created_at: string;
  /**
   * On disk it may also be 'buried'. The vault is then gone for good, and so is everything here but this row. The row
   * stays so that the vault cannot come back.
   */
  status: "active" | "deleting";
  epoch: number;
  rev: number;
  recorded: number;
  erased: number;
  clock: string;
  assets: number;
  bytes: number;
  /** The last seq that is done, while a rebuild copies or a takeover merges D1's assets. Else null. */
  rebuilt_to: number | null;
  /** The last key id that is done, in the same way. Keys come before assets. */
  keys_to: string | null;
  /**
   * The revision that the object loaded when it started, until D1 has confirmed that it knows no other history. Then
   * null. It is kept when the object restarts: writes that are queued meanwhile raise `rev`, but not this.
   */
  loaded: number | null;
  /** The name of the start of the object that wrote last. See Position in d1/record.ts. */
  incarnation: string;
  /** JSON: former starts of the object from which D1 may have heard last. See sync/starts.ts. */
  starts: string;
  /** The most changes that the next flush to D1 carries. */
  flush_rows: number;
  /** JSON: the Takeover of sync/takeover-merge.ts that is under way. Else null. */
  merging: string | null;
  /** JSON: LostWindow[]. */
  lost_windows: string;
  /** Names the history that receipts and the cursors of the feed of changes belong to. Random. */
  generation: string;
  /** The feed has every deletion beyond this revision. */
  feed_from: number;
  /** JSON: the settings of the vault. */
  settings: string;
  deleted_at: string | null;
}

export const VAULT_COLUMNS = [
  "id",
  "name",
  "created_at",
  "status",
  "epoch",
  "rev",
  "recorded",
  "erased",
  "clock",
  "assets",
  "bytes",
  "rebuilt_to",
  "keys_to",
  "loaded",
  "incarnation",
  "starts",
  "flush_rows",
  "merging",
  "lost_windows",
  "generation",
  "feed_from",
  "settings",
  "deleted_at",
] as const satisfies readonly (keyof VaultRow)[];

/** Which asset left which folder, as `partition/collection/channel`, and when. */
export interface Departure {
  readonly id: string;
  readonly path: string;
  readonly at: string;
}

/** A row of the outbox: what D1, R2 or both have still to be told, and what the feed of changes tells. */
export type OutboxEntry =
  /** For D1: the asset at `seq` changed, or was deleted if it is no longer there. */
  | { readonly kind: "change"; readonly rev: number; readonly seq: number }
  /** For D1: the asset at `seq` changed. For the feed: it has left `path`. */
  | ({ readonly kind: "move"; readonly rev: number; readonly seq: number } & Departure)
  /** For D1: the asset at `seq` was deleted. Then for R2: its body must be deleted too. For the feed: it is gone. */
  | ({ readonly kind: "deletion"; readonly rev: number; readonly seq: number; readonly r2_key: string } & Departure)
  /** For R2: a body that no asset names must be deleted, once D1 has recorded `rev`. */
  | { readonly kind: "orphan"; readonly rev: number; readonly r2_key: string };

/** Which asset stands at a place, and which state of it: what two histories are compared by. */
export interface AssetRevision {
  seq: number;
  rev: number;
  id: string;
}
