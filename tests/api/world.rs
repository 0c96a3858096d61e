//! An installation with two users, each with a token that may do everything.

use std::collections::BTreeSet;

use groundcrew::model::{NewToken, Scope};
use groundcrew::store::Store;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, Connection, Row};

use crate::client::Client;
use crate::fleet::Fleet;
use crate::process::Process;

/// A key of the right form, of nobody.
pub const HOST_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEq4HmRnT9m0MSq+mmEgBrIFRUGhqjBjpHE9GlyD2u7k";

pub const ALL: [Scope; 3] = Scope::ALL;

pub struct World {
    // Before the folder that its log is in.
    pub up: Process,
    pub fleet: Fleet,
    /// The installation's first user.
    pub first: Client,
    /// Another one.
    pub second: Client,
    database: String,
}

impl World {
    /// All in one process, on SQLite; with a job of one step that prints.
    pub fn embedded() -> Self {
        let fleet = Fleet::embedded();
        fleet.job("prints", &crate::job::of(&[("prints", "echo hello")]));
        let database =
            format!("sqlite:{}", fleet.folder.path().join("data/groundcrew.db").display());
        Self::of(fleet, &database)
    }

    /// Of a fleet that is set up.
    pub fn of(fleet: Fleet, database: &str) -> Self {
        let mut up = fleet.up();
        let address = address(&mut up);
        let client = |token: String| Client { address: address.clone(), token };
        let database = database.to_owned();
        let user = "INSERT INTO users (name, created_at) VALUES ('other', 1)";
        block_on(execute(&database, user));
        let token = |user, name| block_on(add_token(&database, user, name, &ALL, None));
        let (first, second) = (client(token(1, "first")), client(token(2, "second")));
        Self { up, fleet, first, second, database }
    }

    /// The first user, asking another process on the same database.
    pub fn client_of(&self, web: &mut Process) -> Client {
        Client { address: address(web), ..self.first.clone() }
    }

    /// The first user, with a token of these scopes.
    pub fn with(&self, scopes: &[Scope]) -> Client {
        let name = scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join("-");
        self.with_token(&name, scopes, None)
    }

    /// The same with a token that ends.
    pub fn with_token(
        &self,
        name: &str,
        scopes: &[Scope],
        expires_at: Option<Timestamp>,
    ) -> Client {
        let token = block_on(add_token(&self.database, 1, name, scopes, expires_at));
        Client { token, ..self.first.clone() }
    }

    pub fn stranger(&self) -> Client {
        Client { token: String::new(), ..self.first.clone() }
    }

    /// SQL past the API.
    pub fn sql(&self, text: &str) {
        block_on(execute(&self.database, text));
    }

    /// A row, as texts, and "-" for what is not there.
    pub fn rows(&self, text: &str) -> Vec<Vec<String>> {
        block_on(async {
            let mut connection = connect(&self.database).await;
            let sql = sqlx::AssertSqlSafe(text.to_owned());
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("rows");
            let cell = |row: &sqlx::any::AnyRow, column| {
                row.try_get::<Option<String>, _>(column).expect("a text").unwrap_or("-".to_owned())
            };
            rows.iter()
                .map(|row| (0..row.len()).map(|column| cell(row, column)).collect())
                .collect()
        })
    }
}

impl Client {
    /// Adds a server that nobody can reach, and gives its id.
    #[track_caller]
    pub fn add_server(&self, name: &str) -> i64 {
        let server = json!({ "name": name, "host": "192.0.2.1", "host_key": HOST_KEY });
        self.post("/servers", server).is(201)["id"].as_i64().expect("an id")
    }

    /// Asks for a run, and gives its id.
    #[track_caller]
    pub fn ask(&self, server: i64, job: &str) -> String {
        let asked = self.post(&format!("/servers/{server}/runs"), json!({ "jobs": [job] }));
        asked.is(201)["id"].as_str().expect("an id").to_owned()
    }

    #[track_caller]
    pub fn run(&self, id: &str) -> Value {
        self.get(&format!("/runs/{id}")).is(200)
    }
}

fn address(up: &mut Process) -> String {
    let line = up.wait_for("listening address=");
    line.rsplit('=').next().expect("an address").to_owned()
}

/// Past the command line, which makes tokens for the first user only.
async fn add_token(
    database: &str,
    user: i64,
    name: &str,
    scopes: &[Scope],
    expires_at: Option<Timestamp>,
) -> String {
    let text = format!("gcr_test-{user}-{name}");
    let scopes: BTreeSet<Scope> = scopes.iter().copied().collect();
    let new = NewToken { name: name.to_owned(), scopes, expires_at };
    let store = Store::open(database, false).await.expect("the database");
    store.add_token(user, &new, &Sha256::digest(&text)).await.expect("a token");
    store.close().await;
    text
}

async fn connect(database: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(database).await.expect("the database")
}

async fn execute(database: &str, text: &str) {
    let mut connection = connect(database).await;
    let sql = sqlx::AssertSqlSafe(text.to_owned());
    sqlx::raw_sql(sql).execute(&mut connection).await.expect("SQL");
    connection.close().await.expect("closed");
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}
