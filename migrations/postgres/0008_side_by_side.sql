-- Binaries of two versions side by side, for the length of a deployment: who knows the schema up to
-- this number, works with this migration too. NULL: only who knows the migration itself.
ALTER TABLE migrations ADD COLUMN oldest BIGINT;
