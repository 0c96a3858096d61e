//! Promise 9: a host proves who it is. A key that changed after `server add` stops the run
//! before anything is sent; `server rekey` is the way to accept it.

use crate::fleet::Fleet;
use crate::job;
use crate::lab::{Host, Lab};

/// An sshd of its own, with a new key, so that the lab's logins stay as they are. Prints the
/// key's fingerprint.
const NEW_SSHD: &str = "
    [ ! -e /run/sshd-2222.pid ] || kill $(cat /run/sshd-2222.pid)
    rm -f /root/hostkey /root/hostkey.pub
    ssh-keygen -q -t ed25519 -N '' -f /root/hostkey
    until /usr/sbin/sshd -p 2222 -h /root/hostkey -o PidFile=/run/sshd-2222.pid 2>/dev/null; do sleep 0.1; done
    ssh-keygen -lf /root/hostkey.pub | cut -d ' ' -f 2";

fn add(fleet: &Fleet, host: &Host<'_>, fingerprint: &str) {
    let target = format!("root@{}:2222", host.address);
    let key = host.lab.key();
    fleet.ok(&["server", "add", "edge-1", &target, "-i", &key, "--fingerprint", fingerprint]);
}

#[test]
fn a_changed_key_stops_the_run_until_it_is_accepted() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let fleet = Fleet::embedded();
    fleet.job("touch", &job::of(&[("one", "")]));
    let _up = fleet.up();
    let first = host.run(NEW_SSHD);
    add(&fleet, &host, &first);
    let second = host.run(NEW_SSHD);

    let id = fleet.ask("touch", "edge-1");
    let run = fleet.ends(&id, "failed");
    assert_eq!(run["error_kind"], "host_key_changed", "{run:#}");
    let error = run["error"].as_str().expect("an error");
    for part in ["another host key", "server rekey"] {
        assert!(error.contains(part), "{part:?} is not said: {error}");
    }
    assert!(fleet.ok(&["runs", "show", &id]).contains(error));
    host.run("[ ! -e /var/lib/groundcrew ] && [ ! -e /root/one.done ]");

    // Only who vouches for the key can have it accepted.
    fleet.refused(1, &["server", "rekey", "edge-1"], &[&second, "--fingerprint"]);
    fleet.refused(1, &["server", "rekey", "edge-1", "--fingerprint", &first], &[&second]);
    assert!(fleet.ok(&["server", "show", "edge-1"]).contains(&first));
    let said = fleet.ok(&["server", "rekey", "edge-1", "--fingerprint", &second]);
    assert!(said.contains(&second), "{said}");
    fleet.ends(&fleet.ask("touch", "edge-1"), "completed");
    host.run("[ -e /root/one.done ]");
}
