-- What an operator does about a run, and what keeps one from being stuck.

-- Asked for by a person; carried out by who holds the lease.
ALTER TABLE runs ADD COLUMN cancel_requested_at BIGINT;
-- The host can't be reached since then, and why.
ALTER TABLE runs ADD COLUMN unreachable_since BIGINT;
ALTER TABLE runs ADD COLUMN unreachable TEXT;
-- Of a run that failed without the host's word: whether the host may still execute it.
ALTER TABLE runs ADD COLUMN host_state TEXT
    CHECK (host_state IS NULL OR (host_state IN ('unknown', 'abandoned') AND status = 'failed'));
-- So often in a row its worker vanished without a new line of the journal; and how many
-- bytes of it there were at the last claim.
ALTER TABLE runs ADD COLUMN crashes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN claimed_journal BIGINT NOT NULL DEFAULT 0;
-- A retry: another attempt after this one, beginning with this step.
ALTER TABLE runs ADD COLUMN retry_after BIGINT;
ALTER TABLE runs ADD COLUMN retry_from BIGINT;

CREATE INDEX runs_cancelled ON runs (worker) WHERE status = 'installing' AND cancel_requested_at IS NOT NULL;
CREATE INDEX runs_unknown ON runs (server_id) WHERE host_state = 'unknown';

-- Heard of without a gap since then: who had no gap can tell that others vanished.
ALTER TABLE workers ADD COLUMN heard_since BIGINT NOT NULL DEFAULT 0;
-- Takes nothing new, and ends when what it has has ended.
ALTER TABLE workers ADD COLUMN draining BIGINT NOT NULL DEFAULT 0 CHECK (draining IN (0, 1));
