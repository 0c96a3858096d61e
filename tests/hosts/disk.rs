//! A full disk fails the run with that cause, its journal is whole all the same,
//! and with room again the next one works.

use crate::harness::{Host, Lab};
use crate::steps::{step, touch};

/// A lab with a host whose disk is soon full.
fn small() -> Lab {
    Lab::with(1, &["--disk", "64m"])
}

const FILL: &str = "cat /dev/zero >/root/fill";

fn make_room(host: &Host<'_>) {
    host.run("rm /root/fill");
}

#[test]
fn step_fills_the_disk() {
    let lab = small();
    let host = lab.host(1);
    let fill = format!("[ ! -e /root/filled ] || exit 0\ntouch /root/filled\n{FILL}");
    lab.steps(
        "disk",
        &[touch("before"), step("fills", "test -e /root/room", &fill), touch("after")],
    );
    let done = host.apply("disk").json().failed("disk_full");
    assert_eq!(done.all("step.failed").len(), 1);
    assert_eq!(done.all("step.failed")[0]["step"], "fills");
    assert!(host.journal(1).last().expect("an end").ends_with(" failed"), "{:#?}", host.journal(1));
    make_room(&host);
    host.run("touch /root/room");
    host.apply("disk").json().completed();
}

/// The journal grows over the end of a block on a full disk, where a line can be
/// written in part only; whoever reads it meanwhile sees every line once.
#[test]
fn journal_goes_on_on_a_full_disk() {
    let lab = small();
    let host = lab.host(1);
    let mut steps = vec![step("fills", "test -s /root/fill", &format!("{FILL} || true"))];
    steps.extend((0..150).map(|number| step(&format!("step_{number}"), "true", "true")));
    lab.steps("long", &steps);
    let done = host.apply("long").json().completed();
    assert_eq!(done.count(false), 150);
    let size = host.run(&format!("stat -c %s {}/attempt-1/journal", host.last_run()));
    assert!(size.parse::<u32>().expect("a number") > 8192, "two blocks at least: {size}");
    make_room(&host);
    host.apply("long").json().completed();
}

/// No room for the output: the programs get the error, and the run goes on.
#[test]
fn output_on_a_full_disk() {
    let lab = small();
    let host = lab.host(1);
    let prints =
        "i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); echo \"line $i of many\" || true; done";
    lab.steps(
        "prints",
        &[
            step("fills", "test -s /root/fill", &format!("{FILL} || true")),
            step("prints", "test -e /run/printed", &format!("{prints}\ntouch /run/printed")),
        ],
    );
    let done = host.apply("prints").json().completed();
    assert!(host.journal(1).last().expect("an end").ends_with(" completed"));
    assert!(done.output().len() < 65_536);
}

#[test]
fn full_before_the_start() {
    let lab = small();
    let host = lab.host(1);
    lab.steps("disk", &[touch("one")]);
    host.run(&format!("{FILL} 2>/dev/null || true"));
    host.apply("disk").json().failed("disk_full");
    assert_eq!(host.run("ls -d /var/lib/groundcrew/runs/*/attempt-* 2>/dev/null || true"), "");
    make_room(&host);
    host.apply("disk").json().completed();
}

/// A disk that can't be written at all is not called full.
#[test]
fn read_only_disk() {
    let lab = Lab::up(1);
    let host = lab.host(1);
    lab.steps("disk", &[touch("one")]);
    host.run("mkdir -p /var/lib/groundcrew && mount -t tmpfs -o ro tmpfs /var/lib/groundcrew");
    let done = host.apply("disk").json().failed("internal");
    assert!(done.last().to_string().contains("Read-only file system"), "{}", done.last());
    host.run("umount /var/lib/groundcrew");
    host.apply("disk").json().completed();
}
