-- The tables of version 0.1. They are created IF NOT EXISTS, because a database of that version has them already but
-- has no list of migrations yet.
CREATE TABLE IF NOT EXISTS vaults (
  id         TEXT    NOT NULL PRIMARY KEY,
  name       TEXT    NOT NULL,
  created_at TEXT    NOT NULL,
  status     TEXT    NOT NULL CHECK (status IN ('active', 'deleting', 'deleted')),
  epoch      INTEGER NOT NULL DEFAULT 0, -- how often a Durable Object has claimed the vault
  rev        INTEGER NOT NULL DEFAULT 0, -- everything up to this revision is in this database
  deleted_at TEXT
);

CREATE TABLE IF NOT EXISTS keys (
  vault_id   TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  rev        INTEGER NOT NULL,
  label      TEXT,
  type       TEXT    NOT NULL CHECK (type IN ('secret', 'public')),
  kid        TEXT    NOT NULL, -- which KEY_SECRET signed it
  created_at TEXT    NOT NULL,
  expires_at TEXT,
  revoked_at TEXT,
  PRIMARY KEY (vault_id, id)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS assets (
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
