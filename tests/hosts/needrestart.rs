//! needrestart, set to automatic, restarts every unit that uses a library which was
//! exchanged: our own, too, out of a step's `apt-get`. The unit refuses that.

use crate::harness::Lab;
use crate::steps::{step, touch};

#[test]
fn needrestart_does_not_restart_the_run() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps(
        "trap",
        &[
            step(
                "needrestart",
                "package_installed needrestart",
                "install_packages needrestart\n\
             echo '$nrconf{restart} = q(a);' >/etc/needrestart/conf.d/automatic.conf",
            ),
            // Against the prelude's own setting.
            step(
                "libc",
                "test -e /root/libc",
                "echo started >>/root/started\n\
             unset NEEDRESTART_SUSPEND\napt-get install -y --reinstall libc6\ntouch /root/libc",
            ),
            touch("after"),
        ],
    );
    let done = host.apply("trap").json().completed();
    let output = done.output();
    // The trap was set: it wanted to.
    assert!(output.contains("systemctl restart") && output.contains("groundcrew-"), "{output}");
    assert_eq!(host.lines("/root/started"), 1);
    done.each_step_started_once(&host);
    assert_eq!(done.all("run.started").len(), 1);
    let attempts = host.run("ls -d /var/lib/groundcrew/runs/*/attempt-*").lines().count();
    assert_eq!(attempts, 1);
}
