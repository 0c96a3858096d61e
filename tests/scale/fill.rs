//! An installation that has been at work for a year: servers of many owners, their runs with
//! steps, attempts and some output, and what people and hosts leave behind. The database makes it
//! by itself, in seconds.

use crate::harness::{execute, outline};

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub servers: i64,
    pub runs: i64,
    /// Of these, the last ones wait, ...
    pub pending: i64,
    /// ... and those before them are at work.
    pub installing: i64,
    /// In so many pieces one run has written its output.
    pub chunks: i64,
}

/// What there is to look at: the common and the extreme.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Owns every second server, and of 50 others one each.
    pub owner: i64,
    pub poor: i64,
    /// A server with its share of the runs, and one that has every 20th of all.
    pub server: i64,
    pub busy: i64,
    /// Servers that have not joined, or are being worked on.
    pub open: Vec<i64>,
    /// Of the owner's: completed, at work, waiting; and the one with many pieces of output.
    pub completed: String,
    pub installing: String,
    pub pending: String,
    pub talkative: String,
}

const YEAR: i64 = 365 * 24 * 60 * 60 * 1000;
const DAY: i64 = 24 * 60 * 60 * 1000;

/// The words in which the databases differ.
struct Words {
    is_sqlite: bool,
}

impl Words {
    /// A table `s` with the numbers `i` from 1 on.
    fn series(&self, count: i64) -> String {
        match self.is_sqlite {
            false => format!("generate_series(CAST(1 AS BIGINT), {count}) AS s(i)"),
            true => format!(
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
                 SELECT i FROM n) AS s"
            ),
        }
    }

    /// The id of the run number `i` that was asked for at `created`: a UUID v7.
    fn id(&self) -> &'static str {
        match self.is_sqlite {
            false => {
                "lpad(to_hex(created / 65536), 8, '0') || '-' || lpad(to_hex(created % 65536), 4, '0') \
                 || '-7000-8000-' || lpad(to_hex(i), 12, '0')"
            }
            true => "printf('%08x-%04x-7000-8000-%012x', created / 65536, created % 65536, i)",
        }
    }

    fn bytes(&self, length: i64) -> String {
        match self.is_sqlite {
            false => format!("convert_to(repeat('x', {length}), 'UTF8')"),
            true => format!("CAST(printf('%.*c', {length}, 'x') AS BLOB)"),
        }
    }

    /// The SHA-256 that the numbers stand for.
    fn hash(&self) -> &'static str {
        match self.is_sqlite {
            false => "convert_to('hash ' || i, 'UTF8')",
            true => "CAST('hash ' || i AS BLOB)",
        }
    }
}

impl Size {
    fn created(&self, i: i64, now: i64) -> i64 {
        now - YEAR + YEAR / self.runs * i
    }

    /// The id of the run with this number.
    fn run(&self, i: i64, now: i64) -> String {
        let created = self.created(i, now);
        format!("{:08x}-{:04x}-7000-8000-{i:012x}", created >> 16, created & 0xffff)
    }

    fn server_of(&self, i: i64) -> i64 {
        if i % 20 == 0 { 1 } else { 2 + (i * 7919) % (self.servers - 1) }
    }

    /// The first run from here on that is a server's with an even number, so the owner's.
    fn owners(&self, from: i64) -> i64 {
        (from..).find(|&i| i % 20 != 0 && self.server_of(i) % 2 == 0).expect("one of them")
    }

    fn users(&self) -> i64 {
        self.servers / 100
    }
}

/// Fills an empty, migrated database, and has it count what it has.
pub async fn fill(url: &str, is_sqlite: bool, size: Size) -> Sample {
    let now = jiff::Timestamp::now().as_millisecond();
    let words = Words { is_sqlite };
    let mut sql = people(&words, size, now);
    sql += &servers(&words, size, now);
    sql += &runs(&words, size, now);
    let speed = match is_sqlite {
        true => "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;",
        false => "SET synchronous_commit = off; SET maintenance_work_mem = '512MB';",
    };
    execute(url, &format!("{speed} BEGIN; {sql} COMMIT;")).await.expect("it fits the schema");
    execute(url, if is_sqlite { "ANALYZE" } else { "VACUUM ANALYZE" }).await.expect("counted");
    let (waits, works) = (size.runs - size.pending, size.runs - size.pending - size.installing);
    let of = |i| size.run(size.owners(i), now);
    Sample {
        owner: 1,
        poor: 2,
        server: 2 * (size.servers / 4),
        busy: 1,
        open: (1..=size.servers / 100).map(|n| n * 100).collect(),
        completed: size.run(works - works % 20 - 100, now),
        installing: of(works + 1),
        pending: of(waits + 1),
        talkative: size.run(works - works % 20 - 20, now),
    }
}

