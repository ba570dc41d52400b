-- The folder that a key is narrowed to. schema.sql says what it holds.
ALTER TABLE keys ADD COLUMN scope TEXT;
