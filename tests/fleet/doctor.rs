//! `groundcrew doctor` looks from outside, where browsers and new servers are, and says of each
//! thing that is not right there what to do.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fleet::Fleet;
use crate::redis::Redis;

/// What doctor finds wrong, by what it looked at.
fn wrong(fleet: &Fleet, url: &str) -> BTreeMap<String, String> {
    let output = fleet.output(&["doctor", "--json", "--url", url]);
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let checks = findings.iter().filter_map(|finding| finding["check"].as_str());
    for check in ["TLS", "pages, from outside", "proxies", "gateway, from outside", "authorization"]
    {
        assert!(checks.clone().any(|other| other == check), "{check} is looked at");
    }
    let problems = findings.iter().filter_map(|finding| {
        let text = |name: &str| finding[name].as_str().map(str::to_owned);
        Some((text("check")?, text("problem")?))
    });
    let problems: BTreeMap<_, _> = problems.collect();
    assert_eq!(output.status.success(), problems.is_empty(), "its exit code says so, too");
    problems
}

#[test]
fn from_outside() {
    let mut fleet = Fleet::embedded();
    let mut up = fleet.up();
    let line = up.wait_for("listening address=");
    let address = line.rsplit('=').next().expect("an address").to_owned();
    let url = format!("http://{address}");
    assert_eq!(wrong(&fleet, &url), BTreeMap::new(), "all is well");

    // Nobody is there.
    let found = wrong(&fleet, "http://127.0.0.1:1");
    let names: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["authorization", "gateway, from outside", "pages, from outside"]);
    assert!(found["pages, from outside"].contains("GROUNDCREW_URL"), "{found:?}");

    // Nobody speaks TLS there; and who speaks none, says so to the whole world.
    let found = wrong(&fleet, &format!("https://{address}"));
    assert!(found["pages, from outside"].contains("the certificate must be good"), "{found:?}");
    let port = address.rsplit(':').next().expect("a port");
    let found = wrong(&fleet, &format!("http://0.0.0.0:{port}"));
    assert!(found["TLS"].contains("passwords and sessions travel readable"), "{found:?}");

    // Pages and gateway have different keys.
    fleet.set("GROUNDCREW_APP_KEY", "another");
    let found = wrong(&fleet, &url);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found["gateway, from outside"].contains("4001"), "{found:?}");
}

/// Nobody hears what changes.
#[test]
fn without_a_gateway() {
    let redis = Redis::start();
    let fleet = Fleet::apart(&crate::fleet::database(), &redis.url);
    let _worker = fleet.worker();
    let output = fleet.output(&["doctor"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong: Vec<_> = said.lines().filter(|line| line.starts_with("WRONG")).collect();
    assert_eq!(wrong.len(), 1, "{said}");
    assert!(wrong[0].contains("gateways: none hears") && wrong[0].contains("groundcrew gateway"));
}
