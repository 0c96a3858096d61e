-- Who may ask over the API, what was asked and must not be done twice, and who did what.

-- A bearer token. Its text is shown once; here is only its SHA-256.
CREATE TABLE tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    token_hash   BLOB NOT NULL UNIQUE,
    -- Words with commas between them: read, operate, write.
    scopes       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    expires_at   INTEGER,
    UNIQUE (user_id, name)
);

-- A request with an Idempotency-Key, and its answer once there is one.
CREATE TABLE idempotency_keys (
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key        TEXT NOT NULL,
    -- Digest of the request, encrypted: a secret in it could be guessed from a plain one.
    request    BLOB NOT NULL,
    -- The id of what is made. Known before, so that who comes again makes nothing twice.
    made       TEXT NOT NULL,
    status     INTEGER,
    body       TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key),
    CHECK ((status IS NULL) = (body IS NULL))
);

CREATE INDEX idempotency_keys_old ON idempotency_keys (created_at);

-- Who did what. It outlives what it names, so nothing is referenced.
CREATE TABLE audit_log (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    user_id   INTEGER,
    -- As "token ci" or "cli root".
    actor     TEXT NOT NULL,
    address   TEXT,
    -- As "run.cancel".
    action    TEXT NOT NULL,
    server_id INTEGER,
    run_id    TEXT,
    detail    TEXT
);

CREATE INDEX audit_log_of_server ON audit_log (server_id, id) WHERE server_id IS NOT NULL;

-- Lists of one user go through them by id.
CREATE INDEX servers_of_user ON servers (user_id, id);
