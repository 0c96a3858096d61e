//! The script ends in the middle, or the way to us does: the provisioning waits, or says why it
//! failed, and goes on when the line is run again. Promises 1 and 7.

use std::thread::sleep;
use std::time::Duration;

use crate::lab::Lab;
use crate::site::{Site, goes_well, hold_apt, start_line};

/// `kill -9`: nobody can tell. It waits, and the same line goes on with it.
#[test]
fn killed_in_the_middle() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let line = site.add("edge-1", &host, &[]);
    hold_apt(&host);
    start_line(&host, &line);
    host.wait_for("[ -e /root/reached ]");
    let (steps, _) = site.steps("edge-1");
    assert_eq!(steps, ["completed", "installing", "pending", "pending"]);
    // A second one beside it does nothing.
    let said = crate::site::fails(&host, &line);
    assert!(said.contains("running here already"), "{said}");
    host.run("kill -9 -- -$(cat /root/group)");
    assert_eq!(site.server("edge-1")["provision_status"], "installing", "nobody has said more");

    host.run("touch /root/go");
    let said = goes_well(&host, &line);
    assert!(said.contains("Going on after step 1"), "{said}");
    site.stands("edge-1", "completed");
}

/// Ended in good order (Ctrl-C, a shutdown): it says so, and the next run begins anew.
#[test]
fn told_to_end() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let line = site.add("edge-1", &host, &[]);
    hold_apt(&host);
    start_line(&host, &line);
    host.wait_for("[ -e /root/reached ]");
    host.run("kill -TERM -- -$(cat /root/group)");
    site.stands("edge-1", "failed");
    let (steps, error) = site.steps("edge-1");
    assert_eq!(steps, ["completed", "failed", "pending", "pending"]);
    assert!(error.starts_with("script_failed: The script was ended on the server"), "{error}");
    host.run("touch /root/go");
    goes_well(&host, &line);
    site.stands("edge-1", "completed");
}

/// Every packet is lost for a while, from the middle of a step on.
#[test]
fn no_network_in_the_middle() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let line = site.add("edge-1", &host, &[]);
    let address = lab.verb(&["address", "gateway"]);
    // The step goes on when it sees that the network is gone.
    host.run(&format!(
        "printf '%s\\n' '#!/bin/sh' 'touch /root/reached' \
            'while curl -so /dev/null --max-time 1 http://{address}:8080/healthz; do sleep 0.1; done' \
            'touch /root/gone; exit 0' >/usr/local/sbin/useradd; chmod 755 /usr/local/sbin/useradd
         /usr/sbin/useradd --create-home --user-group later; cp /etc/passwd /root/passwd"
    ));
    start_line(&host, &line);
    host.wait_for("[ -e /root/reached ]");
    host.lab("cut", &[]);
    // So long it is gone: longer than the step takes to see it.
    sleep(Duration::from_secs(6));
    host.lab("mend", &[]);
    host.wait_for("[ -e /root/ended ]");
    // `useradd` has made nobody: that is what the script says as soon as it can.
    let said = host.run("ls /root/gone; cat /root/said");
    assert!(said.contains("Making the app user ended well, and is not in place"), "{said}");
    site.stands("edge-1", "failed");
    let (steps, error) = site.steps("edge-1");
    assert_eq!(steps, ["completed", "failed", "pending", "pending"]);
    assert!(error.contains("Making the app user"), "{error}");
    host.run("rm /usr/local/sbin/useradd");
    goes_well(&host, &line);
    site.stands("edge-1", "completed");
}

/// We are away for a while: the script asks again until we are back.
#[test]
fn we_are_away() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let mut site = Site::embedded(&lab);
    let line = site.add("edge-1", &host, &[]);
    hold_apt(&host);
    start_line(&host, &line);
    host.wait_for("[ -e /root/reached ]");
    site.up.kill();
    host.run("touch /root/go");
    host.wait_for("grep -q 'does not answer' /root/said");
    site.start_again();
    host.wait_for("[ -e /root/ended ]");
    let said = host.run("cat /root/said");
    assert!(said.contains("Done."), "{said}");
    site.stands("edge-1", "completed");
}
