//! What hosts and steps do: locks, full disks, wrong clocks, endless or broken output,
//! processes that do not end.

use std::fs;
use std::time::{Duration, Instant};

use crate::check;
use crate::job::{GO, WAITS};
use crate::lab::Lab;
use crate::moment::Moment::WhileAStepRuns;
use crate::table::{Cell, cell};
use crate::world::World;

pub fn cells() -> Vec<Cell> {
    let of = |fault, act: fn() -> String| cell(fault, WhileAStepRuns.name(), act);
    vec![
        of("200 MB of output in one step", much_output),
        of("dpkg's lock held for 30 s", dpkg_is_locked),
        of("the host's disk is full; runs retry", disk_is_full),
        of("the host's clock a day ahead", || clock_is_off("+1 day")),
        of("the host's clock a day behind", || clock_is_off("-1 day")),
        of("binary garbage, half UTF-8 characters; kill -9", garbage),
        of("a step that ignores TERM; runs cancel", ignores_term),
        of("a background process holds the output open", background),
    ]
}

/// A run of the job `test`, from asking to its end.
fn ends(world: &World<'_>, status: &str) -> String {
    let id = world.ask("test");
    world.ends(&id, status);
    id
}

/// The most memory that a worker ever had, in MB.
fn memory(world: &World<'_>, worker: usize) -> u64 {
    let path = format!("/proc/{}/status", world.workers[worker].id());
    let status = fs::read_to_string(path).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its memory");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).expect("kB") / 1024
}

const MUCH: u32 = 200 << 20;

fn much_output() -> String {
    let lab = Lab::up(1);
    let prints = format!("head -c {MUCH} /dev/urandom");
    let mut world = World::doing(&lab, &[("prints", &prints), ("last", "echo last")]);
    world.workers.pop().expect("the second").terminate();
    world.works();
    let (before, told) = (memory(&world, 0), world.ear.count());
    let start = Instant::now();
    let id = ends(&world, "completed");
    let took = start.elapsed().as_secs_f64();
    let (after, told) = (memory(&world, 0), world.ear.count() - told);
    assert_eq!(world.column(&id, "output_bytes, output_cut"), format!("{}|0", MUCH + 5));
    assert!(after - before < 40, "the worker's memory grew from {before} to {after} MB");
    assert!(told < 15, "{told} notifications");
    world.notes.push(format!(
        "stored in {took:.0} s; the worker's memory at most {before} MB before, {after} MB after; \
         {told} notifications"
    ));
    check::all(&world)
}

/// As dpkg and apt lock it. On 64-bit Linux.
const LOCK: &str = r#"cat >/root/lock.pl <<'END'
use Fcntl;
open(F, ">>", "/var/lib/dpkg/lock-frontend") or die;
my $lock = pack("s s x4 q q i x4", F_WRLCK, 0, 0, 0, 0);
fcntl(F, F_SETLK, $lock) or die;
sleep 30;
END
systemd-run -q perl /root/lock.pl
until grep -q "POSIX.*:$(stat -c %i /var/lib/dpkg/lock-frontend) " /proc/locks; do sleep 0.1; done"#;

fn dpkg_is_locked() -> String {
    let lab = Lab::up(1);
    let mut world = World::doing(&lab, &[("installs", "install_packages tree")]);
    world.host().run(LOCK);
    let start = Instant::now();
    let id = ends(&world, "completed");
    assert!(start.elapsed() > Duration::from_secs(20), "it did not wait");
    let said = world.fleet.ok(&["runs", "output", &id]);
    assert!(said.contains("Waiting for perl"), "{said}");
    world.notes.push("waited, and said for whom".to_owned());
    world.works();
    check::all(&world)
}

fn disk_is_full() -> String {
    let lab = Lab::with(1, &["--disk", "64m"]);
    let fills = "[ -e /root/room ] || cat /dev/zero >/root/fill";
    let mut world = World::doing(&lab, &[("first", "echo first"), ("fills", fills)]);
    let id = ends(&world, "failed");
    assert_eq!(world.column(&id, "error_kind"), "disk_full");
    world.host().run("rm /root/fill; touch /root/room");
    world.fleet.ok(&["runs", "retry", &id]);
    world.ends(&id, "completed");
    world.notes.push("failed: disk_full; with room again it was retried".to_owned());
    world.works();
    check::all(&world)
}

/// All hosts of the lab have the clock of this machine: `date` is what tells it to the runner.
fn clock_is_off(by: &str) -> String {
    let lab = Lab::up(1);
    let world = World::new(&lab);
    world.host().run(&format!(
        "printf '%s\\n' '#!/bin/sh' 'exec /bin/date -d \"{by}\" \"$@\"' >/usr/local/bin/date; \
         chmod +x /usr/local/bin/date"
    ));
    let id = WhileAStepRuns.of_a_run(&world);
    world.host().run(GO);
    world.ends(&id, "completed");
    let off = format!(
        "SELECT max(abs(s.started_at - r.started_at)) > 80000000 \
         FROM run_steps AS s JOIN runs AS r ON r.id = s.run_id WHERE r.id = '{id}'"
    );
    assert_eq!(world.sql(&off), "t", "the clock was not off");
    assert_eq!(world.column(&id, "epoch"), "1");
    world.works();
    check::all(&world)
}

const GARBAGE: &str = r"
printf 'half \342'; touch /root/waits
i=0
until [ -e /root/go ]; do
    i=$((i + 1))
    printf 'binary \000\001\377\376 \r\n half \303'; head -c 700 /dev/urandom
    sleep 0.1; printf '\244 and \342\202'; sleep 0.1; printf '\254.\n'
done
head -c 70000 /dev/urandom; head -c 30000 /dev/zero; printf 'no end of line \342\202'";

/// And it is taken over in the middle of it.
fn garbage() -> String {
    let lab = Lab::up(1);
    let mut world = World::doing(&lab, &[("prints", GARBAGE), ("last", "echo last")]);
    let id = world.ask("test");
    world.host().wait_for(WAITS);
    world.workers.remove(world.holder(&id)).kill();
    world.reaches_epoch(&id, 2);
    world.host().run(GO);
    world.ends(&id, "completed");
    world.works();
    check::all(&world)
}

fn ignores_term() -> String {
    let lab = Lab::up(1);
    let stubborn = "trap '' TERM; touch /root/waits; sleep 98101 & sleep 98102";
    let mut world = World::doing(&lab, &[("stubborn", stubborn)]);
    let id = world.ask("test");
    world.host().wait_for(WAITS);
    let start = Instant::now();
    world.fleet.ok(&["runs", "cancel", &id]);
    world.ends(&id, "cancelled");
    let took = start.elapsed().as_secs_f64();
    world.host().run("! pgrep -f '[s]leep 9810'");
    world.notes.push(format!("cancelled, and nothing of it left, after {took:.0} s"));
    world.works();
    check::all(&world)
}

fn background() -> String {
    let lab = Lab::up(1);
    let leaves = "setsid nohup sleep 98103 &\nsetsid sh -c \"trap '' TERM; sleep 98104\" &";
    let world = World::doing(&lab, &[("leaves", leaves), ("last", "echo last")]);
    ends(&world, "completed");
    world.works();
    world.host().wait_for("! pgrep -f '[s]leep 9810'");
    check::all(&world)
}
