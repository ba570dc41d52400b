-- What the operator has set for a vault. schema.sql says what it holds.
ALTER TABLE vaults ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
