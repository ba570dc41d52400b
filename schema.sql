-- D1, the durable record, as all migrations together make it: for reading. What is applied to each shard (DB, DB_1, …)
-- are the files of src/d1/migrations, and a test compares the two. All SQL that uses these tables stands in src/d1.

-- One row per vault. (epoch, rev) guard every flush: only the Durable Object that claimed the newest epoch may
-- write, and a late or repeated flush finds rev already past it. A deleted vault stays as a tombstone.
CREATE TABLE vaults (
  id         TEXT    NOT NULL PRIMARY KEY,
  name       TEXT    NOT NULL,
  created_at TEXT    NOT NULL,
  status     TEXT    NOT NULL CHECK (status IN ('active', 'deleting', 'deleted')),
  epoch      INTEGER NOT NULL DEFAULT 0, -- how often a Durable Object has claimed the vault
  rev        INTEGER NOT NULL DEFAULT 0, -- everything up to this revision is in this database
  deleted_at TEXT,
  top        INTEGER NOT NULL DEFAULT 0, -- at least every revision that this database has ever been told of; never falls
  complete_to TEXT,                      -- everything that was written before this time is in this database
  incarnation TEXT,                      -- which start of the Durable Object wrote last
  lost_windows TEXT NOT NULL DEFAULT '[]', -- JSON: [{"since","until"}], epoch milliseconds between which what was acknowledged may have been lost
  settings   TEXT    NOT NULL DEFAULT '{}' -- JSON: the settings that are set, with the revision of their last change
);

-- What is known of each key. Never the token: it is checked by its signature alone.
CREATE TABLE keys (
  vault_id   TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  rev        INTEGER NOT NULL,
  label      TEXT,
  type       TEXT    NOT NULL, -- 'secret' | 'public' | 'delivery' | 'upload'
  kid        TEXT    NOT NULL, -- which KEY_SECRET signed it
  created_at TEXT    NOT NULL,
  expires_at TEXT,
  revoked_at TEXT,
  scope      TEXT,             -- JSON: the folder that the key is narrowed to; null for a key of the whole vault
  PRIMARY KEY (vault_id, id)
) WITHOUT ROWID;

-- One row per asset. seq is the revision at which it was created: its place in every list.
CREATE TABLE assets (
  vault_id   TEXT    NOT NULL,
  seq        INTEGER NOT NULL,
  rev        INTEGER NOT NULL, -- the revision of its latest change
  id         TEXT    NOT NULL,
  partition  TEXT    NOT NULL,
  collection TEXT    NOT NULL,
  channel    TEXT    NOT NULL,
  filename   TEXT    NOT NULL,
  r2_key     TEXT    NOT NULL,
  size       INTEGER NOT NULL, -- bytes
  mime_type  TEXT    NOT NULL,
  width      INTEGER,          -- pixels, as shown
  height     INTEGER,
  metadata   TEXT    NOT NULL, -- JSON object
  tags       TEXT    NOT NULL, -- JSON array of strings
  sha256     TEXT    NOT NULL, -- of the body, lower-case hex
  created_at TEXT    NOT NULL,
  updated_at TEXT    NOT NULL,
  PRIMARY KEY (vault_id, seq)
);
