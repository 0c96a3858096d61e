//! The installation's one key: an `up` makes it, and one that is lost, exchanged or open to
//! others is said so, before anything is done with it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::fleet::{Fleet, KEY, UP, database};
use crate::redis::Redis;

const OTHER: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// An installation that was up once, and its key's file.
fn installation() -> (Fleet, PathBuf) {
    let fleet = Fleet::embedded();
    fleet.up().terminate();
    let file = fleet.folder.path().join("data/key");
    assert_eq!(fs::metadata(&file).expect("a key").permissions().mode() & 0o777, 0o600);
    (fleet, file)
}

#[test]
fn lost() {
    let (fleet, file) = installation();
    let key = fs::read_to_string(&file).expect("a key");
    fs::remove_file(&file).expect("the file");
    for words in [&UP[..], &["server", "list"]] {
        fleet.refused(
            1,
            words,
            &["GROUNDCREW_KEY is not set", "no key file data/key", "Bring the key back"],
        );
    }
    assert!(!file.exists(), "another key was made");
    // Back it is as good as ever, wherever it is.
    let fleet = fleet.with("GROUNDCREW_KEY", key.trim());
    fleet.up().terminate();
}

#[test]
fn another() {
    let (fleet, file) = installation();
    fs::write(&file, OTHER).expect("a key");
    fleet.refused(1, &UP, &["data/key is not the key", "Bring the right one back"]);
    fs::write(&file, "no key").expect("a key");
    fleet.refused(1, &UP, &["data/key is no key", "openssl rand -base64 32"]);

    let redis = Redis::start();
    let database = database();
    let fleet = Fleet::apart(&database, &redis.url);
    fleet.worker().terminate();
    let fleet = fleet.with("GROUNDCREW_KEY", OTHER);
    let said = fleet.refused(
        1,
        &["worker"],
        &["GROUNDCREW_KEY is not the key", "Bring the right one back"],
    );
    assert!(!said.contains(OTHER), "{said}");
    let fleet = fleet.with("GROUNDCREW_KEY", &KEY[1..]);
    let said =
        fleet.refused(1, &["worker"], &["GROUNDCREW_KEY is no key", "openssl rand -base64 32"]);
    assert!(!said.contains(&KEY[1..]), "{said}");
}

#[test]
fn open_to_others() {
    let (fleet, file) = installation();
    fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("chmod");
    for words in [&UP[..], &["server", "list"]] {
        fleet.refused(1, words, &["may be read by others (mode 0640)", "chmod 600 data/key"]);
    }
}
