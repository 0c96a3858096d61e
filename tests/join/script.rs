//! Who gets the script, and what a line does that is not the script's.

use std::process::Command;

use crate::caller::{added, get};
use crate::fleet::{Fleet, UP};

#[test]
fn any_number_of_times_as_a_script() {
    let fleet = Fleet::embedded().with("GROUNDCREW_URL", "https://panel.example.com/");
    let mut up = fleet.start(&UP);
    let address = up.wait_for("listening address=").rsplit('=').next().expect("one").to_owned();
    up.wait_for("the worker is ready");
    let line = added(&fleet, "edge-1");
    let (start, token) = line.split_once("/join/").expect("an address");
    assert_eq!(start, "curl -fsSL https://panel.example.com");
    let token = token.strip_suffix(" | sh").expect("a pipe");
    let first = get(&address, &format!("/join/{token}"));
    assert_eq!(first.status, 200);
    assert!(first.header("content-type").contains("text/x-shellscript"));
    assert!(first.header("cache-control").contains("no-store"));
    assert!(
        first.body.starts_with("#!/bin/sh\n") && first.body.ends_with("main \"$@\" </dev/null\n")
    );
    assert!(!first.body.contains("PRIVATE"), "promise 8: public keys only");
    assert_eq!(get(&address, &format!("/join/{token}")).body, first.body);

    let other = format!("gcj_{}", "A".repeat(43));
    for none in [other.as_str(), "x", "gcj_", &token[..20]] {
        let gone = get(&address, &format!("/join/{none}"));
        assert_eq!(gone.status, 410);
        let output = Command::new("sh").args(["-c", &gone.body]).output().expect("sh");
        assert_eq!(output.status.code(), Some(1), "a shell that is given it does nothing");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("get a fresh one"), "{said}");
    }
}

#[test]
fn no_line_without_an_address_of_ours() {
    let fleet = Fleet::embedded();
    let _up = fleet.up();
    fleet.refused(
        1,
        &["server", "add", "a", "192.0.2.1", "--join"],
        &["GROUNDCREW_URL", "https://"],
    );
    fleet.refused(
        2,
        &["server", "add", "a", "192.0.2.1", "--join", "--url", "http://x'y"],
        &["address"],
    );
    let join = ["server", "add", "a", "192.0.2.1", "--join", "--url", "http://192.0.2.9"];
    let with = |more: &[&'static str]| [&join, more].concat();
    fleet.refused(1, &with(&["--install", "nothing"]), &["no job `nothing`"]);
    fleet.refused(1, &with(&["--install", "nginx", "-p", "x=1"]), &["x"]);
    fleet.ok(&with(&["--install", "nginx"]));
    fleet.refused(1, &join, &["there is a server \"a\" already"]);
    fleet.refused(1, &["run", "nginx", "--server", "a"], &["has not joined yet"]);
}
