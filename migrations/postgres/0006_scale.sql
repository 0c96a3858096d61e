-- What keeps a page and a look of a worker quick with a million runs: docs/performance.md says
-- how quick, and tests/scale that none of them reads a whole table.

-- Whose the run is: lists show theirs, which may be few among many, the newest first. A trigger,
-- so that runs which an older process adds meanwhile have it, too. A server's owner stays.
ALTER TABLE runs ADD COLUMN owner_id BIGINT;
UPDATE runs SET owner_id = (SELECT user_id FROM servers WHERE servers.id = runs.server_id);
CREATE INDEX runs_of_owner ON runs (owner_id, id);
CREATE FUNCTION runs_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.owner_id := (SELECT user_id FROM servers WHERE servers.id = NEW.server_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER runs_owner BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION runs_owner();

-- What is on a server: the jobs of its runs that were completed, and the first run of each.
CREATE TABLE installed (
    server_id BIGINT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    jobs      TEXT NOT NULL,
    first_run TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (server_id, jobs)
);
INSERT INTO installed (server_id, jobs, first_run)
    SELECT server_id, jobs, min(id) FROM runs WHERE status = 'completed' GROUP BY server_id, jobs;
CREATE FUNCTION runs_installed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO installed (server_id, jobs, first_run) VALUES (NEW.server_id, NEW.jobs, NEW.id)
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER runs_installed AFTER UPDATE OF status ON runs FOR EACH ROW
    WHEN (NEW.status = 'completed') EXECUTE FUNCTION runs_installed();

-- The last run of a server that ended.
CREATE INDEX runs_ended ON runs (server_id, finished_at) WHERE finished_at IS NOT NULL;
-- What something is the matter with.
CREATE INDEX runs_unreachable ON runs (server_id) WHERE unreachable_since IS NOT NULL;

CREATE INDEX servers_by_name ON servers (name);

-- Servers whose host key is to be learned, step 1 of those that join, and the steps of scripts
-- that are at work.
CREATE INDEX servers_strangers ON servers (id)
    WHERE joins_by = 'login' AND host_key = '' AND host_key_offered IS NULL;
CREATE INDEX provision_steps_first ON provision_steps (due_at)
    WHERE number = 1 AND status IN ('pending', 'installing');
CREATE INDEX provision_steps_scripts ON provision_steps (server_id)
    WHERE status = 'installing' AND number < 4;

-- What is old is forgotten.
CREATE INDEX callbacks_old ON callbacks (at);
