//! Servers that join, as a program adds and watches them over the API.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine;
use groundcrew::model::{Callback, Called, Facts};
use groundcrew::store::Store;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

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

    /// Adds the host as a server that a worker can log in to, with a key that a person has let in
    /// there as this user. Gives its id, and the key.
    #[track_caller]
    pub fn add_by_login(&self, host: &Host<'_>, user: &str, install: &Value) -> (i64, Key) {
        let key = Key::of(&self.fleet);
        key.let_in(host, user);
        let wanted = json!({
            "name": "edge-1", "host": host.address, "ssh_user": user, "joins_by": "login",
            "private_key": key.private(), "install": install,
        });
        (self.client.post("/servers", wanted).is(201)["id"].as_i64().expect("an id"), key)
    }

    /// Adds a server that joins by the script, and plays the script's part: the key that is made
    /// for it is let in on the host, as root and, if wanted, as the app user; the callbacks are
    /// signed with this key. A worker goes on from there. Gives its id, and the key.
    #[track_caller]
    pub fn add_by_script(
        &self,
        host: &Host<'_>,
        key: &str,
        app_user: bool,
        install: &Value,
    ) -> (i64, Key) {
        let (id, own) = self.wait_for_script(host, app_user, install);
        self.call_back(id, key);
        (id, own)
    }

    /// The same without the callbacks.
    #[track_caller]
    pub fn wait_for_script(&self, host: &Host<'_>, app_user: bool, install: &Value) -> (i64, Key) {
        let wanted = json!({
            "name": "edge-1", "host": host.address, "joins_by": "script", "install": install,
        });
        let added = self.client.post("/servers", wanted).is(201);
        let id = added["id"].as_i64().expect("an id");
        let own = Key(added["public_key"].as_str().expect("a key").to_owned(), None);
        own.let_in(host, "root");
        host.run("id deploy 2>/dev/null || useradd --create-home --shell /bin/bash deploy");
        if app_user {
            own.let_in(host, "deploy");
        }
        (id, own)
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

/// A key to log in with: its public half, and where the private one is, if it is known.
pub struct Key(pub String, Option<PathBuf>);

impl Key {
    /// A new one of a person's, in the fleet's folder.
    pub fn of(fleet: &Fleet) -> Self {
        let path = fleet.folder.path().join("persons-key");
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", "person", "-f"]).arg(&path);
        assert!(keygen.status().expect("ssh-keygen").success());
        let public = std::fs::read_to_string(path.with_extension("pub")).expect("a key");
        Self(public.trim_end().to_owned(), Some(path))
    }

    pub fn path(&self) -> &str {
        self.1.as_ref().and_then(|path| path.to_str()).expect("a person's")
    }

    fn private(&self) -> String {
        std::fs::read_to_string(self.path()).expect("a key")
    }

    /// Lets it in as this user.
    pub fn let_in(&self, host: &Host<'_>, user: &str) {
        host.run(&format!(
            "home=$(getent passwd {user} | cut -d : -f 6)
             install -d -o {user} -g {user} -m 700 $home/.ssh
             echo '{}' >>$home/.ssh/authorized_keys
             chown {user}: $home/.ssh/authorized_keys",
            self.0
        ));
    }

    /// How often somebody has logged in to the host with it.
    pub fn logins(&self, host: &Host<'_>) -> usize {
        let key = self.0.split(' ').nth(1).expect("base64");
        let bytes = base64::engine::general_purpose::STANDARD.decode(key).expect("base64");
        let fingerprint =
            base64::engine::general_purpose::STANDARD_NO_PAD.encode(Sha256::digest(bytes));
        let log = host.run("journalctl -u ssh --no-pager");
        log.lines().filter(|line| line.contains("Accepted") && line.contains(&fingerprint)).count()
    }
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
