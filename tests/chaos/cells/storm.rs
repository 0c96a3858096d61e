//! All at once: three workers, thirty servers on five hosts, and a fault at random every few
//! seconds.
//!
//! `STORM`: for so many seconds (default 600). `SEED`: which faults, and when.

use std::env;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use rustix::process::Signal;

use crate::chance::Chance;
use crate::check;
use crate::lab::Lab;
use crate::postgres::Cluster;
use crate::table::{Cell, cell};
use crate::world::{World, until};

const HOSTS: usize = 5;
const SERVERS: usize = 30;
const WORKERS: usize = 3;
/// Hosts keep the last 20 runs whole; one more follows at the end.
const MOST_RUNS: u64 = 18;

pub fn cells() -> Vec<Cell> {
    vec![cell("a random fault every few seconds", "throughout", storm)]
}

/// Some steps of a few seconds, with output; each run has its own.
fn steps() -> String {
    let mut text = "title = \"Storm\"\n[params.number]\ntype = \"integer\"\n".to_owned();
    for step in 1..=6 {
        text.push_str(&format!(
            "[[steps]]\nname = \"step{step}\"\ntitle = \"Step {step}\"\n\
             check = '[ -e \"/root/done-$NUMBER-{step}\" ]'\n\
             run = '''\nseq 300; sleep 1; seq 300; sleep 1; seq 300; sleep 1\n\
             touch \"/root/done-$NUMBER-{step}\"\n'''\n"
        ));
    }
    text
}

/// What is to be mended, and when.
enum Mend {
    Continue(u32),
    Link(usize),
    RedisDown,
    RedisFull,
    PostgresDown,
    PostgresStopped,
}

struct Storm<'l> {
    world: World<'l>,
    cluster: Cluster,
    chance: Chance,
    mends: Vec<(Instant, Mend)>,
    faults: u32,
}

fn storm() -> String {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let seconds = number("STORM").unwrap_or(600);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let seed = number("SEED").unwrap_or(now.as_secs());
    println!("the storm | seed | | SEED={seed} STORM={seconds} |");

    let (lab, cluster) = (Lab::up(HOSTS), Cluster::start());
    let mut world = World::on(&lab, &cluster.url("postgres"), &[], &[("storm", steps())]);
    world.start_worker();
    world.hosts.extend((2..=HOSTS).map(|number| lab.host(number)));
    for server in 0..SERVERS {
        world.fleet.add(&format!("s-{server}"), &world.hosts[server % HOSTS]);
    }
    let runs = (seconds / 25).clamp(3, MOST_RUNS) * HOSTS as u64;
    for run in 0..runs {
        let server = format!("s-{}", run % SERVERS as u64);
        world.fleet.ask_with("storm", &server, &["-p", &format!("number={run}")]);
    }
    let chance = Chance::new(seed);
    let mut storm = Storm { world, cluster, chance, mends: vec![], faults: 0 };
    storm.rages(Duration::from_secs(seconds));
    storm.calms();
    let Storm { mut world, faults, cluster, .. } = storm;
    ends_well(&mut world);
    world.notes.push(format!("{runs} runs, {faults} faults, SEED={seed}"));
    world.works();
    let held = check::all(&world);
    drop(world);
    drop(cluster);
    held
}

/// A step that two reboots met has failed, as it should; an operator tries it again.
fn ends_well(world: &mut World<'_>) {
    let open = "SELECT count(*) FROM runs WHERE finished_at IS NULL";
    let start = Instant::now();
    while world.try_sql(open).is_none_or(|open| open != "0") {
        let limit = Duration::from_secs(900);
        assert!(
            start.elapsed() < limit,
            "{}",
            world.sql(
                "SELECT id, status, epoch, worker, waiting FROM runs WHERE finished_at IS NULL"
            )
        );
        sleep(Duration::from_millis(500));
    }
    let failed = world
        .sql("SELECT id FROM runs WHERE status = 'failed' AND error_kind = 'interrupted_twice'");
    for id in failed.lines() {
        world.fleet.ok(&["runs", "retry", id]);
        world.ends(id, "completed");
    }
    if !failed.is_empty() {
        let times = failed.lines().count();
        world.notes.push(format!("{times} runs met two reboots in one step, and were retried"));
    }
    let others =
        world.sql("SELECT id, status, error_kind, error FROM runs WHERE status <> 'completed'");
    assert_eq!(others, "");
}

