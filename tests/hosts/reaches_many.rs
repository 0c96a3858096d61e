//! Many hosts at once, and many jobs: each host has a run of its own, and the
//! failure of one holds up no other.

use crate::harness::{Done, Lab};
use crate::job;

/// Three hosts in one command, of which the second can't do it.
fn three(lab: &Lab) -> crate::harness::Apply<'_> {
    lab.job("base", &job::of(&[("first", "echo base on $(hostname)")]));
    lab.job(
        "app",
        &job::with("needs = [\"base\"]", &[("second", "[ ! -e /root/broken ]; echo app")]),
    );
    lab.host(2).run("touch /root/broken");
    let hosts = [1, 2, 3].map(|number| format!("root@{}", lab.host(number).address));
    lab.host(1).apply("app").args(&[&hosts[1], &hosts[2]])
}

fn of_host<'d>(done: &'d Done, host: &str, field: &str) -> Vec<&'d str> {
    let of_host = done.events.iter().filter(|event| event["host"] == host);
    of_host.filter_map(|event| event[field].as_str()).collect()
}

#[test]
fn one_that_fails_holds_up_no_other() {
    let lab = Lab::up(3);
    let done = three(&lab).json();
    assert_eq!((done.code, done.said.as_str()), (1, ""), "{:#?}", done.events);
    let mut runs = Vec::new();
    for number in 1..=3 {
        let host = lab.host(number);
        let name = format!("root@{}", host.address);
        let events = of_host(&done, &name, "event");
        assert_eq!(events.first(), Some(&"run.planned"));
        let end = if number == 2 { "run.failed" } else { "run.completed" };
        assert_eq!(events.last(), Some(&end), "{name}: {events:?}");
        let mut run = of_host(&done, &name, "run");
        run.dedup();
        assert_eq!(run.len(), 1, "one run a host: {run:?}");
        runs.extend(run.iter().map(|run| run.to_string()));
        // The job that is needed came first, and its output is this host's own.
        assert_eq!(
            of_host(&done, &name, "output")[0],
            format!("base on {}\n", host.run("hostname"))
        );
        assert!(host.run("ls /root").contains("first.done"));
    }
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 3, "each host has a run of its own");
    let failed = done.all("step.failed");
    assert_eq!(
        (failed.len(), &failed[0]["job"], &failed[0]["exit_code"]),
        (1, &"app".into(), &1.into())
    );

    // Mended, the next one completes everywhere, and changes what was left only.
    lab.host(2).run("rm /root/broken");
    let mut again = lab.host(1).apply("app");
    again = again.args(
        &[2, 3].map(|n| format!("root@{}", lab.host(n).address)).each_ref().map(|s| s.as_str()),
    );
    let done = again.json().completed();
    assert_eq!((done.count(true), done.count(false), done.all("run.completed").len()), (1, 5, 3));
}

/// In a pipe every line names its host, and the last one counts.
#[test]
fn lines_name_their_hosts() {
    let lab = Lab::up(3);
    let output = three(&lab).plain();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "Test, Test on 3 hosts");
    let names = [1, 2, 3].map(|number| format!("root@{}: ", lab.host(number).address));
    let (last, of_hosts) = lines[1..].split_last().expect("a last line");
    for line in of_hosts {
        assert!(names.iter().any(|name| line.starts_with(name)), "{line}");
    }
    for name in &names {
        assert!(of_hosts.iter().any(|line| line.starts_with(&format!("{name}[2/2] Step second"))));
    }
    let failed = names[1].trim_end_matches(": ");
    assert!(last.starts_with("2 completed (2 changed, 0 unchanged); 1 failed: "), "{last}");
    assert!(last.contains(failed), "{last}");
}

/// `a,b`: both jobs, and what they need, once each and in the order of their needs.
#[test]
fn jobs_are_applied_with_what_they_need() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.job("base", &job::of(&[("base", "")]));
    lab.job("a", &job::with("needs = [\"b\", \"base\"]", &[("a", "[ -e /root/b.done ]")]));
    lab.job("b", &job::with("needs = [\"base\"]", &[("b", "[ -e /root/base.done ]")]));
    let done = host.apply("a,b").json().completed();
    let planned = done.all("run.planned")[0];
    assert_eq!(planned["jobs"], serde_json::json!(["base", "b", "a"]));
    let steps: Vec<_> = done.all("step.completed").iter().map(|e| e["step"].clone()).collect();
    assert_eq!(steps, ["base", "b", "a"]);
}
