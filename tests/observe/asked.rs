//! Asks a role over HTTP, as who watches over it does.

use std::process::Command;

use serde_json::Value;

use crate::process::Process;

/// A role's metrics listener on a port that nobody has, in place of 0.
pub const OWN: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];

/// Where it serves what it is there for.
pub fn front(role: &mut Process) -> String {
    address(role, "listening address=")
}

/// Where its figures are read.
pub fn figures(role: &mut Process) -> String {
    address(role, "metrics can be read at=")
}

fn address(role: &mut Process, said: &str) -> String {
    let line = role.wait_for(said);
    line.rsplit('=').next().expect("an address").to_owned()
}

/// Status and answer.
#[track_caller]
pub fn get(address: &str, path: &str) -> (String, String) {
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "20", "--noproxy", "*", "-w", "\n%{http_code}"])
        .arg(format!("http://{address}{path}"))
        .output()
        .expect("curl");
    let text = String::from_utf8(output.stdout).expect("text");
    let (body, code) = text.rsplit_once('\n').expect("two lines");
    (code.to_owned(), body.to_owned())
}

/// The same, of an answer in JSON.
#[track_caller]
pub fn get_json(address: &str, path: &str) -> (String, Value) {
    let (code, body) = get(address, path);
    (code, serde_json::from_str(&body).unwrap_or_else(|_| panic!("not JSON: {body}")))
}
