//! `on_change`: what a step's change asks for is done once after the steps, and a
//! crash that comes before it does not lose it.

use crate::harness::{Host, Lab};
use crate::steps::{step, touch};

/// A file whose change asks for this command.
fn file(command: &str) -> String {
    format!(
        "[[steps]]\nname = \"file\"\ntitle = \"file\"\non_change = \"{command}\"\n\
         [steps.file]\npath = \"/root/conf\"\ntemplate = \"new\\n\"\n"
    )
}

/// A step that hangs the first time, and goes well the second time.
fn hangs_once() -> String {
    step(
        "hangs",
        "test -e /root/hangs.done",
        "[ -e /root/hangs ] || { touch /root/hangs; sleep 1000; }\ntouch /root/hangs.done",
    )
}

fn due(host: &Host<'_>) -> String {
    host.run("ls /var/lib/groundcrew/pending 2>/dev/null | wc -l")
}

/// The runner is killed between the file and its command: the next run finds the file
/// in place, and executes the command all the same, once.
#[test]
fn crash_before_the_command() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("conf", &[file("echo x >>/root/commanded"), hangs_once()]);
    let mut run = host.apply("conf").start();
    run.wait_for("step.started", "hangs");
    host.wait_for("test -e /root/hangs");
    host.run("kill -9 $(systemctl show -P MainPID 'groundcrew-*')");
    run.finish().failed("runner_lost");
    assert_eq!((host.run("cat /root/conf"), host.lines("/root/commanded")), ("new".into(), 0));
    assert_eq!(due(&host), "1");
    let again = host.apply("conf").json().completed();
    assert_eq!(again.all("step.completed")[0]["changed"], false);
    assert_eq!(host.lines("/root/commanded"), 1);
    assert_eq!(due(&host), "0");
    let third = host.apply("conf").json().completed();
    assert_eq!((third.count(true), third.all("step.started").len()), (0, 2));
    assert_eq!(host.lines("/root/commanded"), 1);
}

/// The same with a reboot, after which the run goes on by itself.
#[test]
fn reboot_before_the_command() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("conf", &[file("echo x >>/root/commanded"), hangs_once()]);
    let mut run = host.apply("conf").start();
    run.wait_for("step.started", "hangs");
    host.wait_for("test -e /root/hangs");
    host.lab("reboot", &["--hard"]);
    let done = run.finish().completed();
    assert_eq!(done.all("step.completed").len(), 3, "{:#?}", done.events);
    assert_eq!(host.lines("/root/commanded"), 1);
    assert_eq!(due(&host), "0");
}

/// A command that fails is still due, for the next run.
#[test]
fn command_that_fails_stays_due() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("conf", &[file("test -e /root/allowed && echo x >>/root/commanded"), touch("after")]);
    let done = host.apply("conf").json().failed("step_failed");
    assert_eq!(
        done.all("step.failed")[0]["step"],
        "test -e /root/allowed && echo x >>/root/commanded"
    );
    assert_eq!(due(&host), "1");
    host.run("touch /root/allowed");
    let done = host.apply("conf").json().completed();
    assert_eq!((done.count(false), done.count(true)), (2, 1));
    assert_eq!((host.lines("/root/commanded"), due(&host)), (1, "0".into()));
}

/// A step that must see the change asks for it earlier; it is not done a second time.
#[test]
fn applied_inside_of_a_step() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("conf", &[
        file("echo x >>/root/commanded"),
        step(
            "sees",
            "test -e /root/sees",
            "changes_pending\napply_changes\n! changes_pending\n[ -s /root/commanded ]\ntouch /root/sees",
        ),
    ]);
    let done = host.apply("conf").json().completed();
    assert_eq!(done.all("step.started").len(), 2);
    assert_eq!((host.lines("/root/commanded"), due(&host)), (1, "0".into()));
}

/// Two steps that name the same command get it once; an unchanged step asks for nothing.
#[test]
fn once_for_all_who_ask() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let other = file("echo x >>/root/commanded")
        .replace("\"file\"", "\"other\"")
        .replace("/root/conf", "/root/other");
    lab.steps("conf", &[file("echo x >>/root/commanded"), other]);
    host.apply("conf").json().completed();
    assert_eq!(host.lines("/root/commanded"), 1);
    host.run("echo old >/root/other");
    host.apply("conf").json().completed();
    assert_eq!(host.lines("/root/commanded"), 2);
    host.apply("conf").json().completed();
    assert_eq!(host.lines("/root/commanded"), 2);
}

/// A file is exchanged whole, through links, with its owner and mode, and nothing of
/// the exchange stays; a folder at its path is an error.
#[test]
fn files_are_exchanged_whole() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    let link = "[[steps]]\nname = \"file\"\ntitle = \"file\"\n[steps.file]\npath = \"/root/a/link\"\n\
                owner = \"www-data\"\ngroup = \"nogroup\"\nmode = \"0640\"\ntemplate = \"new\\n\"\n";
    lab.steps("link", &[link.to_owned()]);
    host.run("mkdir -p /root/a /root/b; echo old >/root/b/real; ln -s ../b/real /root/a/link");
    host.apply("link").json().completed();
    let facts = host.run("readlink /root/a/link; stat -c '%U %G %a' /root/b/real; cat /root/b/real; ls -A /root/a /root/b");
    assert_eq!(facts, "../b/real\nwww-data nogroup 640\nnew\n/root/a:\nlink\n\n/root/b:\nreal");
    host.run("rm /root/a/link; mkdir /root/a/link");
    host.apply("link").json().failed("step_failed");
    assert_eq!(host.run("ls -A /root/a/link /root/a"), "/root/a:\nlink\n\n/root/a/link:");
}
