//! What a step prints is shown while it runs, and with the right step, however late
//! the journal or the output arrives.

use crate::harness::{Host, Lab};
use crate::job;

/// The host sends this one of its two files late: its `tail` is slow to start.
fn late(host: &Host<'_>, file: &str) {
    host.run(&format!(
        "cat >/usr/local/bin/tail <<'END'
#!/bin/sh
case \"$*\" in *-f*/{file}) sleep 1 ;; esac
exec /usr/bin/tail \"$@\"
END
chmod +x /usr/local/bin/tail"
    ));
}

fn lab() -> Lab {
    let lab = Lab::up(1);
    lab.job(
        "prints",
        &job::of(&[("one", "echo first"), ("two", &format!("echo second\n{}", job::WAIT))]),
    );
    lab
}

/// The step waits for us, so no later line or output brings what came too early.
#[test]
fn output_ahead_of_the_journal_is_shown_while_the_step_runs() {
    let lab = lab();
    let host = lab.host(1);
    late(&host, "journal");
    let mut running = host.apply("prints").start();
    running.wait_for("step.output", "second");
    host.run(job::GO);
    let done = running.finish().completed();
    steps_of_output(&done);
}

#[test]
fn output_behind_the_journal_is_shown_before_its_step_ends() {
    let lab = lab();
    let host = lab.host(1);
    late(&host, "out");
    host.run(job::GO);
    let done = host.apply("prints").json().completed();
    steps_of_output(&done);
    let events: Vec<&str> = done.events.iter().filter_map(|e| e["event"].as_str()).collect();
    let a_step = ["step.started", "step.output", "step.completed"];
    assert_eq!(events[2..8], [a_step, a_step].concat());
}

#[track_caller]
fn steps_of_output(done: &crate::harness::Done) {
    let outputs: Vec<_> =
        done.all("step.output").iter().map(|e| (e["step"].clone(), e["output"].clone())).collect();
    assert_eq!(outputs, [("one".into(), "first\n".into()), ("two".into(), "second\n".into())]);
}
