//! A database of its own for each test, and what most tests begin with.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use groundcrew::model::{AttemptRecord, Chunk, Claim, NewRun, NewServer, Outline, Server, StepRef};
use groundcrew::store::{Store, StoreError};
use jiff::Timestamp;
use sqlx::{AnyConnection, Connection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::postgres::Cluster;

/// Long enough for any test.
pub const LEASE: Duration = Duration::from_secs(60);

/// Makes a test of each function, on both databases.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { $crate::harness::on_sqlite(super::$name) })*
        }
        mod postgres {
            $(#[test] fn $name() { $crate::harness::on_postgres(super::$name) })*
        }
    };
}
pub(crate) use on_both;

/// A database, migrated.
pub struct Database {
    pub url: String,
    pub store: Store,
    pub is_sqlite: bool,
    _folder: Option<TempDir>,
}

pub fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Database) -> F) {
    block_on(async {
        let folder = TempDir::new().expect("a folder");
        // What a path may hold, and an URL may not.
        let url = format!("sqlite:{}", folder.path().join("a %20 fleet#.db").display());
        let store = Store::open(&url, true).await.expect("SQLite");
        store.migrate().await.expect("the schema");
        test(Database { url, store, is_sqlite: true, _folder: Some(folder) }).await;
    });
}

pub fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(Database) -> F) {
    block_on(async {
        let url = schema(cluster()).await;
        let store = Store::open(&url, false).await.expect("Postgres");
        store.migrate().await.expect("the schema");
        test(Database { url, store, is_sqlite: false, _folder: None }).await;
    });
}

/// The Postgres of all tests of this process.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}

/// A new schema; gives the address that sees only it.
pub async fn schema(cluster: &Cluster) -> String {
    static SCHEMAS: AtomicU32 = AtomicU32::new(1);
    let name = format!("test{}", SCHEMAS.fetch_add(1, Ordering::Relaxed));
    let url = cluster.url("postgres");
    execute(&url, &format!("CREATE SCHEMA {name}")).await.expect("a schema");
    format!("{url}&options[search_path]={name}")
}

pub fn block_on<F: Future<Output = ()>>(test: F) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().build().expect("a runtime").block_on(test);
}

/// Waits for a condition, with a limit.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < Duration::from_secs(20), "never seen: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// SQL past the store.
pub async fn execute(url: &str, sql: &str) -> Result<u64, sqlx::Error> {
    sqlx::any::install_default_drivers();
    // SQLite's driver decodes the path.
    let url = url.replace('%', "%25").replace(' ', "%20").replace('#', "%23");
    let mut connection = AnyConnection::connect(&url).await?;
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    let done = sqlx::raw_sql(sql).execute(&mut connection).await?;
    connection.close().await?;
    Ok(done.rows_affected())
}

impl Database {
    /// SQL past the store.
    pub async fn raw(&self, sql: &str) -> Result<u64, sqlx::Error> {
        execute(&self.url, sql).await
    }

    pub async fn server(&self, name: &str) -> Server {
        let (server, _) = self.store.add_server(&new_server(name), |_| None).await.expect("added");
        server
    }

    /// Asks for a run of two steps and a handler.
    pub async fn ask(&self, server: &Server) -> String {
        let new = new_run(server.id);
        self.store.ask(&new).await.expect("asked");
        new.id
    }

    /// Claims this run.
    pub async fn claim(&self, run: &str) -> Claim {
        self.try_claim(run).await.expect("the run may be claimed")
    }

    pub async fn try_claim(&self, run: &str) -> Option<Claim> {
        let claimed = self.store.claim(run, "worker", LEASE).await.expect("an answer");
        claimed.map(|claimed| claimed.claim)
    }

    /// A server with a run that is claimed.
    pub async fn claimed(&self) -> Claim {
        let server = self.server("edge-1").await;
        let run = self.ask(&server).await;
        self.claim(&run).await
    }

    /// Completes both steps and the run.
    pub async fn finish(&self, claim: &Claim) {
        let (store, lease) = (&self.store, &claim.lease);
        for number in 1..=2 {
            let (start, end) = (number * 2 - 1, number * 2);
            let at = at(&format!("{start} start {number}\n"));
            let _ = store.start_step(lease, &at, number, now()).await.expect("started");
            let at = crate::harness::at(&format!("{end} changed {number}\n"));
            let _ = store.complete_step(lease, &at, number, true, now()).await.expect("done");
        }
        let _ = store.complete_run(lease, None, 2).await.expect("completed");
    }
}

pub fn new_server(name: &str) -> NewServer {
    NewServer {
        user_id: 1,
        name: name.to_owned(),
        host: "203.0.113.7".to_owned(),
        ssh_port: 2222,
        ssh_user: "root".to_owned(),
        host_key: Some("ssh-ed25519 AAAA".to_owned()),
        provider: None,
        public_ip: None,
        join: None,
    }
}

pub fn new_run(server_id: i64) -> NewRun {
    NewRun {
        id: Uuid::now_v7().to_string(),
        server_id,
        jobs: vec!["nginx".to_owned()],
        parameters: BTreeMap::from([("port".to_owned(), "80".to_owned())]),
        secrets: Some(vec![0, 255, 1]),
        untested_system: true,
        outline: outline(&["install", "configure"]),
        digest: "d1".to_owned(),
    }
}

/// Steps of these names, and a handler.
pub fn outline(steps: &[&str]) -> Outline {
    let step = |name: &str| StepRef {
        job: "nginx".to_owned(),
        step: name.to_owned(),
        title: format!("Doing {name}"),
    };
    Outline {
        jobs: vec!["base".to_owned(), "nginx".to_owned()],
        steps: steps.iter().map(|name| step(name)).collect(),
        handlers: vec![step("reload nginx")],
        secrets: true,
    }
}

/// The first attempt, with these new lines of its journal.
pub fn at(journal: &str) -> AttemptRecord {
    AttemptRecord {
        number: 1,
        first: 1,
        again: None,
        boot: "boot-1".to_owned(),
        journal: journal.to_owned(),
        output: 0,
        lost: 0,
    }
}

pub fn chunk(offset: u64, bytes: &[u8]) -> Chunk {
    Chunk { attempt: 1, offset, step: 1, bytes: bytes.to_vec() }
}

pub fn now() -> Timestamp {
    Timestamp::from_millisecond(Timestamp::now().as_millisecond()).expect("a time")
}

/// Asserts what an answer is.
macro_rules! is {
    ($answer:expr, $pattern:pat $(if $guard:expr)?) => {
        match $answer {
            $pattern $(if $guard)? => (),
            other => panic!("{} is {other:?}", stringify!($answer)),
        }
    };
}
pub(crate) use is;

/// The error of a call, as its name.
pub fn name(error: &StoreError) -> String {
    format!("{error:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}
