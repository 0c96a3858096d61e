//! `--plan` runs the checks only: it says what would run, and changes nothing.

use crate::harness::{Host, Lab};
use crate::job;
use crate::pty::Terminal;

/// Everything on the host that `--plan` has no business with: each file with its times,
/// owner, mode and size, and every package. Logins leave traces in /var/log, /run and home.
fn everything(host: &Host<'_>) -> String {
    host.run(
        "find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp \\
             -o -path /var/log -o -path /var/lib/groundcrew -o -path /var/lib/systemd \\
             -o -path /var/lib/private -o -path /root/.cache \\) -prune \\
             -o ! -path /var/lib -printf '%p %T@ %C@ %u %g %m %s %l\\n' | sort
         dpkg-query -W -f '${Package} ${Version} ${Status}\\n'
         systemctl list-unit-files --no-legend; getent passwd",
    )
}

/// Issue 2: on a fresh host all but what any Debian has would run; afterwards, all is in place.
#[test]
fn a_plan_says_what_would_run_and_changes_nothing() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let before = everything(&host);
    let fresh = host.apply("nginx").arg("--plan").json();
    assert_eq!((fresh.code, fresh.said.as_str()), (0, ""), "{:#?}", fresh.events);
    let after = everything(&host);
    for (one, other) in before.lines().zip(after.lines()) {
        assert_eq!(one, other, "something changed");
    }
    assert_eq!(before.len(), after.len(), "something changed");

    assert_eq!(fresh.last()["event"], "run.planned");
    let steps = fresh.last()["steps"].as_array().expect("steps");
    let would_run: Vec<&str> = steps
        .iter()
        .filter(|step| step["in_place"] == false)
        .filter_map(|step| step["step"].as_str())
        .collect();
    assert_eq!(steps.len(), 10);
    assert!(steps.iter().all(|step| step["in_place"].is_boolean()), "{steps:#?}");
    for step in ["install_software", "default_site", "configure_nginx", "verify", "finish"] {
        assert!(would_run.contains(&step), "{would_run:?}");
    }

    host.apply("nginx").json().completed();
    let done = host.apply("nginx").arg("--plan").json();
    assert_eq!(done.code, 0);
    let steps = done.last()["steps"].as_array().expect("steps");
    assert!(steps.iter().all(|step| step["in_place"] == true), "{steps:#?}");
}

/// In a pipe and on a terminal, a line a step.
#[test]
fn a_plan_is_shown_step_by_step() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.job("two", &job::of(&[("first", ""), ("second", "")]));
    host.run("touch /root/first.done");
    let output = host.apply("two").arg("--plan").plain();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for line in [
        "Test on root@",
        ", checks only",
        "[1/2] Step first: in place",
        "[2/2] Step second: would run",
        "1 of 2 steps would run",
    ] {
        assert!(text.contains(line), "{line:?} is missing: {text}");
    }
    let ended = Terminal::start(host.apply("two").arg("--plan")).finish();
    assert_eq!(ended.code, 0, "{}", ended.screen);
    for text in ["✓ Step first", "in place", "○ Step second", "would run"] {
        assert!(ended.screen.contains(text), "{text:?} is missing: {}", ended.screen);
    }
    host.run("[ ! -e /root/second.done ]");
}

/// A check that fails because an earlier step would first have to run is "would run";
/// one that fails by itself is an error that is shown.
#[test]
fn a_broken_check_is_an_error() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let broken = job::of(&[("one", "")]).replace("[ -e /root/one.done ]", "echo no tool; exit 2");
    lab.job("broken", &broken);
    let done = host.apply("broken").arg("--plan").json().failed("check_failed");
    assert_eq!(done.output(), "no tool\n");
    assert_eq!(done.all("step.failed")[0]["exit_code"], 2);
}
