//! The shell functions that jobs use, each as a step calls it: in `sh` with
//! `set -e`. What needs a host's systemd and apt is tried on the lab's hosts.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::thread;

use groundcrew::catalog::PRELUDE;

/// Runs a script with the prelude before it; `commands` are found before the system's.
fn run(script: &str, commands: &[(&str, &str)]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in commands {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a command");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    }
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap_or_default());
    Command::new("sh")
        .args(["-c", &format!("{PRELUDE}\n( set -e\n{script}\n)")])
        .env("PATH", path)
        .output()
        .expect("sh")
}

/// The exit code of a script, as a check would answer.
fn answer(script: &str, commands: &[(&str, &str)]) -> Option<i32> {
    run(script, commands).status.code()
}

/// Answers each request with this status line, and gives the address.
fn server(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let request: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let teapot = request.first().is_some_and(|line| line == "GET /x?y HTTP/1.1");
            let status = if teapot { "HTTP/1.1 418 Teapot" } else { status };
            write!(stream, "{status}\r\nContent-Length: 0\r\n\r\n").expect("an answer");
        }
    });
    format!("http://{address}")
}

/// A package counts as installed when dpkg has it whole and configured, whatever else it says.
#[test]
fn package_installed_asks_dpkg() {
    let dpkg = |lines: &str, code: i32| format!("printf '{lines}'; exit {code}");
    let cases = [
        ("package_installed a", "a installed\\n", 0, 0),
        ("package_installed a b", "a installed\\nb installed\\n", 0, 0),
        ("package_installed a b", "a installed\\n", 1, 1),
        ("package_installed a", "a half-configured\\n", 0, 1),
        ("package_installed a", "aa installed\\n", 0, 1),
        ("package_installed a:amd64", "a config-files\\na installed\\n", 0, 0),
        ("package_installed a", "", 1, 1),
        ("package_installed a", "", 2, 2),
        ("package_purged a b", "", 1, 0),
        ("package_purged a b", "a not-installed\\n", 1, 0),
        ("package_purged a b", "a not-installed\\nb config-files\\n", 0, 1),
        ("package_purged a", "a installed\\n", 0, 1),
    ];
    for (script, lines, code, expected) in cases {
        let answer = answer(script, &[("dpkg-query", &dpkg(lines, code))]);
        assert_eq!(answer, Some(expected), "{script} with {lines:?} and exit code {code}");
    }
}

/// Questions answer 0 or 1, also where the tool that they ask has other codes.
#[test]
fn questions_answer_yes_or_no() {
    let no = [("systemctl", "exit 4"), ("id", "exit 1"), ("apt-cache", "exit 100")];
    for question in [
        "service_active x",
        "service_enabled x",
        "service_exists x",
        "user_exists x",
        "package_available x",
    ] {
        assert_eq!(answer(question, &no), Some(1), "{question}");
    }
    let yes = [("systemctl", "exit 0"), ("id", "exit 0"), ("apt-cache", "exit 0")];
    for question in
        ["service_active x", "service_enabled x", "user_exists x", "package_available x"]
    {
        assert_eq!(answer(question, &yes), Some(0), "{question}");
    }
}

/// `fail` is an error of a check, and not its "no".
#[test]
fn fail_is_no_answer() {
    let output = run("fail \"no such thing\"", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "no such thing\n");
}

/// Only 200 counts as an answer; nothing there is a clear "no".
#[test]
fn http_answers_means_200() {
    let (good, bad) = (server("HTTP/1.1 200 OK"), server("HTTP/1.1 502 Bad Gateway"));
    let nobody = "http://127.0.0.1:1/";
    assert_eq!(answer(&format!("http_answers {good}"), &[]), Some(0));
    assert_eq!(answer(&format!("http_answers {good}/"), &[]), Some(0));
    assert_eq!(answer(&format!("http_answers '{good}/x?y'"), &[]), Some(1));
    assert_eq!(answer(&format!("http_answers {bad}/"), &[]), Some(1));
    assert_eq!(answer(&format!("http_answers {nobody}"), &[]), Some(1));
    let status = run(&format!("http_status '{good}/x?y'"), &[]).stdout;
    assert_eq!(String::from_utf8_lossy(&status), "418\n");
    assert_eq!(answer(&format!("http_answers {}", server("SSH-2.0-x 200")), &[]), Some(1));
}

/// `wait_until` ends with the first yes, or when the time is over.
#[test]
fn wait_until_ends() {
    assert_eq!(
        answer("n=0; more() { n=$((n + 1)); [ $n = 2 ]; }; wait_until 5 more", &[]),
        Some(0)
    );
    assert_eq!(answer("wait_until 1 false", &[]), Some(1));
}

/// The prelude's variables begin with `_`: none of a step's own is overwritten.
#[test]
fn the_prelude_keeps_its_variables_apart() {
    let script = "set | sed -n 's/^\\([a-z][a-z0-9_]*\\)=.*/\\1/p' >before\n\
        package_installed a || :; service_enabled a || :; wait_until 0 true; cloud_init_done || :\n\
        _find_apt_user || :; apt_lists_fresh || :; http_status http://127.0.0.1:1/ || :\n\
        set | sed -n 's/^\\([a-z][a-z0-9_]*\\)=.*/\\1/p' >after\ndiff before after";
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = format!("cd {}\n{script}", folder.path().display());
    let output = run(&script, &[("systemctl", "exit 1"), ("dpkg-query", "exit 1")]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
