//! One cell's installation: its own database, Redis, workers and hosts, and an ear that hears
//! all notifications.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::audit::{self, COMMAND, named};
use crate::ear::Ear;
use crate::fleet::{Fleet, database, sql};
use crate::job;
use crate::lab::{Host, Lab};
use crate::process::Process;
use crate::redis::Redis;

/// Whatever is to come true has so long, on a busy machine too.
pub const LIMIT: Duration = Duration::from_secs(240);

/// Waits for something to come true, without keeping the machine busy with asking.
#[track_caller]
pub fn until(what: &str, mut is_true: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_true() {
        assert!(start.elapsed() < LIMIT, "never came true: {what}");
        thread::sleep(Duration::from_millis(100));
    }
}

pub struct World<'l> {
    // Before what they use.
    pub workers: Vec<Process>,
    pub ear: Ear,
    pub redis: Redis,
    pub fleet: Fleet,
    pub database: String,
    pub hosts: Vec<Host<'l>>,
    /// What is to be said of it beside what all cells say.
    pub notes: Vec<String>,
    started: u32,
}

/// The step in its middle prints until it may go on; the first one can be held at its end,
/// when it is done and the next one has not begun (see `moment`).
pub fn steps() -> String {
    job::of(&[
        ("first", "seq 200\n[ ! -e /root/holds ] || mv /root/holds /root/hold"),
        (
            "waits",
            "touch /root/waits\ni=0\nuntil [ -e /root/go ]; do i=$((i + 1)); echo line $i; sleep 0.1; done\nseq 500",
        ),
        ("last", "seq 1000"),
    ])
}

impl<'l> World<'l> {
    /// With two workers and the server `edge-1`, which is the lab's first host.
    pub fn new(lab: &'l Lab) -> Self {
        Self::on(lab, &database(), &[], &[])
    }

    /// The same with a host that may be away for a minute only.
    pub fn impatient(lab: &'l Lab) -> Self {
        Self::on(lab, &database(), &[("GROUNDCREW_PATIENCE", "1")], &[])
    }

    /// The same with a job `test` of these steps.
    pub fn doing(lab: &'l Lab, steps: &[(&str, &str)]) -> Self {
        Self::on(lab, &database(), &[], &[("test", job::of(steps))])
    }

    /// The same on this database, with these settings and jobs.
    pub fn on(
        lab: &'l Lab,
        database: &str,
        settings: &[(&'static str, &str)],
        jobs: &[(&str, String)],
    ) -> Self {
        let redis = Redis::start();
        let mut fleet = Fleet::apart(&named(database, COMMAND), &redis.url);
        for (name, value) in settings {
            fleet.set(name, value);
        }
        audit::begin(database);
        // Workers read them at their start.
        fleet.job("steps", &steps());
        fleet.job("next", &job::of(&[("next", "echo next")]));
        for (name, text) in jobs {
            fleet.job(name, text);
        }
        let mut world = Self {
            workers: vec![],
            ear: Ear::at(&redis.url),
            redis,
            fleet,
            database: database.to_owned(),
            hosts: vec![lab.host(1)],
            notes: vec![],
            started: 0,
        };
        world.start_worker();
        world.start_worker();
        world.fleet.add("edge-1", &world.hosts[0]);
        world
    }

    pub fn host(&self) -> &Host<'l> {
        &self.hosts[0]
    }

    /// One more worker, whose writes can be told from others'.
    pub fn start_worker(&mut self) {
        assert!(self.try_start_worker(), "a worker did not start: {}", self.last_log());
    }

    /// The same; false if it could not start.
    pub fn try_start_worker(&mut self) -> bool {
        self.started += 1;
        self.fleet.set("DATABASE_URL", &named(&self.database, &format!("w{}", self.started)));
        let mut worker = self.fleet.start(&["worker"]);
        self.fleet.set("DATABASE_URL", &named(&self.database, COMMAND));
        let is_ready = worker.says("the worker is ready").is_some();
        if is_ready {
            self.workers.push(worker);
        }
        is_ready
    }

    fn last_log(&self) -> String {
        let log = format!("worker-{}.log", self.started - 1);
        std::fs::read_to_string(self.fleet.folder.path().join(log)).unwrap_or_default()
    }

    #[track_caller]
    pub fn sql(&self, text: &str) -> String {
        sql(&self.database, text)
    }

    /// What Postgres answers, if it does, and soon.
    pub fn try_sql(&self, text: &str) -> Option<String> {
        let mut psql = Command::new("timeout");
        let output = psql.args(["5", "psql", &self.database, "-XAtqc", text]).output();
        let output = output.expect("psql");
        let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        output.status.success().then_some(text)
    }

    /// One column of a run's row.
    #[track_caller]
    pub fn column(&self, id: &str, column: &str) -> String {
        self.sql(&format!("SELECT {column} FROM runs WHERE id = '{id}'"))
    }

    /// Asks for a run on `edge-1`.
    #[track_caller]
    pub fn ask(&self, job: &str) -> String {
        self.fleet.ask(job, "edge-1")
    }

    /// Which of the workers drives the run.
    #[track_caller]
    pub fn holder(&self, id: &str) -> usize {
        let mut holder = None;
        until("somebody drives the run", || {
            let name = self.column(id, "worker");
            let is_it = |worker: &Process| name.contains(&format!("-{}-", worker.id()));
            holder = self.workers.iter().position(is_it);
            holder.is_some()
        });
        holder.expect("one")
    }

    /// Waits until the run was claimed so often.
    #[track_caller]
    pub fn reaches_epoch(&self, id: &str, epoch: u32) {
        until(&format!("epoch {epoch}"), || {
            self.column(id, "epoch").parse::<u32>().expect("a number") >= epoch
        });
    }

    /// Waits until the run has ended, which it must in this way.
    #[track_caller]
    pub fn ends(&self, id: &str, status: &str) {
        until("the run ends", || {
            self.try_sql(&format!("SELECT finished_at IS NOT NULL FROM runs WHERE id = '{id}'"))
                .is_some_and(|ended| ended == "t")
        });
        let how = self.column(id, "status || coalesce(': ' || error_kind || ': ' || error, '')");
        assert_eq!(how.split(':').next(), Some(status), "{how}");
    }

    /// The fleet works as before: a run, from asking to its end.
    #[track_caller]
    pub fn works(&self) {
        self.host().run("rm -f /root/next.done");
        self.ends(&self.ask("next"), "completed");
    }
}
