//! A database that can't be opened is one clear message, without the password.

use std::os::unix::fs::PermissionsExt;

use groundcrew::store::Store;

use crate::harness::{block_on, cluster, execute, name};

/// The error's name and its whole message.
async fn refused(url: &str) -> (String, String) {
    let error = Store::open(url, false).await.expect_err(url);
    let kind = name(&error);
    let message = format!("{:#}", anyhow::Error::from(error));
    assert!(!message.contains("hunter2"), "{message}");
    (kind, message)
}

#[test]
fn each_cause_has_its_message() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display();
        std::fs::write(
            folder.path().join("text"),
            "not a database, but long enough for a header ".repeat(9),
        )
        .expect("a file");
        execute(&cluster().url("postgres"), "CREATE ROLE locked LOGIN PASSWORD 'secret'")
            .await
            .expect("a role");
        let wrong = cluster().url("locked:hunter2");
        let absent = cluster().url("postgres").replace("/postgres?", "/absent?");
        for (url, kind, part) in [
            ("mysql://root:hunter2@db/x", "Address", "neither sqlite: nor postgres:"),
            ("fleet.db", "Address", "neither sqlite: nor postgres:"),
            ("sqlite:", "Address", "the path of a file"),
            ("sqlite:a?mode=memory", "Address", "the path of a file"),
            ("postgres://u:hunter2@db:port/x", "Address", "port"),
            (&format!("sqlite:{path}/none.db"), "File", "no such file"),
            (&format!("sqlite:{path}/no/fleet.db"), "File", "make it first"),
            (&format!("sqlite:{path}/text"), "File", "no SQLite database"),
            (&format!("sqlite:{path}"), "File", "directory"),
            ("postgres://u:hunter2@127.0.0.1:1/x", "Unreachable", "127.0.0.1:1"),
            ("postgres://u:hunter2@nowhere.invalid/x", "Unreachable", "nowhere.invalid"),
            (&wrong, "Denied", "password"),
            (&absent, "Denied", "absent"),
        ] {
            let (found, message) = refused(url).await;
            assert_eq!(found, kind, "{url}: {message}");
            assert!(message.contains(part), "{url}: {message}");
        }
    });
}

#[test]
fn the_file_is_for_its_owner_only() {
    block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}/fleet.db", folder.path().display());
        let store = Store::open(&url, true).await.expect("made");
        store.migrate().await.expect("the schema");
        for file in std::fs::read_dir(folder.path()).expect("a folder") {
            let file = file.expect("a file");
            let mode = file.metadata().expect("its mode").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file:?}");
        }
    });
}

/// Promise 8: not even a log of the whole store shows the password.
#[test]
fn no_password_in_debug() {
    block_on(async {
        let url = cluster().url("postgres:hunter2");
        let shown = format!("{:?}", Store::open(&url, false).await.expect("open"));
        assert!(shown.contains("Postgres at") && !shown.contains("hunter2"), "{shown}");
    });
}
