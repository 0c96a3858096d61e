//! The folder and the port of an `up` are its own: what keeps it from either is one clear
//! message, and nothing is left behind.

use std::fs;
use std::net::TcpListener;

use crate::fleet::{Fleet, UP, is_one_message};

#[test]
fn a_second_up_on_one_folder() {
    let fleet = Fleet::embedded();
    let mut up = fleet.up();
    fleet.refused(
        1,
        &UP,
        &["another `groundcrew up` is running on the data folder data", "--data"],
    );
    // A killed one leaves no lock behind.
    up.kill();
    fleet.up().terminate();
}

#[test]
fn no_installation_in_the_folder() {
    let fleet = Fleet::embedded();
    for words in [&["server", "list"][..], &["runs", "list"]] {
        fleet.refused(
            1,
            words,
            &["there is no installation in the folder data", "groundcrew up", "--data"],
        );
    }
    assert!(!fleet.folder.path().join("data").exists(), "a question made a folder");
    fs::write(fleet.folder.path().join("data"), "a file").expect("a file");
    fleet.refused(1, &UP, &["the data folder data can't be used", "--data"]);
}

#[test]
fn a_database_that_is_none() {
    let fleet = Fleet::embedded();
    fleet.up().terminate();
    let file = fleet.folder.path().join("data/groundcrew.db");
    for rest in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{rest}", file.display()));
    }
    fs::write(&file, "this is no database, whatever it is called\n".repeat(1000)).expect("a file");
    for words in [&UP[..], &["server", "list"]] {
        fleet.refused(1, words, &["data/groundcrew.db", "is no SQLite database"]);
    }
    assert!(fs::read_to_string(&file).expect("the file").starts_with("this is no database"));
}

#[test]
fn a_port_that_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let fleet = Fleet::embedded();
    let output = fleet.output(&["up", "--listen", &address]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    is_one_message(&said);
    assert!(
        said.contains(&format!("listening on {address}")) && said.contains("--listen"),
        "{said}"
    );
    fleet.up().terminate();
}
