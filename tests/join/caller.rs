//! A host that is none of the lab's: a key pair, and calls that a test can spoil.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::fleet::{Fleet, UP};
use crate::process::Process;

pub struct Answer {
    pub status: u16,
    headers: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        self.headers.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_default()
    }
}

/// What curl gets, with these more words.
fn curl(words: &[&str], body: Option<&str>) -> Answer {
    use std::io::Write;
    let mut command = Command::new("curl");
    command.args(["-sS", "--max-time", "60", "-D", "-"]).args(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("curl");
    let mut pipe = child.stdin.take().expect("a pipe");
    // Who refuses what is too large may not read it to its end.
    let _ = pipe.write_all(body.unwrap_or_default().as_bytes());
    drop(pipe);
    let output = child.wait_with_output().expect("curl");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (headers, body) = text.split_once("\r\n\r\n").expect("an answer");
    let status = headers.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer {
        status,
        headers: headers.to_ascii_lowercase().replace('\r', ""),
        body: body.to_owned(),
    }
}

pub fn get(address: &str, path: &str) -> Answer {
    curl(&[&format!("http://{address}{path}")], None)
}

/// Adds a server that joins by the script, where nobody is, and gives its line.
pub fn added(fleet: &Fleet, name: &str) -> String {
    let text = fleet.ok(&["server", "add", name, "192.0.2.1", "--join", "--json"]);
    let added: Value = serde_json::from_str(&text).expect("JSON");
    added["line"]["curl"].as_str().expect("a line").to_owned()
}

/// A server that joins, and a host that is none of the lab's: a key pair.
pub struct World {
    _up: Process,
    pub fleet: Fleet,
    pub address: String,
    pub token: String,
}

/// What a callback is made of, so that a test can spoil one thing.
#[derive(Clone)]
pub struct Call {
    pub server: i64,
    pub provision: &'static str,
    pub sequence: String,
    pub key: PathBuf,
    pub namespace: &'static str,
    pub body: String,
    /// Signed instead of the body.
    pub signs: Option<String>,
}

pub const GO: &str = "00112233445566778899aabbccddeeff";
pub const OTHER_GO: &str = "ffeeddccbbaa99887766554433221100";

impl World {
    pub fn new() -> Self {
        Self::of(Fleet::embedded())
    }

    pub fn of(fleet: Fleet) -> Self {
        let fleet = fleet.with("GROUNDCREW_URL", "https://panel.example.com");
        let mut up = fleet.start(&UP);
        let address = up.wait_for("listening address=").rsplit('=').next().expect("one").to_owned();
        up.wait_for("the worker is ready");
        let line = added(&fleet, "edge-1");
        let token = line.split("/join/").nth(1).and_then(|rest| rest.split(' ').next());
        let token = token.expect("a token").to_owned();
        let world = Self { _up: up, fleet, address, token };
        world.key("host");
        world
    }

    /// A host's key.
    pub fn key(&self, name: &str) -> PathBuf {
        let path = self.fleet.folder.path().join(name);
        if !path.exists() {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path);
            assert!(keygen.status().expect("ssh-keygen").success());
        }
        path
    }

    pub fn step(&self, sequence: i64, step: i64) -> Call {
        let mut body = json!({ "step": step, "status": "completed", "os_name": "Debian" });
        if step == 1 {
            body["token"] = json!(self.token);
        }
        Call {
            server: 1,
            provision: GO,
            sequence: sequence.to_string(),
            key: self.key("host"),
            namespace: "groundcrew-callback",
            body: body.to_string(),
            signs: None,
        }
    }

    pub fn signature(&self, call: &Call) -> String {
        use std::io::Write;
        let body = self.fleet.folder.path().join("body");
        fs::write(&body, call.signs.as_ref().unwrap_or(&call.body)).expect("a body");
        let digest = Command::new("sha256sum").arg(&body).output().expect("sha256sum");
        let digest = String::from_utf8_lossy(&digest.stdout)[..64].to_owned();
        let Call { server, provision, sequence, .. } = call;
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-Y", "sign", "-n", call.namespace, "-f"]).arg(&call.key);
        let mut keygen =
            keygen.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("ssh-keygen");
        let mut pipe = keygen.stdin.take().expect("a pipe");
        write!(pipe, "POST /servers/{server}/provision/step\n{provision}\n{sequence}\n{digest}\n")
            .expect("written");
        drop(pipe);
        let output = keygen.wait_with_output().expect("a signature");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().filter(|line| !line.starts_with("-----")).collect()
    }

    pub fn send(&self, call: &Call) -> Answer {
        self.send_signed(call, &self.signature(call))
    }

    pub fn send_signed(&self, call: &Call, signature: &str) -> Answer {
        let headers = [
            format!("Groundcrew-Provision: {}", call.provision),
            format!("Groundcrew-Sequence: {}", call.sequence),
            format!("Groundcrew-Signature: {signature}"),
        ];
        let url = format!("http://{}/servers/{}/provision/step", self.address, call.server);
        let mut words = vec![url.as_str(), "--data-binary", "@-", "-H", "Expect:"];
        for header in &headers {
            words.extend(["-H", header]);
        }
        curl(&words, Some(&call.body))
    }

    #[track_caller]
    pub fn takes(&self, call: &Call, status: &str) {
        let answer = self.send(call);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!(body["provision_status"], status);
    }

    /// It is refused, nothing changes, and the audit log has one more.
    #[track_caller]
    pub fn refuses(&self, call: &Call, status: u16, says: &str) {
        let signature = self.signature(call);
        self.refuses_signed(call, &signature, status, says);
    }

    #[track_caller]
    pub fn refuses_signed(&self, call: &Call, signature: &str, status: u16, says: &str) {
        let before = (self.fleet.server("edge-1"), self.refusals());
        let answer = self.send_signed(call, signature);
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(says), "{says:?} is not said: {}", answer.body);
        assert_eq!(self.fleet.server("edge-1"), before.0, "nothing changes");
        assert_eq!(self.refusals(), before.1 + 1, "the audit log has it");
    }

    pub fn refusals(&self) -> i64 {
        let database = self.fleet.folder.path().join("data/groundcrew.db");
        let count = "SELECT count(*) FROM audit_log WHERE action = 'callback.refused'";
        let output = Command::new("sqlite3").arg("-readonly").arg(database).arg(count).output();
        let output = output.expect("sqlite3");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    }
}
