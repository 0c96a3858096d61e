//! Each answer that a callback can get: taken, answered once more, refused. What is refused
//! changes nothing, and the audit log has it. Promise 9.

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
struct World {
    _up: Process,
    fleet: Fleet,
    address: String,
    token: String,
}

/// What a callback is made of, so that a test can spoil one thing.
#[derive(Clone)]
struct Call {
    server: i64,
    provision: &'static str,
    sequence: String,
    key: PathBuf,
    namespace: &'static str,
    body: String,
    /// Signed instead of the body.
    signs: Option<String>,
}

const GO: &str = "00112233445566778899aabbccddeeff";
const OTHER_GO: &str = "ffeeddccbbaa99887766554433221100";

impl World {
    fn new() -> Self {
        let fleet = Fleet::embedded().with("GROUNDCREW_URL", "https://panel.example.com");
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
    fn key(&self, name: &str) -> PathBuf {
        let path = self.fleet.folder.path().join(name);
        if !path.exists() {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path);
            assert!(keygen.status().expect("ssh-keygen").success());
        }
        path
    }

    fn step(&self, sequence: i64, step: i64) -> Call {
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

    fn signature(&self, call: &Call) -> String {
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

    fn send(&self, call: &Call) -> Answer {
        self.send_signed(call, &self.signature(call))
    }

    fn send_signed(&self, call: &Call, signature: &str) -> Answer {
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
    fn takes(&self, call: &Call, status: &str) {
        let answer = self.send(call);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!(body["provision_status"], status);
    }

    /// It is refused, nothing changes, and the audit log has one more.
    #[track_caller]
    fn refuses(&self, call: &Call, status: u16, says: &str) {
        let signature = self.signature(call);
        self.refuses_signed(call, &signature, status, says);
    }

    #[track_caller]
    fn refuses_signed(&self, call: &Call, signature: &str, status: u16, says: &str) {
        let before = (self.fleet.server("edge-1"), self.refusals());
        let answer = self.send_signed(call, signature);
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(says), "{says:?} is not said: {}", answer.body);
        assert_eq!(self.fleet.server("edge-1"), before.0, "nothing changes");
        assert_eq!(self.refusals(), before.1 + 1, "the audit log has it");
    }

    fn refusals(&self) -> i64 {
        let database = self.fleet.folder.path().join("data/groundcrew.db");
        let count = "SELECT count(*) FROM audit_log WHERE action = 'callback.refused'";
        let output = Command::new("sqlite3").arg("-readonly").arg(database).arg(count).output();
        let output = output.expect("sqlite3");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    }
}

#[test]
fn taken_in_order_and_answered_once_more() {
    let world = World::new();
    let (one, two, three) = (world.step(1, 1), world.step(2, 2), world.step(3, 3));
    world.refuses(&two, 403, "no host has enrolled");
    world.takes(&one, "installing");
    let after = world.fleet.server("edge-1");
    world.takes(&one, "installing");
    assert_eq!(world.fleet.server("edge-1"), after, "the stored answer changes nothing");
    let other = Call { body: one.body.replace("Debian", "Other"), ..one.clone() };
    world.refuses(&other, 409, "used for something else");
    world.refuses(&three, 409, "out of order");
    world.refuses(&world.step(2, 3), 409, "not the one at work");
    world.refuses(&world.step(2, 1), 409, "step 1 comes first");
    world.refuses(&Call { provision: OTHER_GO, ..two.clone() }, 409, "another one was begun");
    world.refuses(&Call { provision: OTHER_GO, ..one.clone() }, 409, "being provisioned");
    world.takes(&two, "installing");
    let failed = three.body.replace(r#""completed""#, r#""failed""#);
    world.takes(&Call { body: failed, ..three }, "failed");
    world.takes(&Call { provision: OTHER_GO, ..one }, "installing");
}

#[test]
fn signed_by_somebody_else_or_for_something_else() {
    let world = World::new();
    let one = world.step(1, 1);
    world.refuses(&Call { namespace: "git", ..one.clone() }, 403, "not for this request");
    world.refuses(&Call { signs: Some("{}".to_owned()), ..one.clone() }, 403, "not for this");
    let signature = world.signature(&one);
    let moved = Call { sequence: "2".to_owned(), ..one.clone() };
    world.refuses_signed(&moved, &signature, 403, "not for this request");
    let moved = Call { provision: OTHER_GO, ..one.clone() };
    world.refuses_signed(&moved, &signature, 403, "not for this request");
    let moved = Call { server: 2, ..one.clone() };
    world.refuses_signed(&moved, &signature, 403, "not for this request");
    for none in ["", "AAAA", "!", &signature[..40]] {
        let says = if none.is_empty() { "Groundcrew-Signature" } else { "can't be read" };
        let status = if none.is_empty() { 400 } else { 403 };
        world.refuses_signed(&one, none, status, says);
    }
    world.refuses(&Call { server: 99, ..one.clone() }, 403, "no server waits");
    let no_token = Call { body: r#"{"step":1,"status":"completed"}"#.to_owned(), ..one.clone() };
    world.refuses(&no_token, 403, "not the server's last one");
    world.takes(&one, "installing");
    let other = Call { key: world.key("other"), ..world.step(2, 2) };
    world.refuses(&other, 403, "another host has enrolled");
    let other = Call { provision: OTHER_GO, key: world.key("other"), ..one };
    world.refuses(&other, 403, "another host has enrolled");
}

#[test]
fn not_what_a_script_sends() {
    let world = World::new();
    let one = world.step(1, 1);
    world.takes(&one, "installing");
    let with = |body: &str| Call { body: body.to_owned(), ..world.step(2, 2) };
    for (body, says) in [
        ("", "not what a script sends"),
        ("{}", "missing field"),
        (r#"{"step":4,"status":"completed"}"#, "no step 4"),
        (r#"{"step":0,"status":"completed"}"#, "no step 0"),
        (r#"{"step":2,"status":"installing"}"#, "no status"),
        (r#"{"step":2,"status":"cancelled"}"#, "no status"),
        (r#"{"step":2,"status":"completed","more":1}"#, "unknown field"),
    ] {
        world.refuses(&with(body), 400, says);
    }
    let signature = world.signature(&world.step(2, 2));
    for (provision, sequence) in [("x", "2"), (GO, "0"), (GO, "x"), (GO, "-1")] {
        let call = Call { provision, sequence: sequence.to_owned(), ..world.step(2, 2) };
        world.refuses_signed(&call, &signature, 400, "Groundcrew-");
    }
    let large = format!(r#"{{"step":2,"status":"failed","error":"{}"}}"#, "x".repeat(20_000));
    world.refuses(&with(&large), 413, "at most");
    world.takes(&world.step(2, 2), "installing");
}

/// An address that sends nonsense is told to wait, and can't fill the audit log.
#[test]
fn too_often() {
    let world = World::new();
    let call = Call { sequence: "x".to_owned(), ..world.step(1, 1) };
    let waits = (0..300).map(|_| world.send_signed(&call, "x")).find(|answer| answer.status == 429);
    let answer = waits.expect("it is told to wait");
    assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0));
    assert!(world.refusals() <= 150);
}

/// Two with the same number at the same moment: one is taken, and both get its answer.
#[test]
fn at_the_same_moment() {
    let world = World::new();
    let one = world.step(1, 1);
    let signature = world.signature(&one);
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let call = || world.send_signed(&one, &signature).status;
        let calls: Vec<_> = (0..8).map(|_| scope.spawn(call)).collect();
        calls.into_iter().map(|call| call.join().expect("an answer")).collect()
    });
    assert_eq!(answers, [200; 8]);
    assert_eq!(world.fleet.server("edge-1")["revision"], 2, "one change");
}
