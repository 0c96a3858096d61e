//! Promise 8: no secret leaks. A secret that a step prints is masked as it comes
//! in, at the same length, however it is cut; and it is kept nowhere.

use std::fs;

use crate::harness::{Apply, Host, Lab};
use crate::job;
use crate::pty::Terminal;

const MASKED: &str = "****************";

/// A secret of this test's own, so that no other test's can be taken for it.
fn secret() -> String {
    let random = fs::read_to_string("/proc/sys/kernel/random/uuid").expect("a uuid");
    random.replace('-', "")[..16].to_owned()
}

/// A lab with this job in it, whose steps get the secret as $TOKEN.
fn lab(steps: &[(&str, &str)]) -> (Lab, String) {
    let lab = Lab::up(1);
    lab.job("secret", &job::with("[params.token]\ntype = \"secret\"", steps));
    let secret = secret();
    fs::write(lab.folder.path().join("token"), format!("{secret}\n")).expect("a file");
    (lab, secret)
}

/// `apply` with the secret in a file.
fn apply<'l>(lab: &Lab, host: &Host<'l>) -> Apply<'l> {
    host.apply("secret").arg("-P").arg(format!("token={}/token", lab.folder.path().display()))
}

/// In one go; byte by byte; and in two writes, cut at every place. The pauses are
/// what makes each write arrive by itself: longer than output waits for more.
const PRINTS: &str = r#"
echo "whole: $TOKEN."
echo "twice: $TOKEN$TOKEN."
printf 'bytes: '
rest=$TOKEN
while [ -n "$rest" ]; do
    printf %s "${rest%"${rest#?}"}"
    rest=${rest#?}
    sleep 0.25
done
echo .
head= rest=$TOKEN
while [ -n "$rest" ]; do
    head=$head${rest%"${rest#?}"} rest=${rest#?}
    printf 'cut: %s' "$head"
    sleep 0.25
    echo "$rest."
done
echo "no more: ${TOKEN%?}"
"#;

fn expected(secret: &str) -> String {
    let cuts = format!("cut: {MASKED}.\n").repeat(secret.len());
    format!(
        "whole: {MASKED}.\ntwice: {MASKED}{MASKED}.\nbytes: {MASKED}.\n{cuts}no more: {}\n",
        &secret[..secret.len() - 1]
    )
}

#[test]
fn a_printed_secret_is_masked_in_json() {
    let (lab, secret) = lab(&[("prints", PRINTS)]);
    let host = lab.host(1);
    let done = apply(&lab, &host).json().completed();
    assert_eq!(done.output(), expected(&secret));
    let all = format!("{:?}{}", done.events, done.said);
    assert!(!all.contains(&secret), "{all}");
    // Same length: offsets are those of the host's file.
    let mut end = 0;
    for event in done.all("step.output") {
        assert_eq!(event["offset"], end);
        end += event["output"].as_str().expect("output").len() as u64;
    }
    let out = format!("{}/attempt-1/out", host.last_run());
    assert_eq!(host.run(&format!("stat -c %s {out}")), end.to_string());
    assert!(host.run(&format!("cat {out}")).contains(&secret), "it was printed there");
}

#[test]
fn a_printed_secret_is_masked_in_a_pipe() {
    let (lab, secret) = lab(&[("prints", PRINTS)]);
    let output = apply(&lab, &lab.host(1)).plain();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for line in expected(&secret).lines() {
        assert!(text.contains(&format!("  | {line}\n")), "{line:?} is missing: {text}");
    }
    assert!(!text.contains(&secret), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Also where the whole output of a step that failed is shown.
#[test]
fn a_printed_secret_is_masked_on_a_terminal() {
    let fails = format!("{PRINTS}\nfalse\n");
    let (lab, secret) = lab(&[("prints", &fails)]);
    let ended = Terminal::start(apply(&lab, &lab.host(1))).finish();
    assert_eq!(ended.code, 1);
    for line in expected(&secret).lines() {
        assert!(ended.screen.contains(line), "{line:?} is missing: {}", ended.screen);
    }
    assert!(!String::from_utf8_lossy(&ended.raw).contains(&secret));
}

/// Whether the text stands in the command line of a process of this machine.
fn on_process_list(text: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    processes
        .filter_map(|process| fs::read(process.path().join("cmdline")).ok())
        .any(|line| memchr::memmem::find(&line, text.as_bytes()).is_some())
}

/// A step that has the secret, also in a file, and waits.
fn waiting_lab() -> (Lab, String) {
    let (lab, secret) = lab(&[("waits", job::WAIT)]);
    let file = lab.folder.path().join("jobs/secret.toml");
    let step = "[[steps]]\nname = \"file\"\ntitle = \"File\"\n\
                file = { path = \"/root/file\", mode = \"0600\", template = \"{{ token }}\" }\n";
    let text = fs::read_to_string(&file).expect("the job") + step;
    fs::write(&file, text).expect("the job");
    (lab, secret)
}

/// Where in a tree of the host the secret stands; the search does not find itself.
fn found_in(host: &Host<'_>, secret: &str, places: &str) -> String {
    let pattern = format!("[{}]{}", &secret[..1], &secret[1..]);
    host.run(&format!("grep -rlsa -e '{pattern}' {places} || true"))
}

/// Nothing of the values and rendered files is left on the host, and no unit.
#[track_caller]
fn is_gone(host: &Host<'_>, secret: &str) {
    assert_eq!(found_in(host, secret, "/var/lib/groundcrew /run /tmp /var/tmp /var/log"), "");
    host.run(&format!("cd {}/attempt-1; [ -e journal ] && [ ! -e values ]", host.last_run()));
    host.run("! systemctl list-units --all --no-legend 'groundcrew-*' | grep .");
}

/// While it runs: not in the journal, the lock, the plan, a process list or the unit's
/// properties, there or here. At its end nothing of it is left.
#[test]
fn a_secret_is_kept_nowhere() {
    let (lab, secret) = waiting_lab();
    let host = lab.host(1);
    let running = apply(&lab, &host).start();
    host.wait_for(job::WAITS);

    assert!(!on_process_list(&secret), "it is on the process list here");
    let run = host.last_run();
    assert_eq!(found_in(&host, &secret, "$(ls -d /proc/[0-9]*/cmdline)"), "");
    let kept =
        found_in(&host, &secret, "/var/lib/groundcrew /run/groundcrew* /run/systemd /var/log");
    let expected =
        [format!("{run}/attempt-1/steps/2/file"), format!("{run}/attempt-1/values/TOKEN")];
    let mut kept: Vec<&str> = kept.lines().collect();
    kept.sort_unstable();
    assert_eq!(kept, expected, "only where the step gets it from");
    let modes = host
        .run(&format!("stat -c '%a %U' {run}/attempt-1/values/TOKEN {run} /var/lib/groundcrew"));
    assert_eq!(modes, "600 root\n700 root\n700 root");
    let unit =
        host.run("systemctl show 'groundcrew-*'; systemctl status --no-pager 'groundcrew-*'");
    assert!(unit.contains("groundcrew-") && !unit.contains(&secret), "{unit}");
    host.run("journalctl -q --sync");
    assert!(!host.run("journalctl --no-pager").contains(&secret));

    host.run(job::GO);
    let done = running.finish().completed();
    assert!(!format!("{:?}", done.events).contains(&secret));
    assert_eq!(host.run("cat /root/file"), secret);
    is_gone(&host, &secret);
}

#[test]
fn a_secret_is_gone_after_a_failure() {
    let (lab, secret) = lab(&[("fails", "exit 3")]);
    let host = lab.host(1);
    apply(&lab, &host).json().failed("step_failed");
    is_gone(&host, &secret);
}

#[test]
fn a_secret_is_gone_after_a_cancel() {
    let (lab, secret) = waiting_lab();
    let host = lab.host(1);
    let mut terminal = Terminal::start(apply(&lab, &host));
    host.wait_for(job::WAITS);
    terminal.press("\x03");
    terminal.wait_for("Your answer [l/c/g]:");
    terminal.press("c");
    let ended = terminal.finish();
    assert!(ended.screen.contains("cancelled"), "{}", ended.screen);
    is_gone(&host, &secret);
}

/// Who follows the run of somebody else does not know their secrets: its output is not shown.
#[test]
fn output_is_not_shown_to_who_does_not_know_the_secret() {
    let prints = format!("echo first $TOKEN\n{}\necho last $TOKEN", job::WAIT);
    let (lab, secret) = lab(&[("prints", &prints)]);
    let host = lab.host(1);
    lab.job("other", &job::of(&[("other", "")]));
    let running = apply(&lab, &host).start();
    host.wait_for(job::WAITS);
    let mut other = Terminal::start(host.apply("other"));
    other.wait_for("Your answer [w/f/q]:");
    other.press("f");
    other.wait_for("may hold secrets");
    host.run(job::GO);
    let ended = other.finish();
    assert_eq!(ended.code, 0, "{}", ended.screen);
    let raw = String::from_utf8_lossy(&ended.raw);
    assert!(!raw.contains(&secret) && !raw.contains("first"), "{}", ended.screen);
    // Who knows it sees all, masked.
    let done = running.finish().completed();
    assert_eq!(done.output(), format!("first {MASKED}\nlast {MASKED}\n"));
}
