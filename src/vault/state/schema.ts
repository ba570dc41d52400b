/**
 * The tables of a vault's own SQLite. A migration is applied once, in order, and never edited after it has shipped:
 * a change of shape is a new entry.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- The vault itself: one row, written once per group of changes.
  CREATE TABLE vault (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    id            TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    created_at    TEXT    NOT NULL,
    status        TEXT    NOT NULL, -- 'active' | 'deleting'
    epoch         INTEGER NOT NULL, -- our claim on the vault's row in D1
    rev           INTEGER NOT NULL, -- grows by one with every change
    recorded      INTEGER NOT NULL, -- D1 has everything up to here (at least: it is written with the next group)
    erased        INTEGER NOT NULL, -- R2 has lost every body that was due up to here (at least)
    clock         TEXT    NOT NULL, -- the newest timestamp given out; time never runs backwards
    assets        INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    rebuilt_to    INTEGER,          -- while the index is rebuilt from D1: the last seq copied; else null
    lost_since    TEXT,             -- after a rebuild: what was written between these two
    lost_until    TEXT,             --   may have been acknowledged and be lost
    deleted_at    TEXT
  );

  CREATE TABLE keys (
    id         TEXT PRIMARY KEY,
    rev        INTEGER NOT NULL,
    label      TEXT,
    type       TEXT NOT NULL,
    kid        TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
  ) WITHOUT ROWID;

  -- seq is the rowid, so every index below ends in it and lists need no sort.
  CREATE TABLE assets (
    seq        INTEGER PRIMARY KEY,
    rev        INTEGER NOT NULL,
    id         TEXT NOT NULL UNIQUE,
    partition  TEXT NOT NULL,
    collection TEXT NOT NULL,
    channel    TEXT NOT NULL,
    filename   TEXT NOT NULL,
    r2_key     TEXT NOT NULL,
    size       INTEGER NOT NULL,
    mime_type  TEXT NOT NULL,
    width      INTEGER,
    height     INTEGER,
    metadata   TEXT NOT NULL,
    tags       TEXT NOT NULL,
    sha256     TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  );
  -- One index for each combination of filters, so that each reads no more rows than it returns. With fewer, some
  -- combination would walk over rows of others: (partition, channel) over all collections between, for instance.
  CREATE INDEX assets_p   ON assets (partition);
  CREATE INDEX assets_c   ON assets (collection);
  CREATE INDEX assets_h   ON assets (channel);
  CREATE INDEX assets_pc  ON assets (partition, collection);
  CREATE INDEX assets_ph  ON assets (partition, channel);
  CREATE INDEX assets_ch  ON assets (collection, channel);
  CREATE INDEX assets_pch ON assets (partition, collection, channel);
  -- Finds the newest asset of a name: create-only uploads and reading by path.
  CREATE INDEX assets_name ON assets (partition, collection, channel, filename);

  -- What the other stores do not know yet, in order. A create needs no row: its seq lies beyond vault.recorded.
  CREATE TABLE outbox (
    rev  INTEGER PRIMARY KEY,
    seq  INTEGER, -- D1: the asset changed or, if it is no longer in assets, was deleted
    body TEXT     -- R2: the body to delete once D1 has recorded rev
  );

  -- Assets that D1 refuses for what they hold, not for being down: left out of flushes until they change.
  CREATE TABLE parked (
    seq   INTEGER PRIMARY KEY,
    rev   INTEGER NOT NULL,
    error TEXT    NOT NULL
  );

  -- The reconciliation under way or due, and what the last one found.
  CREATE TABLE reconcile (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    due   INTEGER NOT NULL, -- epoch milliseconds
    state TEXT              -- JSON, see reconcile.ts
  );

  -- Uploads that were given up: a commit of one of these ids that arrives late is refused.
  CREATE TABLE voids (id TEXT PRIMARY KEY) WITHOUT ROWID;

  -- Counters per partition, for the operator.
  CREATE TABLE partitions (
    name   TEXT PRIMARY KEY,
    assets INTEGER NOT NULL,
    bytes  INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  -- What it takes to come through the loss of either side's history.
  ALTER TABLE vault ADD COLUMN loaded INTEGER;
  ALTER TABLE vault ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';
  ALTER TABLE vault ADD COLUMN starts TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE vault ADD COLUMN flush_rows INTEGER NOT NULL DEFAULT 1000;
  ALTER TABLE vault ADD COLUMN keys_to TEXT;
  ALTER TABLE vault ADD COLUMN merging TEXT;
  ALTER TABLE vault ADD COLUMN lost_windows TEXT NOT NULL DEFAULT '[]';
  UPDATE vault SET lost_windows = json_array(json_object(
      'since', unixepoch(coalesce(lost_since, created_at)) * 1000, 'until', unixepoch(lost_until) * 1000))
    WHERE lost_until IS NOT NULL;
  ALTER TABLE vault DROP COLUMN lost_since;
  ALTER TABLE vault DROP COLUMN lost_until;

  ALTER TABLE parked ADD COLUMN tries INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE parked ADD COLUMN retry_at INTEGER NOT NULL DEFAULT 0; -- epoch milliseconds

  -- The same for keys: D1 has never refused one, but one that it did must not keep the assets waiting.
  CREATE TABLE parked_keys (id TEXT PRIMARY KEY, rev INTEGER NOT NULL, error TEXT NOT NULL) WITHOUT ROWID;

  -- Finds the keys that D1 does not have yet; without it each flush would read all of them.
  CREATE INDEX keys_rev ON keys (rev);

  -- Assets that an old storage had and D1 had not, until their bodies have been looked for.
  CREATE TABLE doubts (id TEXT PRIMARY KEY) WITHOUT ROWID;

  -- A void ends by itself (epoch milliseconds). 0: those that there are end when their ids are old enough.
  ALTER TABLE voids ADD COLUMN ends INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- It holds a key in R2, not a body. Renaming a column changes the schema alone and reads no row.
  ALTER TABLE outbox RENAME COLUMN body TO r2_key;
  `,
];

/** The row of `vault`. */
export interface VaultRow {
  id: string;
  name: string;
  created_at: string;
  /** On disk it may also be 'buried': the vault is gone, everything but this row with it, and must stay gone. */
  status: "active" | "deleting";
  epoch: number;
  rev: number;
  recorded: number;
  erased: number;
  clock: string;
  assets: number;
  bytes: number;
  /** While the index is rebuilt from D1, or taken over from it: the last seq done; else null. */
  rebuilt_to: number | null;
  /** The same for keys, which come first: the last id done. */
  keys_to: string | null;
  /**
   * The revision with which the object started, until D1 has confirmed that it knows no other history; then null. Kept over
   * restarts: writes that are queued meanwhile raise `rev`, not this.
   */
  loaded: number | null;
  /** Names the start of the object that wrote last; see Position in d1/record.ts. */
  incarnation: string;
  /**
   * JSON: the start that D1 had heard from last and former starts since, by their names, each with the revision at which it
   * ended. D1 may have their last flush, unknown to them; one that it has beyond that revision was written by a later state
   * of this storage, and one of a start that is not here by another history.
   */
  starts: string;
  /** Changes that the next flush to D1 carries at most. */
  flush_rows: number;
  /** While D1's history is taken over into an old storage: JSON, see Takeover in takeover.ts. Else null. */
  merging: string | null;
  /** JSON: LostWindow[]. */
  lost_windows: string;
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
  "deleted_at",
] as const satisfies readonly (keyof VaultRow)[];

/** What the outbox holds: what D1, R2 or both are still to be told. */
export type OutboxEntry =
  /** For D1: the asset at `seq` changed or, if it is no longer there, was deleted. */
  | { readonly kind: "change"; readonly rev: number; readonly seq: number }
  /** For D1: the asset at `seq` was deleted. Then for R2: so is its body. */
  | { readonly kind: "deletion"; readonly rev: number; readonly seq: number; readonly r2_key: string }
  /** For R2: a body that no asset names is deleted, once D1 has recorded `rev`. */
  | { readonly kind: "orphan"; readonly rev: number; readonly r2_key: string };

/** An asset's place, latest revision and id. */
export interface Placed {
  seq: number;
  rev: number;
  id: string;
}
