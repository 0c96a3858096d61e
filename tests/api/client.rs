//! A client of the API that is not ours: curl.

use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

/// What a request got.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub bytes: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {self:?}: {text}"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// It must have this status; gives its body.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.bytes.is_empty() { Value::Null } else { self.json() }
    }

    /// It must be a problem of this status, which says all of this. Gives it.
    #[track_caller]
    pub fn is_problem(&self, status: u16, says: &[&str]) -> Value {
        let problem = self.is(status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for field in ["type", "title", "detail"] {
            assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        let text = self.text();
        for part in says {
            assert!(text.contains(part), "{part:?} is not said: {text}");
        }
        problem
    }
}

/// Somebody with a token.
#[derive(Debug, Clone)]
pub struct Client {
    /// As 127.0.0.1:1234.
    pub address: String,
    pub token: String,
}

impl Client {
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None)
    }

    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None)
    }

    /// Without a body.
    #[track_caller]
    pub fn tell(&self, path: &str) -> Answer {
        self.send("POST", path, &[], None)
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &["Content-Type: application/json"], Some(&body.to_string()))
    }

    /// Asks for a run with this Idempotency-Key.
    #[track_caller]
    pub fn ask_once(&self, server: i64, key: &str, body: &Value) -> Answer {
        let key = format!("Idempotency-Key: {key}");
        let headers = ["Content-Type: application/json", &key];
        let path = format!("/servers/{server}/runs");
        self.send("POST", &path, &headers, Some(&body.to_string()))
    }

    /// A request below `/api/v1`, or of a whole path.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, headers: &[&str], body: Option<&str>) -> Answer {
        let path = match path.starts_with("/api/") {
            true => path.to_owned(),
            false => format!("/api/v1{path}"),
        };
        let token = format!("Authorization: Bearer {}", self.token);
        let token = (!self.token.is_empty()).then_some(token.as_str());
        let headers: Vec<&str> = token.into_iter().chain(headers.iter().copied()).collect();
        send(&format!("http://{}{path}", self.address), method, &headers, body)
    }
}

/// One request, with these headers and no others.
#[track_caller]
pub fn send(url: &str, method: &str, headers: &[&str], body: Option<&str>) -> Answer {
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-i", "--max-time", "60", "--noproxy", "*", "--path-as-is"]);
    match method {
        "HEAD" => curl.arg("--head"),
        method => curl.args(["-X", method]),
    };
    // Nothing that curl would add by itself.
    curl.args(["-H", "Expect:"]).stdin(Stdio::piped());
    if !headers.iter().any(|header| header.starts_with("Content-Type")) {
        curl.args(["-H", "Content-Type:"]);
    }
    for header in headers {
        curl.args(["-H", header]);
    }
    if body.is_some() {
        curl.args(["--data-binary", "@-"]);
    }
    curl.arg(url);
    let mut child = curl.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("curl");
    let mut pipe = child.stdin.take().expect("a pipe");
    let body = body.unwrap_or_default().to_owned();
    let writer = thread::spawn(move || std::io::Write::write_all(&mut pipe, body.as_bytes()));
    let output = child.wait_with_output().expect("its end");
    let _ = writer.join();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{method} {url}: {said}");
    answer(&output.stdout)
}

fn answer(text: &[u8]) -> Answer {
    let end = text.windows(4).position(|four| four == b"\r\n\r\n").expect("an end of the head");
    let head = String::from_utf8_lossy(&text[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": "));
    Answer {
        status: status.expect("a status"),
        headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
        bytes: text[end + 4..].to_vec(),
    }
}
