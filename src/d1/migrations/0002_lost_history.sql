-- What a vault needs to survive when its storage, or D1, loses history. schema.sql says what each column holds.
ALTER TABLE vaults ADD COLUMN top INTEGER NOT NULL DEFAULT 0;
UPDATE vaults SET top = rev;
ALTER TABLE vaults ADD COLUMN complete_to TEXT;
ALTER TABLE vaults ADD COLUMN incarnation TEXT;
ALTER TABLE vaults ADD COLUMN lost_windows TEXT NOT NULL DEFAULT '[]';

-- The same table without the list of types. A key of a type that a later version knows must not stop all recording.
CREATE TABLE keys_without_types (
  vault_id   TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  rev        INTEGER NOT NULL,
  label      TEXT,
  type       TEXT    NOT NULL,
  kid        TEXT    NOT NULL,
  created_at TEXT    NOT NULL,
  expires_at TEXT,
  revoked_at TEXT,
  PRIMARY KEY (vault_id, id)
) WITHOUT ROWID;
INSERT INTO keys_without_types SELECT vault_id, id, rev, label, type, kid, created_at, expires_at, revoked_at FROM keys;
DROP TABLE keys;
ALTER TABLE keys_without_types RENAME TO keys;
