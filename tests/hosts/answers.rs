//! What checks, asserts and programs can answer and print, and what surrounds them.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::{Done, Host, Lab};
use crate::steps::{step, touch};

/// A run of one step fails with this kind and exit code, and the next step is not started.
fn fails(check: &str, run: &str, kind: &str, exit_code: Option<i32>) -> Done {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("answers", &[step("asked", check, run), touch("after")]);
    let done = host.apply("answers").json().failed(kind);
    let failed = done.all("step.failed");
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["step"], "asked");
    assert_eq!(failed[0]["exit_code"].as_i64(), exit_code.map(i64::from));
    assert_eq!(done.all("step.started").len(), 1);
    assert_eq!(host.lines("/root/ran"), usize::from(run.contains("ran")));
    done
}

/// Neither 0 nor 1 is an error of the check, and nothing is changed.
#[test]
fn check_answers_2() {
    let done = fails("echo no idea >&2; exit 2", "touch /root/after", "check_failed", Some(2));
    assert_eq!(done.output(), "no idea\n");
}

#[test]
fn check_answers_127() {
    fails("no-such-command", "touch /root/after", "check_failed", Some(127));
}

/// The run went well, and the check still says no.
#[test]
fn not_in_place_after_its_run() {
    fails("false", "echo yes >/root/ran", "not_in_place", Some(1));
}

#[test]
fn run_fails() {
    fails("false", "echo yes >/root/ran; exit 9; echo no", "step_failed", Some(9));
}

/// `set -e`: the first failing command ends a script.
#[test]
fn first_error_ends_a_script() {
    fails(
        "false",
        "echo yes >/root/ran\nls /no/such/file\ntouch /root/after",
        "step_failed",
        Some(2),
    );
}

#[test]
fn killed_program_fails_its_step() {
    fails("false", "sh -c 'kill -9 $$'", "step_failed", Some(137));
}

#[test]
fn assert_that_fails() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let assert =
        "[[steps]]\nname = \"holds\"\ntitle = \"holds\"\nassert = \"test -e /root/holds\"\n";
    lab.steps("asserts", &[assert.to_owned(), touch("after")]);
    let done = host.apply("asserts").json().failed("assert_failed");
    assert_eq!(done.all("step.failed")[0]["exit_code"], 1);
    host.run("touch /root/holds");
    let done = host.apply("asserts").json().completed();
    assert_eq!((done.count(false), done.count(true)), (1, 1));
}

/// What a step prints when it is run.
fn prints(host: &Host<'_>, lab: &Lab, script: &str) -> String {
    lab.steps(
        "prints",
        &[step("prints", "test -e /root/printed", &format!("{script}\ntouch /root/printed"))],
    );
    host.apply("prints").json().completed().output()
}

/// Exactly what is promised: environment, umask, folder, input, and nothing of systemd's.
#[test]
fn surroundings() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    host.run("systemctl set-environment LEAKS=1 LC_ALL=de_DE.UTF-8 PATH=/nowhere");
    let script = "env; echo \"umask $(umask)\"; echo \"folder $(pwd)\"; echo \"input $(readlink /proc/self/fd/0)\"\n\
                  echo \"open $(ls -m /proc/self/fd)\"";
    let output = prints(&host, &lab, script);
    let mut lines: Vec<&str> = output.lines().collect();
    lines.sort_unstable();
    let prelude = [
        "APT_LISTCHANGES_FRONTEND=",
        "DEBIAN_FRONTEND=",
        "NEEDRESTART_SUSPEND=",
        "UCF_FORCE_CONFFOLD=",
    ];
    lines.retain(|line| !prelude.iter().any(|name| line.starts_with(name)));
    assert_eq!(
        lines,
        [
            "HOME=/root",
            "LC_ALL=C.UTF-8",
            "LOGNAME=root",
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PWD=/root",
            "SHELL=/bin/sh",
            "TERM=dumb",
            "USER=root",
            "folder /root",
            "input /dev/null",
            "open 0, 1, 2, 3",
            "umask 0022",
        ]
    );
}

/// The proxies of `/etc/environment` reach the steps, and nothing else of it does.
#[test]
fn proxies() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    host.run(
        "printf '%s\\n' 'http_proxy=\"http://proxy:3128\"' \"export NO_PROXY='a,b'\" FOO=bar '# x=y' '' >/etc/environment",
    );
    let output = prints(&host, &lab, "env | grep -i -e proxy -e FOO | sort");
    assert_eq!(output, "NO_PROXY=a,b\nhttp_proxy=http://proxy:3128\n");
}

/// A pipe whose reader ended kills its writer silently, as in any shell.
#[test]
fn broken_pipe() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    assert_eq!(prints(&host, &lab, "yes | head -n 1"), "y\n");
}

/// Bytes that are no text are replaced, and nothing breaks.
#[test]
fn binary_output() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let output =
        prints(&host, &lab, "head -c 300000 /dev/urandom; printf '\\000\\377\\n'; echo over");
    assert!(
        output.ends_with("\u{fffd}\nover\n"),
        "{:?}",
        output.chars().rev().take(20).collect::<String>()
    );
}

/// A step that sets the clock does not confuse the journal. Hosts of the lab share this
/// machine's clock, and may not set it: a `date` of its own stands for that here.
#[test]
fn clock_set_by_a_step() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let set = "mv /bin/date /bin/date.real; printf '#!/bin/sh\\necho 99999999999999\\n' >/bin/date; chmod +x /bin/date";
    lab.steps("clock", &[step("sets", "test -e /bin/date.real", set), touch("after")]);
    let done = host.apply("clock").json().completed();
    let times: Vec<&str> = done.events.iter().filter_map(|event| event["time"].as_str()).collect();
    assert!(times.iter().all(|time| time.starts_with("20")), "{times:?}");
}

/// 200 MB of output: all of it, byte for byte, in reasonable time, and `apply` stays small.
#[test]
fn much_output() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let line = "abcdefghijklmnopqrstuvwxyz0123456789";
    lab.steps(
        "much",
        &[
            step(
                "much",
                "test -e /root/much",
                &format!("yes {line} | head -c 200000000; touch /root/much"),
            ),
            touch("after"),
        ],
    );
    let start = Instant::now();
    let mut apply = host.apply("much").arg("--json").command;
    let events = lab.folder.path().join("events");
    apply.stdout(fs::File::create(&events).expect("a file"));
    let mut child = apply.spawn().expect("groundcrew");
    let mut peak = 0;
    let status = loop {
        if let Ok(text) = fs::read_to_string(format!("/proc/{}/status", child.id())) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            peak = line.and_then(|l| l.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(peak);
        }
        if let Some(status) = child.try_wait().expect("its end") {
            break status;
        }
        assert!(start.elapsed() < Duration::from_secs(120), "too slow");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success());
    assert!(peak > 0 && peak < 60_000, "{peak} kB");
    let file = fs::File::open(&events).expect("events");
    let filter = "select(.event == \"step.output\") | .output";
    let jq = Command::new("jq")
        .args(["-j", filter])
        .stdin(file)
        .stdout(std::process::Stdio::piped())
        .spawn();
    let sum = Command::new("sha256sum").stdin(jq.expect("jq").stdout.expect("its output")).output();
    let ours = String::from_utf8(sum.expect("sha256sum").stdout).expect("text");
    assert_eq!(ours, host.run(&format!("sha256sum <{}/attempt-1/out", host.last_run())) + "\n");
    println!("{peak} kB, {:?}", start.elapsed());
}
