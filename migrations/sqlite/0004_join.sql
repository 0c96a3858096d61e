-- How a server joins: what is known of it, the four steps before the first run, the one line
-- and who ran it, and what is to be installed once it has joined.

ALTER TABLE servers ADD COLUMN provider TEXT;
ALTER TABLE servers ADD COLUMN public_ip TEXT;
ALTER TABLE servers ADD COLUMN private_ip TEXT;
ALTER TABLE servers ADD COLUMN os_name TEXT;
ALTER TABLE servers ADD COLUMN os_version TEXT;
ALTER TABLE servers ADD COLUMN os_codename TEXT;
-- Whether a worker has logged in there, as root and as the app user.
ALTER TABLE servers ADD COLUMN connection TEXT NOT NULL DEFAULT 'pending'
    CHECK (connection IN ('pending', 'connected', 'failed'));
-- Which way it joins: by the script, or by a worker's login. NULL: it was added with its host
-- key, and takes runs at once. host_key is '' until a key is pinned.
ALTER TABLE servers ADD COLUMN joins_by TEXT CHECK (joins_by IN ('script', 'login'));
-- Found by a worker; waits for a person to confirm it.
ALTER TABLE servers ADD COLUMN host_key_offered TEXT;
-- The public half of private_key, where we made the pair.
ALTER TABLE servers ADD COLUMN public_key TEXT;
-- The run that does steps 1 to 3 where a worker can log in already.
ALTER TABLE servers ADD COLUMN prepare_run TEXT;
-- The key that a person gave for that run, encrypted; forgotten when it is completed.
ALTER TABLE servers ADD COLUMN first_key BLOB;

CREATE TABLE provision_steps (
    server_id         INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    number            INTEGER NOT NULL CHECK (number BETWEEN 1 AND 4),
    status            TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'installing', 'completed', 'failed')),
    started_at        INTEGER,
    finished_at       INTEGER,
    error_kind        TEXT,
    error             TEXT,
    -- Step 4 is a worker's: who has it, and until when nobody else may; not before due_at.
    epoch             INTEGER NOT NULL DEFAULT 0,
    worker            TEXT,
    lease_until       INTEGER,
    due_at            INTEGER NOT NULL DEFAULT 0,
    unreachable_since INTEGER,
    unreachable       TEXT,
    PRIMARY KEY (server_id, number),
    CHECK ((status IN ('completed', 'failed')) = (finished_at IS NOT NULL)),
    CHECK ((status = 'pending') = (started_at IS NULL)),
    CHECK ((status = 'failed') = (error_kind IS NOT NULL)),
    CHECK ((error_kind IS NULL) = (error IS NULL)),
    CHECK ((worker IS NULL) = (lease_until IS NULL)),
    CHECK (worker IS NULL OR (status = 'installing' AND number = 4))
);

CREATE INDEX provision_steps_open ON provision_steps (due_at)
    WHERE number = 4 AND status IN ('pending', 'installing');

-- The one line: an address that gives the script, known by the SHA-256 of its token only.
CREATE TABLE joins (
    server_id     INTEGER PRIMARY KEY REFERENCES servers (id) ON DELETE CASCADE,
    token_hash    BLOB NOT NULL UNIQUE,
    expires_at    INTEGER NOT NULL,
    -- The host that has enrolled: its key, pinned from then on, and where it came from.
    enrolled_key  TEXT,
    enrolled_from TEXT,
    enrolled_at   INTEGER,
    -- The go of the script that may call back, and the last callback of it that was taken.
    provision     TEXT,
    sequence      INTEGER NOT NULL DEFAULT 0,
    heard_at      INTEGER,
    CHECK ((enrolled_key IS NULL) = (enrolled_at IS NULL))
);

-- Callbacks that were taken, and what was answered: who asks again gets the same.
CREATE TABLE callbacks (
    server_id   INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    provision   TEXT NOT NULL,
    sequence    INTEGER NOT NULL,
    body_digest TEXT NOT NULL,
    -- The answer: where the server stood then.
    answer      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (server_id, provision, sequence)
);

-- The run that is to be asked for when step 4 is completed, with the id that it will have.
CREATE TABLE provision_wants (
    server_id       INTEGER PRIMARY KEY REFERENCES servers (id) ON DELETE CASCADE,
    run_id          TEXT NOT NULL UNIQUE,
    jobs            TEXT NOT NULL,
    parameters      TEXT NOT NULL,
    -- Encrypted for the run's row already, and moved there.
    secrets         BLOB,
    untested_system INTEGER NOT NULL CHECK (untested_system IN (0, 1)),
    outline         TEXT NOT NULL,
    digest          TEXT NOT NULL,
    asked_at        INTEGER,
    CHECK (asked_at IS NULL OR secrets IS NULL)
);
