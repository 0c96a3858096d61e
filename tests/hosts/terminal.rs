//! Promises 5 and 6, seen from the terminal: whoever watches may go away, and the
//! host goes on; or cancel, and nothing of the run stays.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Apply, Host, Lab};
use crate::job;
use crate::pty::Terminal;

/// What Ctrl-C sends.
const CTRL_C: &str = "\x03";
const ASKS: &str = "Your answer [l/c/g]:";

/// Prints, starts processes that hold on to its output, also one that ignores TERM, and waits.
const RUN: &str = "echo before
    sleep 98765 & setsid sleep 98765 & sh -c \"trap '' TERM; sleep 98765; sleep 98765\" &
    touch /root/waits; until [ -e /root/go ]; do sleep 0.05; done
    echo after";

fn lab() -> Lab {
    let lab = Lab::up(1);
    lab.job("long", &job::of(&[("one", RUN)]));
    lab
}

/// The next `apply` follows the same run to its end, and shows all of its output.
#[track_caller]
fn follows_to_the_end(host: &Host<'_>) {
    let mut next = host.apply("long").start();
    assert_eq!(next.wait_for("run.started", "")["followed"], true);
    next.wait_for("step.output", "before");
    host.run(job::GO);
    let done = next.finish().completed();
    assert_eq!(done.output(), "before\nafter\n");
    assert_eq!(
        (host.starts(1, 1), host.run("ls /var/lib/groundcrew/runs | wc -l")),
        (1, "1".into())
    );
}

/// Nothing that the step started is there any more, and no unit.
#[track_caller]
fn nothing_is_left_running(host: &Host<'_>) {
    host.run("! pgrep -f '[s]leep 98765'; ! systemctl list-units --all --no-legend 'groundcrew-*' | grep .");
}

#[test]
fn ctrl_c_asks_and_c_cancels_on_the_host() {
    let lab = lab();
    let host = lab.host(1);
    let mut terminal = Terminal::start(host.apply("long"));
    host.wait_for(job::WAITS);
    terminal.wait_for("before");
    terminal.press(CTRL_C);
    terminal.wait_for(ASKS);
    host.run("pgrep -f '[s]leep 98765'");
    terminal.press("c");
    let ended = terminal.finish();
    assert_eq!(ended.code, 1, "{}", ended.screen);
    assert!(ended.screen.contains("cancelled at step 1 of 1, Step one"), "{}", ended.screen);
    nothing_is_left_running(&host);
    host.run("[ ! -e /root/one.done ]");
    // It is over: the next one is a new run.
    host.run(job::GO);
    assert_eq!(host.apply("long").json().completed().all("run.started")[0]["followed"], false);
}

/// With `--json` the questions are asked at the terminal all the same.
#[test]
fn a_cancelled_run_ends_with_run_cancelled() {
    let lab = lab();
    let host = lab.host(1);
    let file = lab.folder.path().join("events");
    let mut terminal = Terminal::asking(host.apply("long"), &file);
    host.wait_for(job::WAITS);
    terminal.press(CTRL_C);
    terminal.wait_for(ASKS);
    terminal.press("c");
    let ended = terminal.finish();
    let text = fs::read_to_string(&file).expect("events");
    let last: Value = serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
    assert_eq!((ended.code, &last["event"]), (1, &"run.cancelled".into()), "{text}");
    nothing_is_left_running(&host);
}

#[test]
fn ctrl_c_and_l_leaves_it_running() {
    let lab = lab();
    let host = lab.host(1);
    // Enter takes the same: it changes least.
    for key in ["l", "\r"] {
        let mut terminal = Terminal::start(host.apply("long"));
        host.wait_for(job::WAITS);
        terminal.wait_for("before");
        terminal.press(CTRL_C);
        terminal.wait_for(ASKS);
        terminal.press(key);
        let ended = terminal.finish();
        assert_eq!(ended.code, 1, "{}", ended.screen);
        assert!(ended.screen.contains("goes on by itself"), "{}", ended.screen);
        assert!(ended.screen.contains("apply again follows it"), "{}", ended.screen);
    }
    follows_to_the_end(&host);
}

#[test]
fn ctrl_c_and_g_goes_on_watching() {
    let lab = lab();
    let host = lab.host(1);
    let mut terminal = Terminal::start(host.apply("long"));
    host.wait_for(job::WAITS);
    terminal.press(CTRL_C);
    terminal.wait_for(ASKS);
    // What happens meanwhile is shown afterwards.
    host.run(job::GO);
    host.wait_for("[ -e /root/one.done ]");
    terminal.press("g");
    let ended = terminal.finish();
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert!(ended.screen.contains("1 changed, 0 in place"), "{}", ended.screen);
}

