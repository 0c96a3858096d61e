//! Promise 3: one active run a host, kept by the host itself. A run that waits for it says
//! why, and is in nobody's way.

use serde_json::Value;

use crate::fleet::{Fleet, database};
use crate::job;
use crate::lab::{Host, Lab, wait_until};
use crate::process::Process;
use crate::redis::Redis;

/// Writes down when it begins and ends, and waits for the test meanwhile.
fn job(name: &str) -> String {
    let run = format!(
        "echo \"begin {name}\" >>/root/log\n{}\nsleep 0.2\necho \"end {name}\" >>/root/log",
        job::WAIT
    );
    job::of(&[(name, &run)])
}

/// Added under two names, it does one run after the other.
#[test]
fn the_same_host_under_two_names() {
    let (lab, redis) = (Lab::up(1), Redis::start());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database(), &redis.url);
    for name in ["one", "other"] {
        fleet.job(name, &job(name));
        fleet.add(name, &host);
    }
    let _workers = (fleet.worker(), fleet.worker());
    let ids = [fleet.ask("one", "one"), fleet.ask("other", "other")];

    let waits = |id: &String| !fleet.run(id)["waiting"].is_null();
    wait_until("one of them waits", || ids.iter().any(waits));
    host.wait_for(job::WAITS);
    let [waits, goes_on] = if waits(&ids[0]) { [&ids[0], &ids[1]] } else { [&ids[1], &ids[0]] };
    let (waiting, going_on) = (fleet.run(waits), fleet.run(goes_on));
    assert_eq!(
        (&waiting["status"], &going_on["status"]),
        (&"pending".into(), &"installing".into())
    );
    let why = format!(
        "the host is busy with run {goes_on} of {}, which is the same machine",
        going_on["server"].as_str().expect("a name")
    );
    assert_eq!(waiting["waiting"], why);
    let shown = fleet.ok(&["runs", "show", waits]);
    assert!(shown.contains(&why), "{shown}");
    let list = fleet.ok(&["runs", "list", "--json"]);
    assert!(list.contains(&why), "{list}");

    host.run(job::GO);
    let (first, second) = (fleet.ends(goes_on, "completed"), fleet.ends(waits, "completed"));
    let name = |run: &Value| run["server"].as_str().expect("a name").to_owned();
    let (first, second) = (name(&first), name(&second));
    let log = format!("begin {first}\nend {first}\nbegin {second}\nend {second}");
    assert_eq!(host.run("cat /root/log"), log);
}

/// A run that waits for its host takes up no slot: one is enough for all that need none.
#[test]
fn who_waits_is_in_nobodys_way() {
    let (lab, redis) = (Lab::up(2), Redis::start());
    let host = lab.host(1);
    let fleet = Fleet::apart(&database(), &redis.url).with("GROUNDCREW_SLOTS", "1");
    fleet.job("one", &job("one"));
    fleet.job("free", &job::of(&[("free", "")]));
    // By hand, and left to itself: the host goes on.
    let by_hand = by_hand(&fleet, &host);
    let _worker = fleet.worker();
    fleet.add("busy", &host);
    fleet.add("free", &lab.host(2));
    let waits = fleet.ask("free", "busy");
    let why = format!("the host is busy with run {by_hand} that somebody started by hand");
    wait_until("it waits", || fleet.run(&waits)["waiting"] == why.as_str());
    fleet.ends(&fleet.ask("free", "free"), "completed");
    assert!(fleet.run(&waits)["finished_at"].is_null());

    host.run(job::GO);
    fleet.ends(&waits, "completed");
}

/// Begins a run by `apply`, and gives its id.
fn by_hand(fleet: &Fleet, host: &Host<'_>) -> String {
    let target = format!("root@{}", host.address);
    let mut command = fleet.command(&["apply", "one", &target, "--json", "-i", &host.lab.key()]);
    command.arg("--known-hosts").arg(host.lab.known_hosts());
    let mut apply = Process::start(&mut command, &fleet.folder.path().join("apply"));
    let started: Value = serde_json::from_str(&apply.wait_for("step.started")).expect("JSON");
    apply.kill();
    started["run"].as_str().expect("an id").to_owned()
}