fn people(words: &Words, size: Size, now: i64) -> String {
    let (hash, users) = (words.hash(), size.users());
    let (others, sessions, tokens) =
        (words.series(users), words.series(users * 20), words.series(users * 2));
    let requests = words.series(size.servers);
    let request = words.bytes(40);
    format!(
        "INSERT INTO users (name, created_at, password_hash) \
            SELECT 'user-' || i, {now}, 'hash' FROM {others};
        INSERT INTO sessions (user_id, session_hash, created_at, last_seen_at, expires_at, address, agent) \
            SELECT 1 + i % {users}, {hash}, {now}, {now}, {now} + {DAY}, '203.0.113.9', 'a browser' \
            FROM {sessions};
        INSERT INTO tokens (user_id, name, token_hash, scopes, created_at) \
            SELECT 1 + i % {users}, 'token-' || i, {hash}, 'operate,read', {now} FROM {tokens};
        INSERT INTO idempotency_keys (user_id, key, request, made, created_at) \
            SELECT 1 + i % {users}, 'key-' || i, {request}, 'made', {now} - i * 5000 FROM {requests};\n"
    )
}

/// Every second is the first user's, the others belong to all others. Of 100 one waits for its
/// line to be run, one runs it, one waits for a worker, one for the key that it shows.
fn servers(words: &Words, size: Size, now: i64) -> String {
    let (all, users, hash) = (words.series(size.servers), size.users(), words.hash());
    let outline = serde_json::to_string(&outline(&["install", "configure"])).expect("JSON");
    format!(
        "INSERT INTO servers (user_id, name, host, ssh_port, ssh_user, host_key, joins_by, connection, \
                provision_status, revision, announced_revision, created_at, updated_at) \
            SELECT CASE WHEN i % 2 = 0 OR i = 1 THEN 1 ELSE 2 + i % {users} END, 'edge-' || i, \
                '203.0.113.7', 22, 'root', CASE WHEN i % 100 IN (1, 4) AND i > 1 THEN '' ELSE 'ssh-ed25519 AAAA' END, \
                CASE WHEN i % 10 = 0 OR i = 1 THEN NULL WHEN i % 10 = 4 THEN 'login' ELSE 'script' END, \
                'connected', CASE WHEN i % 100 IN (1, 2, 3, 4) AND i > 1 THEN 'installing' \
                    WHEN i % 100 = 0 THEN 'failed' ELSE 'completed' END, \
                50, 50, {now} - {YEAR}, {now} FROM {all};
        INSERT INTO provision_steps (server_id, number, status, started_at, finished_at) \
            SELECT id, n, status, CASE WHEN status <> 'pending' THEN {now} END, \
                CASE WHEN status = 'completed' THEN {now} END \
            FROM (SELECT id, n, CASE \
                    WHEN id % 100 = 1 AND n = 1 THEN 'pending' WHEN id % 100 = 4 AND n = 1 THEN 'pending' \
                    WHEN id % 100 = 2 AND n = 2 THEN 'installing' WHEN id % 100 = 3 AND n = 4 THEN 'pending' \
                    WHEN id % 100 IN (1, 4) OR (id % 100 = 2 AND n > 2) THEN 'pending' \
                    ELSE 'completed' END AS status \
                FROM servers CROSS JOIN (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) AS four \
                WHERE joins_by IS NOT NULL) AS steps;
        INSERT INTO joins (server_id, token_hash, expires_at, enrolled_key, enrolled_from, enrolled_at, provision, sequence, heard_at) \
            SELECT i, {hash}, {now}, 'ssh-ed25519 AAAA', '203.0.113.7', {now} - {DAY}, 'go', 3, {now} - {DAY} \
            FROM {all} JOIN servers ON id = i WHERE joins_by = 'script';
        INSERT INTO callbacks (server_id, provision, sequence, body_digest, answer, at) \
            SELECT server_id, 'go', n, 'digest', 'installing', {now} \
            FROM joins CROSS JOIN (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3) AS three;
        INSERT INTO provision_wants (server_id, run_id, jobs, parameters, untested_system, outline, digest, asked_at) \
            SELECT id, 'wanted-' || id, '[\"nginx\"]', '{{}}', 0, '{outline}', 'd1', {now} \
            FROM servers WHERE joins_by IS NOT NULL;\n"
    )
}