/// Ctrl-C goes to every process of the terminal, the ssh to a jump host among them:
/// the line is cut then, and comes back.
#[test]
fn ctrl_c_behind_a_jump_host_stops_nothing() {
    let lab = Lab::up(2);
    lab.job("long", &job::of(&[("one", RUN)]));
    let (hop, host) = (lab.host(1), lab.host(2));
    let config = lab.folder.path().join("config");
    let jump = format!("Host {}\n ProxyJump root@{}\n", host.address, hop.address);
    fs::write(&config, format!("{jump}Host *\n IdentityFile {}\n", lab.key())).expect("a file");
    let apply = || host.apply("long").arg("-F").arg(&config);
    let mut terminal = Terminal::start(apply());
    host.wait_for(job::WAITS);
    terminal.wait_for("before");
    terminal.press(CTRL_C);
    terminal.wait_for(ASKS);
    terminal.press("g");
    host.run(job::GO);
    let ended = terminal.finish();
    assert_eq!(ended.code, 0, "{}", ended.screen);
    assert!(ended.screen.contains("1 changed, 0 in place"), "{}", ended.screen);
}

/// SIGINT, SIGTERM and SIGHUP: nobody is there to be asked. And SIGKILL.
#[test]
fn signals_without_a_terminal_leave_it_running() {
    let lab = lab();
    let host = lab.host(1);
    let mut running = host.apply("long").start();
    running.wait_for("step.output", "before");
    running.kill();
    for signal in ["INT", "TERM", "HUP"] {
        let mut running = host.apply("long").start();
        running.wait_for("step.output", "before");
        running.signal(signal);
        let done = running.finish().failed("left");
        let error = done.last()["error"].as_str().expect("an error");
        assert!(error.contains("goes on by itself; apply again follows it"), "{error}");
        host.run("systemctl is-active 'groundcrew-*'");
    }
    follows_to_the_end(&host);
}

/// Who leaves while the connection is made leaves at once, and nothing is started.
#[test]
fn leaving_before_the_start_starts_nothing() {
    let lab = lab();
    let host = lab.host(1);
    let mute = TcpListener::bind("127.0.0.1:0").expect("a port");
    let target = format!("root@{}", mute.local_addr().expect("its address"));
    for key in ["l", "c"] {
        let mut terminal = Terminal::start(host.apply_bare("long", &target));
        let _connection = mute.accept().expect("a connection");
        terminal.press(CTRL_C);
        terminal.wait_for(ASKS);
        let start = Instant::now();
        terminal.press(key);
        let ended = terminal.finish();
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        assert_eq!(ended.code, 1);
        for text in ["nothing was started on", "left before anything was started"] {
            assert!(ended.screen.contains(text), "{text:?} is missing: {}", ended.screen);
        }
    }
    let running = host.apply_bare("long", &target).start();
    let _connection = mute.accept().expect("a connection");
    running.signal("TERM");
    let done = running.finish().failed("left");
    assert!(done.last()["error"].as_str().is_some_and(|e| e.contains("nothing was started")));
}

/// A SIGTERM while a question stands is not for the question to keep.
#[test]
fn sigterm_ends_a_question() {
    let lab = lab();
    let host = lab.host(1);
    let mut terminal = Terminal::start(host.apply("long"));
    host.wait_for(job::WAITS);
    terminal.press(CTRL_C);
    terminal.wait_for(ASKS);
    let pid = terminal.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    let ended = terminal.finish();
    assert!(ended.screen.contains("goes on by itself"), "{}", ended.screen);
    follows_to_the_end(&host);
}

/// Runs it with a reader that takes one line; gives its exit code and all that it said.
fn head(apply: &Apply<'_>) -> (String, String) {
    let mut command = Command::new("bash");
    command.args(["-c", "\"$@\" | head -n 1; echo \"exit code ${PIPESTATUS[0]}\" >&2", "bash"]);
    command.arg("setsid").args(apply.command.get_args()).stdin(Stdio::null());
    let output = command.output().expect("bash");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// A reader that has had enough is no reason to complain, and no reason for the host to stop.
#[test]
fn a_closed_pipe_ends_it_quietly() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.job("short", &job::of(&[("one", "seq 100; sleep 0.3; seq 100")]));
    let (json, said) = head(&host.apply("short").arg("--json"));
    assert!(json.starts_with("{\"run\":") && json.lines().count() == 1, "{json}");
    assert_eq!(said, "exit code 0\n");
    let (plain, said) = head(&host.apply("short"));
    assert!(plain.starts_with("Test on root@"), "{plain}");
    assert_eq!(said, "exit code 0\n");
}
