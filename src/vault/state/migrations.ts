/** The tables of a vault's own SQLite, as migrations. The types of what they hold: schema.ts. */

/**
 * Each migration is applied once, in this order. The statements of one that has shipped are never edited: a change of
 * shape is a new entry.
 */
export const MIGRATIONS: readonly string[] = [
  `
  -- The vault itself. This table has one row, which is written once per group of changes.
  CREATE TABLE vault (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    id            TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    created_at    TEXT    NOT NULL,
    status        TEXT    NOT NULL, -- 'active' | 'deleting'
    epoch         INTEGER NOT NULL, -- this object's claim on the vault's row in D1
    rev           INTEGER NOT NULL, -- grows by one with every change
    recorded      INTEGER NOT NULL, -- D1 has at least everything up to here; written with the next group
    erased        INTEGER NOT NULL, -- R2 has lost at least every body that was due up to here
    clock         TEXT    NOT NULL, -- the newest timestamp given out; time never runs backwards
    assets        INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    rebuilt_to    INTEGER,          -- while the index is rebuilt from D1: the last seq copied; else null
    lost_since    TEXT,             -- after a rebuild: writes that were acknowledged
    lost_until    TEXT,             --   between these two times may be lost
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

  -- seq is the rowid. So every index below ends in it, and lists need no sort.
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
  -- One index for each combination of filters, so that a list reads no more rows than it returns. With fewer indexes
  -- some lists would read rows that they skip. A list by (partition, channel), for instance, would read every
  -- collection of the partition.
  CREATE INDEX assets_p   ON assets (partition);
  CREATE INDEX assets_c   ON assets (collection);
  CREATE INDEX assets_h   ON assets (channel);
  CREATE INDEX assets_pc  ON assets (partition, collection);
  CREATE INDEX assets_ph  ON assets (partition, channel);
  CREATE INDEX assets_ch  ON assets (collection, channel);
  CREATE INDEX assets_pch ON assets (partition, collection, channel);
  -- Finds the newest asset of a name, for create-only uploads and for reads by path.
  CREATE INDEX assets_name ON assets (partition, collection, channel, filename);

  -- What the other stores have not been told yet, in order. A created asset needs no row: its seq lies beyond
  -- vault.recorded.
  CREATE TABLE outbox (
    rev  INTEGER PRIMARY KEY,
    seq  INTEGER, -- for D1: the asset that changed, or that was deleted if it is no longer in assets
    body TEXT     -- for R2: the key of the body to delete once D1 has recorded rev
  );

  -- Assets that D1 refuses for what they hold, not because D1 is down. Flushes leave them out until they change.
  CREATE TABLE parked (
    seq   INTEGER PRIMARY KEY,
    rev   INTEGER NOT NULL,
    error TEXT    NOT NULL
  );

  -- The reconciliation that is under way or due, and what the last one found.
  CREATE TABLE reconcile (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    due   INTEGER NOT NULL, -- epoch milliseconds
    state TEXT              -- JSON: ReconcileState of sync/reconcile-state.ts
  );

  -- Ids of uploads that were given up. A commit of one of them that arrives late is refused.
  CREATE TABLE voids (id TEXT PRIMARY KEY) WITHOUT ROWID;

  -- Counters per partition, for the operator.
  CREATE TABLE partitions (
    name   TEXT PRIMARY KEY,
    assets INTEGER NOT NULL,
    bytes  INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
  -- What a vault needs to survive when its storage, or D1, loses history.
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

  -- The same for keys. D1 has never refused a key. If it does, that key must not keep the assets waiting.
  CREATE TABLE parked_keys (id TEXT PRIMARY KEY, rev INTEGER NOT NULL, error TEXT NOT NULL) WITHOUT ROWID;

  -- Finds the keys that D1 does not have yet. Without this index each flush would read all keys.
  CREATE INDEX keys_rev ON keys (rev);

  -- Assets that an old storage had and D1 had not, until their bodies have been looked for.
  CREATE TABLE doubts (id TEXT PRIMARY KEY) WITHOUT ROWID;

  -- When a void ends by itself, in epoch milliseconds. The voids that exist already get 0: each of them ends when its
  -- id is old enough.
  ALTER TABLE voids ADD COLUMN ends INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- This column holds a key in R2, not a body. Renaming a column changes the schema alone and reads no row.
  ALTER TABLE outbox RENAME COLUMN body TO r2_key;
  `,
  `
  -- What it takes to find assets, to change many and to follow what changes. Only shapes change here: what the tables
  -- must hold of assets that exist already is filled in by the alarm, in steps (sync/backfill.ts).

  -- One row for each tag of an asset. A tag's rows are in the order of seq, as every list is.
  CREATE TABLE tags (
    tag TEXT    NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (tag, seq)
  ) WITHOUT ROWID;

  -- Counters of folders that are not empty. A folder of level 1 is a partition, of level 2 a collection, of level 3 a
  -- channel. parent is the path of the folder above: '', 'partition' or 'partition/collection'. The folders in a folder
  -- are one range.
  CREATE TABLE folders (
    level  INTEGER NOT NULL,
    parent TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    assets INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    PRIMARY KEY (level, parent, name)
  ) WITHOUT ROWID;
  DROP TABLE partitions;
  ALTER TABLE reconcile ADD COLUMN recount TEXT; -- JSON: the recount of folders that is under way (state/recount.ts)

  -- The assets with a seq in (after, upto] have no rows in tags, folders and outbox yet. Without a row here all have.
  CREATE TABLE unindexed (one INTEGER PRIMARY KEY CHECK (one = 1), after INTEGER NOT NULL, upto INTEGER NOT NULL);
  INSERT INTO unindexed SELECT 1, 0, rev FROM vault WHERE rev > 0;

  -- The outbox also says where in the feed of changes an asset stands. A row with an id outlives what the other stores
  -- must be told: it says that an asset has left a path, by its deletion (with r2_key) or by a move (without).
  ALTER TABLE outbox ADD COLUMN id   TEXT;
  ALTER TABLE outbox ADD COLUMN path TEXT; -- partition/collection/channel, as it was
  ALTER TABLE outbox ADD COLUMN at   TEXT; -- when that was

  -- The feed. Cursors carry the generation, and end with it: what they stand for is lost with the vault's storage.
  ALTER TABLE vault ADD COLUMN generation TEXT NOT NULL DEFAULT '';
  UPDATE vault SET generation = lower(hex(randomblob(8)));
  ALTER TABLE vault ADD COLUMN feed_from INTEGER NOT NULL DEFAULT 0;

  -- What the operator has set for the vault.
  ALTER TABLE vault ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

  -- Answers to writes that carried an Idempotency-Key.
  CREATE TABLE receipts (
    id          TEXT    PRIMARY KEY, -- day/generation/id of the API key/Idempotency-Key, so old ones stand first
    fingerprint TEXT    NOT NULL,    -- of the request
    rev         INTEGER NOT NULL,    -- of the change
    answer      TEXT    NOT NULL     -- JSON
  ) WITHOUT ROWID;
  `,
  `
  -- What it takes to let browsers read and upload.

  -- The folder that a key is narrowed to, as JSON, null for a key of the whole vault. It never changes.
  ALTER TABLE keys ADD COLUMN scope TEXT;
  -- The day (YYYY-MM-DD, UTC) on which a key was last used. Only the vault has it, and it is not exact.
  ALTER TABLE keys ADD COLUMN last_used_on TEXT;

  -- The former starts of the object, with the revision at which each ended. A cursor of the feed from beyond that end
  -- belongs to a history that is lost.
  CREATE TABLE former_starts (
    n     INTEGER PRIMARY KEY,
    name  TEXT    NOT NULL UNIQUE,
    ended INTEGER NOT NULL
  );

  -- Tickets that were used. An id begins with the time at which the ticket ends, so old ones stand first.
  CREATE TABLE tickets (
    id       TEXT    PRIMARY KEY,
    asset_id TEXT    NOT NULL,
    rev      INTEGER NOT NULL, -- of the asset, when it was made
    answer   TEXT    NOT NULL  -- JSON: StoredRecord of model/asset.ts, as it was then
  ) WITHOUT ROWID;

  -- Sessions: resumable uploads under way, and for a day those that are over. What stands in one: state/sessions.ts.
  CREATE TABLE sessions (
    id         TEXT    PRIMARY KEY,
    key_id     TEXT    NOT NULL, -- the API key that began it, and alone may go on with it
    ticket     TEXT,             -- the id of the ticket that began it
    state      TEXT    NOT NULL, -- 'open' | 'completing' | 'done' | 'ended'
    length     INTEGER NOT NULL,
    received   INTEGER NOT NULL, -- its first bytes that are safe
    fence      INTEGER NOT NULL, -- the number of the last request that took it
    began_at   INTEGER NOT NULL, -- epoch milliseconds
    ends       INTEGER NOT NULL, -- epoch milliseconds: when it expires or, once it is over, is forgotten
    is_swept   INTEGER NOT NULL, -- whether R2 has nothing left of one that has ended
    last_from  INTEGER,          -- where the request began that brought the last byte
    asset_id   TEXT,
    r2_key     TEXT,
    upload_id  TEXT,             -- of the R2 multipart upload
    sha256     TEXT,
    dimensions TEXT,             -- JSON; null while it is not known whether the file is an image
    digest     TEXT    NOT NULL, -- the state of the SHA-256 at received
    tail       BLOB,             -- the safe bytes that are in no part yet, when they are few
    tail_key   TEXT,             -- the R2 key of these bytes, when they are many
    file       TEXT    NOT NULL  -- JSON: SessionFile of model/session.ts
  );
  CREATE INDEX sessions_ends    ON sessions (ends);
  CREATE INDEX sessions_open    ON sessions (key_id) WHERE state IN ('open', 'completing'); -- counts those of a key
  CREATE INDEX sessions_asset   ON sessions (asset_id) WHERE asset_id IS NOT NULL;
  CREATE INDEX sessions_unswept ON sessions (id) WHERE state = 'ended' AND is_swept = 0;

  -- What the sessions under way keep of the quotas. Each upload reads it when there are quotas, and there may be many
  -- sessions, so it is kept and not summed up.
  CREATE TABLE session_sums (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    assets INTEGER NOT NULL,
    bytes  INTEGER NOT NULL
  );
  INSERT INTO session_sums VALUES (1, 0, 0);
  CREATE TRIGGER sessions_begun AFTER INSERT ON sessions WHEN NEW.state IN ('open', 'completing') BEGIN
    UPDATE session_sums SET assets = assets + 1, bytes = bytes + NEW.length;
  END;
  CREATE TRIGGER sessions_over AFTER UPDATE OF state ON sessions
  WHEN OLD.state IN ('open', 'completing') AND NEW.state NOT IN ('open', 'completing') BEGIN
    UPDATE session_sums SET assets = assets - 1, bytes = bytes - OLD.length;
  END;

  -- The parts of the R2 multipart uploads of sessions.
  CREATE TABLE session_parts (
    session TEXT    NOT NULL,
    number  INTEGER NOT NULL,
    etag    TEXT    NOT NULL,
    PRIMARY KEY (session, number)
  ) WITHOUT ROWID;
  `,
  `
  -- Upload-Metadata, as it came.
  ALTER TABLE sessions ADD COLUMN sent TEXT NOT NULL DEFAULT '';
  `,
];
