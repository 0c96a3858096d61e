//! SQLite, by `groundcrew backup` beside a running `up`; and somebody who forgets to say that the
//! database was restored.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::fleet::Fleet;
use crate::history::is_whole;
use crate::job;
use crate::lab::{Lab, wait_until};
use crate::say_restored;

/// Another installation on this backup, as docs/backup.md says: the database, and the key apart.
fn restore(old: &Fleet, backup: &Path) -> Fleet {
    let fleet = Fleet::embedded();
    let data = fleet.folder.path().join("data");
    fs::create_dir(&data).expect("a folder");
    fs::copy(backup, data.join("groundcrew.db")).expect("a copy");
    fs::copy(old.folder.path().join("data/key"), data.join("key")).expect("a copy");
    jobs(&fleet);
    fleet
}

fn jobs(fleet: &Fleet) {
    let waits = format!("{}\nseq 500", job::WAIT);
    fleet.job("waits", &job::of(&[("one", "echo one"), ("waits", &waits), ("last", "echo last")]));
}

/// The host knows a later driver: the run is failed and says what to do, instead of being let go
/// of for ever; and the command takes it up again. The same backup can be restored once more.
#[test]
fn the_host_knows_a_later_driver() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let old = Fleet::embedded();
    jobs(&old);
    let mut up = old.up();
    old.add("edge-1", &host);
    let id = old.ask("waits", "edge-1");
    host.wait_for(job::WAITS);
    let backup = old.folder.path().join("backup.db");
    let file = backup.to_str().expect("text");
    assert!(old.ok(&["backup", file]).contains("Keep the key in another place"));
    let mode = fs::metadata(&backup).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    old.refused(1, &["backup", file], &["can't be written", "exists"]);
    // It changes hands twice more.
    for epoch in 2..4 {
        up.terminate();
        up = old.up();
        wait_until("it is followed", || old.run(&id)["epoch"] == epoch);
        host.wait_for(&format!("grep -qx {epoch} /var/lib/groundcrew/runs/{id}/epoch"));
    }
    up.kill();

    let mut new = restore(&old, &backup);
    let mut up = new.up();
    let run = new.ends(&id, "failed");
    assert_eq!(run["error_kind"], "superseded", "{run:#}");
    let error = run["error"].as_str().expect("an error");
    assert!(error.contains("run `groundcrew restored`"), "{error}");
    let doctor = new.output(&["doctor"]);
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert_eq!(doctor.status.code(), Some(1), "{said}");
    assert!(said.contains(&id) && said.contains("was it restored from a backup?"), "{said}");
    new.refused(1, &["restored", "--yes"], &["another `groundcrew up` is running"]);
    up.terminate();
    new.refused(1, &["restored"], &["no terminal to ask at", "--yes"]);
    for _ in 0..2 {
        say_restored(&new);
        let mut up = new.up();
        wait_until("it is followed", || new.run(&id)["worker"].is_string());
        wait_until("it was looked at", || {
            String::from_utf8_lossy(&new.output(&["doctor"]).stdout).contains("none still to be")
        });
        up.terminate();
        // Once more, of what knows nothing of this restoration.
        new = restore(&old, &backup);
    }
    say_restored(&new);
    let said = new.ok(&["restored", "--yes"]);
    assert!(said.contains("the database is ready, with the state of"), "{said}");
    let _up = new.up();
    host.run(job::GO);
    is_whole(&new, &host, &id);
}
