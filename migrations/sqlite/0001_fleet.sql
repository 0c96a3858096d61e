-- Servers, their runs, and what a worker knows of them. The same steps as in
-- ../postgres. Times are milliseconds since 1970, flags 0 or 1.

-- One row: who we are.
CREATE TABLE installation (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    -- Hosts keep the last runs of each installation.
    id         TEXT NOT NULL,
    -- A known text, encrypted with GROUNDCREW_KEY: shows that it is still the same key.
    key_check  BLOB,
    created_at INTEGER NOT NULL
);

CREATE TABLE users (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
);

-- Owns every server until people can sign in.
INSERT INTO users (name, created_at) VALUES ('admin', CAST(unixepoch('subsec') * 1000 AS INTEGER));

CREATE TABLE servers (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id            INTEGER NOT NULL REFERENCES users (id),
    name               TEXT NOT NULL,
    host               TEXT NOT NULL,
    ssh_port           INTEGER NOT NULL,
    ssh_user           TEXT NOT NULL,
    host_key           TEXT NOT NULL,
    private_key        BLOB,
    provision_status   TEXT NOT NULL DEFAULT 'pending'
        CHECK (provision_status IN ('pending', 'installing', 'completed', 'failed')),
    -- One up with every change that a page could show, and up to where that was announced.
    revision           INTEGER NOT NULL DEFAULT 1,
    announced_revision INTEGER NOT NULL DEFAULT 0,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    UNIQUE (user_id, name)
);

CREATE INDEX servers_unannounced ON servers (updated_at) WHERE announced_revision < revision;

CREATE TABLE runs (
    id                  TEXT PRIMARY KEY,
    server_id           INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    jobs                TEXT NOT NULL,
    parameters          TEXT NOT NULL,
    secrets             BLOB,
    untested_system     INTEGER NOT NULL CHECK (untested_system IN (0, 1)),
    -- Names of the steps, and the digest of the plan that they were made of.
    outline             TEXT NOT NULL,
    digest              TEXT NOT NULL,
    status              TEXT NOT NULL
        CHECK (status IN ('pending', 'installing', 'completed', 'failed', 'cancelled')),
    -- The lease: who drives the run, and until when nobody else may.
    epoch               INTEGER NOT NULL DEFAULT 0,
    worker              TEXT,
    lease_until         INTEGER,
    -- Not to be taken before; why; and the run that it waits for, if that is one of ours.
    due_at              INTEGER NOT NULL,
    waiting             TEXT,
    waits_for           TEXT,
    error_kind          TEXT,
    error               TEXT,
    changed             INTEGER,
    output_bytes        INTEGER NOT NULL DEFAULT 0,
    output_cut          INTEGER NOT NULL DEFAULT 0 CHECK (output_cut IN (0, 1)),
    created_at          INTEGER NOT NULL,
    started_at          INTEGER,
    finished_at         INTEGER,
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK (status IN ('pending', 'cancelled', 'failed') OR started_at IS NOT NULL),
    CHECK ((status = 'installing') = (lease_until IS NOT NULL)),
    CHECK (status = 'installing' OR worker IS NULL),
    CHECK ((status = 'failed') = (error_kind IS NOT NULL)),
    CHECK ((error_kind IS NULL) = (error IS NULL)),
    CHECK ((status = 'completed') = (changed IS NOT NULL))
);

-- One active run a server (promise 3).
CREATE UNIQUE INDEX runs_one_active ON runs (server_id) WHERE status = 'installing';
CREATE INDEX runs_pending ON runs (server_id, id) WHERE status = 'pending';
CREATE INDEX runs_oldest ON runs (id) WHERE status = 'pending';
CREATE INDEX runs_waiting ON runs (waits_for) WHERE waits_for IS NOT NULL;
CREATE INDEX runs_leases ON runs (lease_until) WHERE status = 'installing';
CREATE INDEX runs_of_server ON runs (server_id, id);

CREATE TABLE run_steps (
    run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    job         TEXT NOT NULL,
    name        TEXT NOT NULL,
    title       TEXT NOT NULL,
    handler     INTEGER NOT NULL CHECK (handler IN (0, 1)),
    status      TEXT NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'installing', 'completed', 'failed')),
    changed     INTEGER CHECK (changed IN (0, 1)),
    starts      INTEGER NOT NULL DEFAULT 0,
    exit_code   INTEGER,
    error       TEXT,
    started_at  INTEGER,
    finished_at INTEGER,
    PRIMARY KEY (run_id, number),
    CHECK ((status IN ('completed', 'failed')) = (finished_at IS NOT NULL)),
    CHECK ((status = 'pending') = (started_at IS NULL)),
    CHECK ((status = 'completed') = (changed IS NOT NULL)),
    CHECK ((status = 'failed') = (error IS NOT NULL))
);

-- How far an attempt was followed: a worker that takes over goes on from here.
CREATE TABLE run_attempts (
    run_id     TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    first_step INTEGER NOT NULL,
    again_step INTEGER,
    boot       TEXT NOT NULL,
    journal    TEXT NOT NULL,
    output     INTEGER NOT NULL,
    lost       INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, number)
);

CREATE TABLE run_output (
    run_id  TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    -- Where the bytes begin in the attempt's output.
    start   INTEGER NOT NULL,
    step    INTEGER NOT NULL,
    bytes   BLOB NOT NULL,
    PRIMARY KEY (run_id, attempt, start)
);

CREATE TABLE run_notes (
    id     INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    at     INTEGER NOT NULL,
    text   TEXT NOT NULL
);

CREATE INDEX run_notes_of_run ON run_notes (run_id, id);

CREATE TABLE workers (
    name         TEXT PRIMARY KEY,
    host         TEXT NOT NULL,
    pid          INTEGER NOT NULL,
    version      TEXT NOT NULL,
    slots        INTEGER NOT NULL,
    started_at   INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL
);
