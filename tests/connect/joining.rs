//! Servers that join, as a program adds and watches them over the API.

use std::process::Command;

use groundcrew::model::{Callback, Called, Facts};
use groundcrew::store::Store;
use serde_json::{Value, json};

use crate::client::Client;
use crate::fleet::Fleet;
use crate::lab::{Host, wait_until};
use crate::process::Process;

/// An installation with a token that may do everything.
pub struct World {
    // Before the folder that its log is in.
    pub up: Process,
    pub fleet: Fleet,
    pub client: Client,
    database: String,
}

impl World {
    /// All in one process, on SQLite.
    pub fn embedded() -> Self {
        let fleet = Fleet::embedded();
        let database =
            format!("sqlite:{}", fleet.folder.path().join("data/groundcrew.db").display());
        Self::of(fleet, &database)
    }

    /// Of a fleet that is set up, on this database.
    pub fn of(fleet: Fleet, database: &str) -> Self {
        // Where nobody listens: these tests run no line.
        let fleet = fleet.with("GROUNDCREW_URL", "http://192.0.2.1:8080");
        let mut up = fleet.up();
        let line = up.wait_for("listening address=");
        let address = line.rsplit('=').next().expect("an address").to_owned();
        let made = fleet.ok(&["token", "create", "t", "--scope", "read,operate,write", "--json"]);
        let made: Value = serde_json::from_str(&made).expect("JSON");
        let token = made["token"].as_str().expect("a token").to_owned();
        Self { up, fleet, client: Client { address, token }, database: database.to_owned() }
    }

    /// Asks the store itself.
    pub fn store<T, F: Future<Output = T>>(&self, ask: impl FnOnce(Store) -> F) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            ask(Store::open(&self.database, false).await.expect("the database")).await
        })
    }

    /// Adds the host as a server that a worker can log in to as this user, and gives its id.
    #[track_caller]
    pub fn add_by_login(&self, host: &Host<'_>, user: &str, install: &Value) -> i64 {
        let key = std::fs::read_to_string(host.lab.key()).expect("a key");
        let wanted = json!({
            "name": "edge-1", "host": host.address, "ssh_user": user, "joins_by": "login",
            "private_key": key, "install": install,
        });
        self.client.post("/servers", wanted).is(201)["id"].as_i64().expect("an id")
    }

    /// Adds a server that joins by the script, and plays the script's part: the key that is made
    /// for it is let in on the host, as root and, if wanted, as the app user; the callbacks are
    /// signed with this key. A worker goes on from there. Gives its id.
    #[track_caller]
    pub fn add_by_script(
        &self,
        host: &Host<'_>,
        key: &str,
        app_user: bool,
        install: &Value,
    ) -> i64 {
        let wanted = json!({
            "name": "edge-1", "host": host.address, "joins_by": "script", "install": install,
        });
        let added = self.client.post("/servers", wanted).is(201);
        let id = added["id"].as_i64().expect("an id");
        let public = added["public_key"].as_str().expect("a key");
        host.run(&format!("mkdir -p /root/.ssh && echo '{public}' >>/root/.ssh/authorized_keys"));
        host.run("id deploy 2>/dev/null || useradd --create-home --shell /bin/bash deploy");
        if app_user {
            let_in(host, public);
        }
        self.call_back(id, key);
        id
    }

    /// Steps 1 to 3, as the script calls back.
    #[track_caller]
    pub fn call_back(&self, id: i64, key: &str) {
        let hash = self.token_hash(id);
        for step in 1..=3 {
            let callback = Callback {
                server_id: id,
                provision: format!("go {key}"),
                sequence: step,
                body_digest: step.to_string(),
                signed_by: key.to_owned(),
                token_hash: (step == 1).then(|| hash.clone()),
                from: "192.0.2.7".to_owned(),
                step,
                failed: None,
                facts: Facts::default(),
            };
            let called =
                self.store(async |store| store.call_back(&callback).await.expect("called"));
            assert!(matches!(called, Called::Taken { .. }), "{called:?}");
        }
    }

    /// What is kept of the line's token.
    fn token_hash(&self, id: i64) -> Vec<u8> {
        use sqlx::{AnyConnection, Connection, Row};
        self.store(async |_| {
            let mut connection = AnyConnection::connect(&self.database).await.expect("connected");
            let sql = "SELECT token_hash FROM joins WHERE server_id = $1";
            let row = sqlx::query(sql).bind(id).fetch_one(&mut connection).await;
            row.expect("a line").try_get(0).expect("a hash")
        })
    }

    #[track_caller]
    pub fn provisioning(&self, id: i64) -> Value {
        self.client.get(&format!("/servers/{id}/provisioning")).is(200)
    }

    #[track_caller]
    pub fn live(&self, id: i64) -> Value {
        self.client.get(&format!("/servers/{id}/provisioning/live")).is(200)
    }

    /// Waits for the key that a worker has learned; it must be the host's. Confirms it.
    #[track_caller]
    pub fn confirm(&self, id: i64, host: &Host<'_>) -> Value {
        let mut shown = Value::Null;
        wait_until("a host key is offered", || {
            shown = self.live(id)["host_key_offered"].clone();
            !shown.is_null()
        });
        assert_eq!(shown["fingerprint"], fingerprint(host), "{shown}");
        let body = json!({ "fingerprint": shown["fingerprint"] });
        self.client.post(&format!("/servers/{id}/confirm"), body).is(200)
    }

    /// Waits until the provisioning has this status, and gives it.
    #[track_caller]
    pub fn reaches(&self, id: i64, status: &str) -> Value {
        let mut shown = Value::Null;
        wait_until(&format!("the provisioning is {status}"), || {
            shown = self.provisioning(id);
            let now = shown["provision_status"].as_str().expect("a status");
            assert!(now == status || !["failed", "completed"].contains(&now), "{shown:#}");
            now == status
        });
        shown
    }
}

/// Lets this key in as the app user.
pub fn let_in(host: &Host<'_>, public: &str) {
    host.run(&format!(
        "install -d -o deploy -g deploy -m 700 ~deploy/.ssh
         echo '{public}' >>~deploy/.ssh/authorized_keys
         chown deploy: ~deploy/.ssh/authorized_keys"
    ));
}

/// The host's true key, as `ssh-ed25519 AAAA…`.
pub fn host_key(host: &Host<'_>) -> String {
    let known = std::fs::read_to_string(host.lab.known_hosts()).expect("known hosts");
    let line = known.lines().find(|line| line.split(' ').next() == Some(&host.address));
    line.and_then(|line| line.split_once(' ')).expect("its key").1.to_owned()
}

/// The fingerprint of that key.
fn fingerprint(host: &Host<'_>) -> String {
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-l", "-F", &host.address, "-f"]).arg(host.lab.known_hosts());
    let text = String::from_utf8(keygen.output().expect("ssh-keygen").stdout).expect("text");
    text.split_whitespace().find(|word| word.starts_with("SHA256:")).expect("a key").to_owned()
}

/// The status words of all steps.
pub fn statuses(shown: &Value) -> Vec<&'static str> {
    let steps = shown["steps"].as_array().expect("steps");
    steps.iter().map(|step| status(&step["status"])).collect()
}

fn status(flags: &Value) -> &'static str {
    let words = [
        ("isPending", "pending"),
        ("isInstalling", "installing"),
        ("isCompleted", "completed"),
        ("isFailed", "failed"),
    ];
    let set: Vec<_> = words.into_iter().filter(|(flag, _)| flags[flag] == true).collect();
    assert!(set.len() == 1 && flags.as_object().is_some_and(|all| all.len() == 4), "{flags}");
    set[0].1
}