impl Storm<'_> {
    fn rages(&mut self, time: Duration) {
        let end = Instant::now() + time;
        let mut next = Instant::now();
        while Instant::now() < end {
            self.mend(false);
            self.replace_workers();
            if Instant::now() >= next {
                self.fault();
                next = Instant::now() + Duration::from_millis(1500 + self.chance.below(4000));
            }
            sleep(Duration::from_millis(200));
        }
    }

    fn calms(&mut self) {
        self.mend(true);
        until("three workers are there", || {
            self.replace_workers();
            self.world.workers.len() == WORKERS
        });
    }

    /// What a supervisor does.
    fn replace_workers(&mut self) {
        let is_down = |mend: &(Instant, Mend)| !matches!(mend.1, Mend::Continue(_) | Mend::Link(_));
        if self.world.workers.len() < WORKERS && !self.mends.iter().any(is_down) {
            self.world.try_start_worker();
        }
    }

    fn later(&mut self, least: u64, most: u64, mend: Mend) {
        let after = Duration::from_millis(least + self.chance.below(most - least));
        self.mends.push((Instant::now() + after, mend));
    }

    /// Whether one of these is to be mended.
    fn is_on(&self, is_it: fn(&Mend) -> bool) -> bool {
        self.mends.iter().any(|(_, mend)| is_it(mend))
    }

    fn mend(&mut self, all: bool) {
        let now = Instant::now();
        let (due, later) = self.mends.drain(..).partition(|(at, _)| all || *at <= now);
        self.mends = later;
        let due: Vec<(Instant, Mend)> = due;
        for (_, mend) in due {
            match mend {
                Mend::Continue(id) => {
                    if let Some(worker) = self.world.workers.iter().find(|worker| worker.id() == id)
                    {
                        worker.signal(Signal::CONT);
                    }
                }
                Mend::Link(host) => self.world.hosts[host].lab("mend", &[]),
                Mend::RedisDown => self.world.redis.start_again(),
                Mend::RedisFull => drop(self.world.redis.ask(&["config", "set", "maxmemory", "0"])),
                Mend::PostgresDown => self.cluster.up(),
                Mend::PostgresStopped => self.cluster.signal("CONT"),
            }
        }
    }

    fn fault(&mut self) {
        let redis = |mend: &Mend| matches!(mend, Mend::RedisDown | Mend::RedisFull);
        let postgres = |mend: &Mend| matches!(mend, Mend::PostgresDown | Mend::PostgresStopped);
        let (redis, postgres) = (self.is_on(redis), self.is_on(postgres));
        let host = self.chance.index(HOSTS);
        let is_cut =
            self.mends.iter().any(|(_, mend)| matches!(mend, Mend::Link(other) if *other == host));
        let worker = match self.world.workers.len() {
            0 => None,
            workers => Some(self.chance.index(workers)),
        };
        let what = self.chance.below(28);
        match (what, worker) {
            (0..=3, Some(worker)) => self.world.workers.remove(worker).kill(),
            (4..=6, Some(worker)) => {
                let mut worker = self.world.workers.remove(worker);
                worker.signal(Signal::TERM);
                worker.signal(Signal::CONT);
                worker.terminate();
            }
            (7..=9, Some(worker)) => {
                let worker = &self.world.workers[worker];
                worker.signal(Signal::STOP);
                let id = worker.id();
                self.later(500, 25_000, Mend::Continue(id));
            }
            (10..=13, _) if !is_cut => {
                self.world.hosts[host].lab("cut", &[]);
                self.later(500, 30_000, Mend::Link(host));
            }
            (14, _) if !is_cut => {
                let kill = "systemd-run -q sh -c 'sleep 0.3; kill -9 $(pgrep -x sshd)'";
                let _ = self.world.hosts[host].try_run(kill);
            }
            (15, _) if !is_cut => drop(self.world.hosts[host].try_run("systemctl restart ssh")),
            (16, _) if !is_cut => self.world.hosts[host].lab("reboot", &["--hard"]),
            (17, _) if !is_cut => self.world.hosts[host].lab("reboot", &[]),
            (18..=19, _) if !redis => {
                self.world.redis.kill();
                self.later(100, 8_000, Mend::RedisDown);
            }
            (20, _) if !redis => drop(self.world.redis.ask(&["flushall"])),
            (21, _) if !redis => {
                for kind in ["normal", "pubsub"] {
                    self.world.redis.ask(&["client", "kill", "type", kind, "skipme", "yes"]);
                }
            }
            (22, _) if !redis => {
                self.world.redis.ask(&["config", "set", "maxmemory-policy", "noeviction"]);
                self.world.redis.ask(&["config", "set", "maxmemory", "1"]);
                self.later(1_000, 8_000, Mend::RedisFull);
            }
            (23..=24, _) if !postgres => {
                super::postgres::dies(&self.cluster);
                self.later(500, 8_000, Mend::PostgresDown);
            }
            (25, _) if !postgres => {
                self.cluster.signal("STOP");
                self.later(500, 12_000, Mend::PostgresStopped);
            }
            (26..=27, _) if !postgres => {
                // Ends by itself, also if its session is cut off.
                let lock = "BEGIN; SELECT id FROM runs WHERE status = 'installing' FOR UPDATE; \
                    SELECT pg_sleep(3); COMMIT";
                let mut psql = Command::new("psql");
                let _ = psql.args([&self.world.database, "-XAtqc", lock]).output();
            }
            _ => return,
        }
        self.faults += 1;
    }
}
