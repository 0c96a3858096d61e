//! Promise 3: one active run a host, kept by the host itself. A host that was added under
//! two names does one run after the other, and the one that waits says why.

use crate::fleet::{Fleet, database};
use crate::job;
use crate::lab::{Lab, wait_until};
use crate::redis::Redis;

/// Writes down when it begins and ends, and waits for the test meanwhile.
fn job(name: &str) -> String {
    let run = format!(
        "echo \"begin {name}\" >>/root/log\n{}\nsleep 0.2\necho \"end {name}\" >>/root/log",
        job::WAIT
    );
    job::of(&[(name, &run)])
}

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
    let name = |run: &serde_json::Value| run["server"].as_str().expect("a name").to_owned();
    let (first, second) = (name(&first), name(&second));
    let log = format!("begin {first}\nend {first}\nbegin {second}\nend {second}");
    assert_eq!(host.run("cat /root/log"), log);
}
