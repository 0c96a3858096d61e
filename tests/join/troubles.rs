//! A server that is not as it should be: the cause is shown, with what to do, and once that is
//! done the same line goes well.

use crate::lab::{Host, Lab};
use crate::site::{Site, fails, goes_well};

/// `spoils` makes the line fail in a step, with these words on the server and on the page.
#[track_caller]
fn fails_then_goes_well(lab: &Lab, spoils: &str, steps: [&str; 4], says: &[&str], mends: &str) {
    let host = lab.host(1);
    let site = Site::embedded(lab);
    let line = site.add("edge-1", &host, &[]);
    host.run(spoils);
    let said = fails(&host, &line);
    site.stands("edge-1", "failed");
    let (stand, error) = site.steps("edge-1");
    assert_eq!(stand, steps, "{said}\n{error}");
    for part in says {
        assert!(error.contains(part), "{part:?} is not on the page: {error}");
    }
    host.run(mends);
    goes_well(&host, &line);
    site.stands("edge-1", "completed");
}

const SECOND: [&str; 4] = ["completed", "failed", "pending", "pending"];

#[test]
fn a_full_disk() {
    let lab = Lab::with(1, &["--disk", "64m"]);
    fails_then_goes_well(
        &lab,
        "cat /dev/zero >/fill 2>/dev/null; sync; true",
        SECOND,
        &["disk_full: ", "make room"],
        "rm /fill",
    );
}

#[test]
fn a_wrong_clock() {
    let lab = Lab::up(1);
    // Hosts share this machine's clock; so `date` lies.
    let lies = "printf '%s\\n' '#!/bin/sh' \
        '[ \"$*\" = +%s ] || exec /usr/bin/date \"$@\"' \
        'echo $(($(/usr/bin/date +%s) - 86400))' >/usr/local/bin/date; chmod 755 /usr/local/bin/date";
    let says = ["script_failed: The clock here is 8", "s off", "timedatectl set-ntp true"];
    fails_then_goes_well(&lab, lies, SECOND, &says, "rm /usr/local/bin/date");
}

#[test]
fn a_mirror_without_packages() {
    let lab = Lab::up(1);
    let spoils =
        "SUDO_FORCE_REMOVE=yes apt-get -qq purge -y sudo >/dev/null 2>&1; cp -a /etc/apt /root/apt
        rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*
        echo 'deb http://GATEWAY:8080/debian bookworm main' >/etc/apt/sources.list";
    let spoils = spoils.replace("GATEWAY", &lab.verb(&["address", "gateway"]));
    let says = ["Installing base packages ended with exit code", "404", "sudo"];
    let mends = "rm -rf /etc/apt && mv /root/apt /etc/apt && touch /etc/apt/sources.list";
    fails_then_goes_well(&lab, &spoils, SECOND, &says, mends);
}

#[test]
fn another_system() {
    let lab = Lab::up(1);
    let spoils = "cp --remove-destination /usr/lib/os-release /etc/os-release
        sed -i 's/^ID=.*/ID=ubuntu/; s/^VERSION_ID=.*/VERSION_ID=\"24.04\"/' /etc/os-release";
    let says =
        ["unsupported_host: This is ubuntu 24.04", "Debian 12 and 13", "nothing was changed"];
    let mends = "! id deploy 2>/dev/null; ln -sf ../usr/lib/os-release /etc/os-release";
    fails_then_goes_well(&lab, spoils, ["failed", "pending", "pending", "pending"], &says, mends);
}

/// sshd is not where the person said: nobody could log in there.
#[test]
fn sshd_on_another_port() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let at = Host { address: format!("{}:2222", host.address), ..lab.host(1) };
    let line = site.add("edge-1", &at, &[]);
    fails(&host, &line);
    site.stands("edge-1", "failed");
    let (steps, error) = site.steps("edge-1");
    assert_eq!(steps, ["completed", "completed", "failed", "pending"]);
    assert!(error.contains("does not answer on port 2222"), "{error}");
    // So a person sees it, with what to do.
    let shown = site.fleet.ok(&["server", "show", "edge-1"]);
    for part in ["step 3 failed: sshd does not answer", "`groundcrew server retry edge-1`"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

/// Who is not root is told so, and nothing is called.
#[test]
fn not_as_root() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let site = Site::embedded(&lab);
    let line = site.add("edge-1", &host, &[]).replace('\'', r"'\''");
    let said = fails(&host, &format!("runuser -u nobody -- sh -c '{line}'"));
    assert!(said.contains("Run this as root"), "{said}");
    assert_eq!(site.server("edge-1")["provision_status"], "pending");
}
