//! A command that can't be done says why and what to do: one message, exit code 1, or 2 where
//! the command line itself is wrong. Nothing is changed by it.

use crate::fleet::Fleet;
use crate::job;
use crate::lab::Lab;

#[test]
fn names_that_are_unknown_or_taken() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded();
    let _up = fleet.up();
    fleet.add("edge-1", &host);
    let before = fleet.server("edge-1");

    let target = format!("root@{}", host.address);
    fleet.refused(
        1,
        &["server", "add", "edge-1", &target],
        &["there is a server \"edge-1\" already", "another name"],
    );
    fleet.refused(
        1,
        &["server", "add", "edge;1", &target],
        &["\"edge;1\" is no name", "up to 100 letters"],
    );
    for words in [
        &["server", "show", "edge-2"][..],
        &["server", "remove", "edge-2", "--yes"],
        &["server", "rekey", "edge-2"],
        &["run", "nginx", "--server", "edge-2"],
        &["runs", "list", "--server", "edge-2"],
    ] {
        fleet.refused(1, words, &["there is no server \"edge-2\"", "`groundcrew server list`"]);
    }
    for words in [&["runs", "show", "01a2073c-0000"][..], &["runs", "output", "nonsense"]] {
        fleet.refused(1, words, &["no run", "groundcrew runs list"]);
    }
    assert_eq!(fleet.server("edge-1"), before);
    assert_eq!(fleet.ok(&["runs", "list", "--json"]).trim(), "[]");
}

#[test]
fn what_the_catalog_does_not_know() {
    let lab = Lab::up(1);
    let fleet = Fleet::embedded();
    let _up = fleet.up();
    fleet.add("edge-1", &lab.host(1));
    let on = ["--server", "edge-1"];
    fleet.refused(2, &[&["run", "ngnix"][..], &on].concat(), &["ngnix", "nginx"]);
    for value in ["app_user=no user", "no_such=1"] {
        fleet.refused(2, &[&["run", "nginx", "-p", value][..], &on].concat(), &[]);
    }
    fleet.job("broken", "title = 1\n");
    fleet.refused(2, &[&["run", "nginx"][..], &on].concat(), &["broken.toml:1"]);
    assert_eq!(fleet.ok(&["runs", "list", "--json"]).trim(), "[]");
}

/// Nobody is at a terminal to vouch for a host key, or to confirm; and a key that needs a
/// person is of no use to a worker.
#[test]
fn what_only_a_person_can_say() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded();
    let _up = fleet.up();
    let target = format!("root@{}", host.address);
    let key = lab.key();
    let add = ["server", "add", "edge-1", &target, "-i", &key];
    let wrong = format!("SHA256:{}", "A".repeat(43));
    fleet.refused(1, &add, &["--fingerprint"]);
    fleet.refused(1, &[&add[..], &["--fingerprint", &wrong]].concat(), &["SHA256:"]);
    assert_eq!(fleet.ok(&["server", "list", "--json"]).trim(), "[]");

    let locked = fleet.folder.path().join("locked");
    let locked = locked.to_str().expect("text");
    let mut keygen = std::process::Command::new("ssh-keygen");
    let made = keygen.args(["-q", "-t", "ed25519", "-N", "phrase", "-f", locked]).status();
    assert!(made.expect("ssh-keygen").success());
    fleet.refused(1, &["server", "add", "edge-1", &target, "-i", locked], &["passphrase", "-N ''"]);
    fleet.refused(
        1,
        &["server", "add", "edge-1", &target, "-i", "/nowhere"],
        &["can't read /nowhere"],
    );

    fleet.add("edge-1", &host);
    fleet.refused(1, &["server", "remove", "edge-1"], &["no terminal", "--yes"]);
    fleet.ok(&["server", "remove", "edge-1", "--yes"]);
}

/// A server whose run goes on can't be removed; after its end, nothing of it is left.
#[test]
fn to_remove_a_server_that_is_at_work() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded();
    fleet.job("waits", &job::of(&[("waits", job::WAIT)]));
    let _up = fleet.up();
    fleet.add("edge-1", &host);
    let id = fleet.ask("waits", "edge-1");
    host.wait_for(job::WAITS);
    let remove = ["server", "remove", "edge-1", "--yes"];
    fleet.refused(1, &remove, &["has a run that has not ended", "wait for it"]);
    host.run(job::GO);
    fleet.ends(&id, "completed");
    fleet.ok(&remove);
    fleet.refused(1, &["runs", "show", &id], &["there is no run"]);
}