/// Most have ended; the last ones wait or are at work, each of these on a server of its own.
fn runs(words: &Words, size: Size, now: i64) -> String {
    let Size { servers, runs, pending, installing, chunks } = size;
    let (id, all, many) = (words.id(), words.series(runs), words.series(chunks));
    let (waits, works) = (runs - pending, runs - pending - installing);
    let created = format!("{} + {} * i", now - YEAR, YEAR / runs);
    let outline = serde_json::to_string(&outline(&["install", "configure"])).expect("JSON");
    let (piece, short) = (words.bytes(512), words.bytes(20));
    let (kept, talkative) =
        (now - 90 * DAY - 40 * (YEAR / runs), size.run(works - works % 20 - 20, now));
    format!(
        "INSERT INTO runs (id, server_id, jobs, parameters, untested_system, outline, digest, status, \
                epoch, worker, lease_until, due_at, host_state, error_kind, error, changed, output_bytes, \
                created_at, started_at, finished_at) \
            SELECT {id}, server, CASE i % 5 WHEN 0 THEN '[\"nginx\"]' WHEN 1 THEN '[\"php\"]' \
                    WHEN 2 THEN '[\"redis\"]' WHEN 3 THEN '[\"firewall\"]' ELSE '[\"postgres\"]' END, \
                '{{}}', 0, '{outline}', 'd1', status, CASE status WHEN 'pending' THEN 0 ELSE 1 END, \
                CASE status WHEN 'installing' THEN 'worker-' || i % 4 END, \
                CASE status WHEN 'installing' THEN {now} + {DAY} END, created, \
                CASE WHEN status = 'failed' AND i % 5000 = 7 THEN 'unknown' END, \
                CASE status WHEN 'failed' THEN 'step_failed' END, CASE status WHEN 'failed' THEN 'it did' END, \
                CASE status WHEN 'completed' THEN 1 END, 1024, created, \
                CASE WHEN status <> 'pending' THEN created + 1000 END, \
                CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN created + 60000 END \
            FROM (SELECT i, {created} AS created, \
                    CASE WHEN i % 20 = 0 THEN 1 ELSE 2 + (i * 7919) % ({servers} - 1) END AS server, \
                    CASE WHEN i > {waits} THEN 'pending' WHEN i > {works} AND i % 20 <> 0 THEN 'installing' \
                        WHEN i % 100 IN (7, 17, 27) THEN 'failed' WHEN i % 100 = 37 THEN 'cancelled' \
                        ELSE 'completed' END AS status \
                FROM {all}) AS run;
        INSERT INTO installed (server_id, jobs, first_run) \
            SELECT server_id, jobs, min(id) FROM runs WHERE status = 'completed' GROUP BY server_id, jobs;
        INSERT INTO run_steps (run_id, number, job, name, title, handler, status, changed, starts, error, started_at, finished_at) \
            SELECT id, n, 'nginx', 'step', 'Doing it', CASE n WHEN 3 THEN 1 ELSE 0 END, status, \
                CASE status WHEN 'completed' THEN 1 END, 1, CASE status WHEN 'failed' THEN 'it did' END, \
                CASE WHEN status <> 'pending' THEN created_at + 1000 END, \
                CASE WHEN status IN ('completed', 'failed') THEN created_at + 60000 END \
            FROM (SELECT id, created_at, n, CASE WHEN n = 3 OR runs.status = 'pending' THEN 'pending' \
                        WHEN n = 1 THEN 'completed' WHEN runs.status = 'cancelled' THEN 'pending' \
                        ELSE runs.status END AS status \
                FROM runs CROSS JOIN (SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT 3) AS three) AS steps;
        INSERT INTO run_attempts (run_id, number, first_step, boot, journal, output, lost, started_at) \
            SELECT id, 1, 1, 'boot', '1 begin 2 start 1 3 changed 1', 1024, 0, started_at FROM runs \
            WHERE started_at IS NOT NULL;
        INSERT INTO run_output (run_id, attempt, start, step, bytes) \
            SELECT id, 1, 512 * n, 1, {piece} FROM runs CROSS JOIN (SELECT 0 AS n UNION ALL SELECT 1) AS two \
            WHERE started_at > {kept} AND substr(id, 36) IN ('1', '5', '9', 'd') AND id <> '{talkative}';
        INSERT INTO run_output (run_id, attempt, start, step, bytes) \
            SELECT '{talkative}', 1, 20 * i, 1 + i % 2, {short} FROM {many};
        INSERT INTO run_notes (run_id, at, text) \
            SELECT id, created_at, 'the host rebooted' FROM runs WHERE substr(id, 36) = '3';
        INSERT INTO audit_log (at, user_id, actor, action, server_id, run_id) \
            SELECT created_at, owner_id, 'user', 'run.ask', server_id, id FROM runs;\n"
    )
}
