//! The package's life on a bare machine: what its installation does and does not, what an upgrade
//! and a removal leave.

use crate::lab::Lab;
use crate::package;

const UNITS: &str = "groundcrew.target groundcrew-web.socket groundcrew-web.service \
    groundcrew-gateway.socket groundcrew-gateway.service groundcrew-worker@1.service";

/// Nothing is started or enabled unasked; the key is made once and never removed (promise 8: and
/// for nobody else's eyes).
#[test]
fn starts_nothing_and_keeps_the_key() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    package::bring(&host);
    let install =
        "DEBIAN_FRONTEND=noninteractive apt-get install -y --reinstall ./groundcrew.deb 2>&1";
    host.run(install);
    let said = host.run(&format!("systemctl is-active {UNITS} || :"));
    assert_eq!(said, ["inactive"; 6].join("\n"));
    let said = host.run("systemctl list-unit-files --no-legend --plain 'groundcrew*'");
    assert!(
        said.lines().count() >= 6 && said.lines().all(|line| line.contains(" disabled ")),
        "{said}"
    );
    assert_eq!(host.run("pgrep -u groundcrew || :"), "");
    let modes = host.run("stat -c '%a %U:%G %n' /var/lib/groundcrew /var/lib/groundcrew/key /etc/groundcrew/groundcrew.env");
    assert_eq!(
        modes,
        "700 groundcrew:groundcrew /var/lib/groundcrew\n600 groundcrew:groundcrew /var/lib/groundcrew/key\n\
         640 root:groundcrew /etc/groundcrew/groundcrew.env"
    );
    host.run("systemd-analyze verify /usr/lib/systemd/system/groundcrew*");

    // Who may not read the settings is told who may; what needs none of them goes on.
    for by in ["", "setpriv --reuid=nobody --clear-groups "] {
        let output = host.try_run(&format!("{by}groundcrew doctor"));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("sudo -u groundcrew groundcrew"), "{by}: {said}");
        assert_eq!(output.status.code(), Some(1));
        host.run(&format!(
            "cd / && {by}groundcrew jobs list && {by}groundcrew apply --help >/dev/null"
        ));
    }
    let output = host.try_run("cd / && echo 'GROUNDCREW_SLOTS=two words' >>/etc/groundcrew/groundcrew.env && sudo -u groundcrew groundcrew doctor");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("of /etc/groundcrew/groundcrew.env") && !said.contains("words"),
        "{said}"
    );

    let key = host.run("cat /var/lib/groundcrew/key");
    host.run(install);
    host.run("grep -q 'two words' /etc/groundcrew/groundcrew.env");
    host.run("systemctl enable groundcrew.target groundcrew-web groundcrew-worker@3");
    host.run("apt-get remove -y groundcrew");
    host.run("test -e /etc/groundcrew/groundcrew.env && test ! -e /usr/bin/groundcrew");
    assert_eq!(host.run("find /etc/systemd/system -name 'groundcrew*'"), "");
    let said = host.run("apt-get purge -y groundcrew 2>&1");
    assert!(said.contains("/var/lib/groundcrew stays"), "{said}");
    host.run("test ! -e /etc/groundcrew");
    host.run(install);
    assert_eq!(host.run("cat /var/lib/groundcrew/key"), key);
}

/// Each unit is closed off, as far as its work allows.
#[test]
fn units_are_hardened() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    package::bring(&host);
    host.run("apt-get install -y ./groundcrew.deb");
    for unit in ["groundcrew-web", "groundcrew-gateway", "groundcrew-worker@1"] {
        let said = host.run(&format!("systemd-analyze security --no-pager {unit}.service"));
        let last = said.lines().last().unwrap_or_default();
        let level =
            last.split(": ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<f32>().ok());
        assert!(level.is_some_and(|level| level <= 2.0), "{said}");
    }
}
