-- People: how they sign in, and who is signed in.

-- NULL: can't sign in yet. As argon2id's PHC string.
ALTER TABLE users ADD COLUMN password_hash TEXT;

-- A browser that is signed in. Its cookie holds 32 random bytes; here is only their SHA-256.
CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    session_hash BLOB NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    -- Where it was begun, and what the browser calls itself: for who wonders whether it was them.
    address      TEXT NOT NULL,
    agent        TEXT NOT NULL
);

CREATE INDEX sessions_of_user ON sessions (user_id, id);

-- A link that lets a user choose a password, once. Here is only the SHA-256 of its end.
CREATE TABLE sign_in_links (
    link_hash  BLOB PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
);

-- What is old is forgotten.
CREATE INDEX audit_log_old ON audit_log (at);
