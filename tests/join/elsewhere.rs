//! The one line, run by somebody on another machine: nothing is sent there, a person is asked,
//! and the provisioning can be begun afresh. Promise 9.

use serde_json::Value;

use crate::lab::Lab;
use crate::site::{Site, fails, goes_well};

#[test]
fn run_on_another_machine() {
    let lab = Lab::up(2);
    let (host, other) = (lab.host(1), lab.host(2));
    let site = Site::embedded(&lab);
    let line = site.add("edge-1", &host, &["--install", "nginx"]);
    goes_well(&other, &line);
    site.stands("edge-1", "failed");
    let (steps, error) = site.steps("edge-1");
    assert_eq!(steps, ["completed", "completed", "completed", "failed"]);
    assert!(error.starts_with("host_key_changed: "), "{error}");
    for host in [&host, &other] {
        host.run("[ ! -e /var/lib/groundcrew/runs ] && ! dpkg -s nginx >/dev/null 2>&1");
    }
    // The right one can't have it now.
    assert!(fails(&host, &line).contains("410"));

    let fresh = site.retry("edge-1");
    assert_ne!(fresh, line);
    let server = site.server("edge-1");
    assert_eq!(
        (&server["provision_status"], &server["host_key"]),
        (&"pending".into(), &Value::Null)
    );
    assert!(fails(&other, &line).contains("410"), "the old line is worth nothing");
    goes_well(&host, &fresh);
    site.stands("edge-1", "completed");
    host.run("dpkg -s nginx >/dev/null");
    other.run("! dpkg -s nginx >/dev/null 2>&1");
}
