//! The disk under SQLite fills up while a run goes: it is said, the host goes on, and with
//! room again all of the run is stored.

use std::process::Command;

use crate::fleet::Fleet;
use crate::history::is_whole;
use crate::job;
use crate::lab::Lab;

/// Makes the data folder a small disk, which only the process and its children see, and
/// which goes away with them.
const SMALL_DISK: &str = "mkdir -p data && mount -t tmpfs -o size=8m,mode=0700 tmpfs data && \
                          exec setpriv --pdeathsig KILL \"$@\"";

#[test]
fn full_while_a_run_goes() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let mut fleet = Fleet::embedded();
    let prints = format!("{}\nseq 30000", job::WAIT);
    fleet.job("prints", &job::of(&[("prints", &prints), ("last", "echo last")]));
    fleet.start_within(&["unshare", "-rm", "sh", "-c", SMALL_DISK, "sh"]);
    let mut up = fleet.up();
    let pid = up.id().to_string();
    let folder = format!("--wdns={}", fleet.folder.path().display());
    let enter = ["nsenter", "-t", &pid, "-U", "-m", "--preserve-credentials", &folder];
    fleet.start_within(&enter);
    fleet.add("edge-1", &host);
    let id = fleet.ask("prints", "edge-1");
    host.wait_for(job::WAITS);

    let there = |script: &str| {
        let mut command = Command::new(enter[0]);
        command.args(&enter[1..]).args(["sh", "-c", script]);
        command.output().expect("nsenter")
    };
    assert!(!there("cat /dev/zero >data/fill").status.success(), "it is not full");
    host.run(job::GO);
    up.wait_for("has no room left on its disk");
    // What is there can be read, and what can't be written is refused.
    assert_eq!(fleet.run(&id)["status"], "installing");
    fleet.refused(
        1,
        &["run", "prints", "--server", "edge-1"],
        &["has no room left on its disk", "Make room"],
    );

    // For longer than a lease, which can't be renewed.
    up.wait_for("the lease is lost");
    assert!(there("rm data/fill").status.success());
    is_whole(&fleet, &host, &id);
    let list = fleet.ok(&["runs", "list", "--json"]);
    assert_eq!(list.matches("\"finished_at\"").count(), 1, "{list}");
    // Said, but not again and again.
    up.terminate();
    assert!(up.log().matches("no room left").count() < 5, "{}", up.log());
}
