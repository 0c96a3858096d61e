-- A database that was restored from a backup knows less than its hosts do.

-- When that was said, which is where epochs and revisions go on from; of when the newest row was;
-- how many runs had not ended in it.
ALTER TABLE installation ADD COLUMN restored_at INTEGER;
ALTER TABLE installation ADD COLUMN restored_from INTEGER;
ALTER TABLE installation ADD COLUMN restored_runs INTEGER NOT NULL DEFAULT 0;
-- It had not ended in the backup, and its host was not asked since what became of it.
ALTER TABLE runs ADD COLUMN restored INTEGER NOT NULL DEFAULT 0 CHECK (restored IN (0, 1));

CREATE INDEX runs_restored ON runs (id) WHERE restored = 1;
CREATE INDEX runs_superseded ON runs (id) WHERE error_kind = 'superseded';
