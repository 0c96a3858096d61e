//! Nothing of `apply` stays after it: no ssh and no folder here, no process there,
//! however it ended.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::Lab;
use crate::steps::{touch, wait_for_go};

/// What is left here of the `apply` with this process id: command lines of its ssh, and its folder.
fn left_here(pid: u32) -> Vec<String> {
    let name = format!("groundcrew-ssh-{pid}-");
    let entries = |folder: &str| fs::read_dir(folder).into_iter().flatten().flatten();
    let commands = entries("/proc").filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let commands = commands.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    let folders = entries("/tmp").map(|entry| entry.path().display().to_string());
    commands.chain(folders).filter(|text| text.contains(&name)).collect()
}

fn waits_until_only_this_is_left(pid: u32, left: impl Fn(&str) -> bool) {
    let start = Instant::now();
    while !left_here(pid).iter().all(|text| left(text)) {
        assert!(start.elapsed() < Duration::from_secs(60), "{:#?}", left_here(pid));
        thread::sleep(Duration::from_millis(100));
    }
}

/// On the host: only the login that asks is left, and no program of ours.
const NOTHING_THERE: &str =
    "[ \"$(pgrep -c -x sshd)\" -le 3 ] && ! pgrep -x 'tail|flock' && ! pgrep -x -f sh";

/// After its end nothing of `apply` is left, neither here nor there.
#[test]
fn leaves_nothing_after_its_end() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("one", &[touch("one")]);
    let run = host.apply("one").start();
    let pid = run.child.id();
    run.finish().completed();
    waits_until_only_this_is_left(pid, |_| false);
    host.wait_for(NOTHING_THERE);
}

/// Killed, it leaves only its folder, which the next one sweeps; ssh ends by itself.
#[test]
fn leaves_nothing_when_killed() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("one", &[wait_for_go("one")]);
    let mut run = host.apply("one").start();
    run.wait_for("step.started", "one");
    let pid = run.child.id();
    run.kill();
    host.wait_for(NOTHING_THERE);
    host.run("touch /root/go");
    host.apply("one").json().completed();
    waits_until_only_this_is_left(pid, |_| false);
}

/// The line is cut, and `apply` killed, so that the host hears of neither: once the
/// line is back nothing stays there.
#[test]
fn leaves_nothing_behind_a_cut_line() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("one", &[wait_for_go("one")]);
    let mut run = host.apply("one").start();
    run.wait_for("step.started", "one");
    let pid = run.child.id();
    host.lab("cut", &[]);
    run.kill();
    // ssh has noticed; the folder stays for the next one to sweep.
    waits_until_only_this_is_left(pid, |text| text.starts_with("/tmp/"));
    host.lab("mend", &[]);
    host.wait_for(NOTHING_THERE);
    host.run("touch /root/go");
    host.apply("one").json().completed();
}
