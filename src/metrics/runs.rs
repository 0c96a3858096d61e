//! What a worker counts of the runs that it drives.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::Kinds;
use crate::model::{FailureKind, Run, Status, StepRef};
use crate::store::Taken;

/// Seconds. A run may wait for hours, if others of its server come first.
const WAITING: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0];
/// Seconds. Few, for there is one such row a step of the catalog.
const AT_WORK: [f64; 9] = [0.1, 0.5, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

type Labels<const N: usize> = [(&'static str, String); N];
type Histograms<const N: usize> = Family<Labels<N>, Histogram, AtWork>;

/// Makes the histogram of one more step.
#[derive(Clone)]
struct AtWork;

impl MetricConstructor<Histogram> for AtWork {
    fn new_metric(&self) -> Histogram {
        Histogram::new(AT_WORK)
    }
}

/// Clones are the same.
#[derive(Clone)]
pub struct RunCounts {
    slots: Gauge,
    busy: Gauge,
    taken: Family<Labels<1>, Counter>,
    waiting: Histogram,
    lost: Counter,
    ended: Histograms<1>,
    jobs: Family<Labels<2>, Counter>,
    failures: Kinds,
    steps: Histograms<3>,
}

// By hand: there is nothing to see.
impl std::fmt::Debug for RunCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RunCounts")
    }
}

impl RunCounts {
    /// Of a worker that drives so many runs at once.
    pub fn new(registry: &mut Registry, slots: u32) -> Self {
        let counts = Self {
            slots: Gauge::default(),
            busy: Gauge::default(),
            taken: Family::default(),
            waiting: Histogram::new(WAITING),
            lost: Counter::default(),
            ended: Family::new_with_constructor(AtWork),
            jobs: Family::default(),
            failures: Kinds::of(&[]),
            steps: Family::new_with_constructor(AtWork),
        };
        counts.slots.set(slots.into());
        for from in [Taken::Waiting(Duration::ZERO), Taken::HandedBack, Taken::Expired] {
            drop(counts.taken.get_or_create(&[("from", from.word().to_owned())]));
        }
        for status in [Status::Completed, Status::Failed, Status::Cancelled] {
            drop(counts.ended.get_or_create(&[("status", status.to_string())]));
        }
        let mut add = |name, help, metric| registry.register(name, help, metric);
        add("worker_slots", "Runs that this worker drives at once at most", counts.slots.clone());
        add(
            "worker_slots_busy",
            "Runs that this worker drives, and servers that it visits",
            counts.busy.clone(),
        );
        let help = "Runs that this worker took: waiting ones, and those that another worker handed \
            back, or whose lease had expired";
        registry.register("runs_taken", help, counts.taken.clone());
        let help = "From when a run was due (asked for, retried, or its host free) until this worker \
            took it. Runs of one server wait for each other";
        registry.register_with_unit("run_waiting", help, Unit::Seconds, counts.waiting.clone());
        let help = "Leases that this worker lost: it could not renew them in time, or another worker has them";
        registry.register("leases_lost", help, counts.lost.clone());
        let help = "From when a run was first taken until this worker saw its end";
        registry.register_with_unit("run_duration", help, Unit::Seconds, counts.ended.clone());
        let help = "Ends of runs that this worker saw, once for each job that was asked for";
        registry.register("jobs_ended", help, counts.jobs.clone());
        counts.failures.register(
            registry,
            "run_failures",
            "Runs that failed, by the kind of their error",
        );
        let help = "How long a step took, by the host's clock; result is changed, in_place or failed. \
            Not of steps that changed hands in the middle";
        registry.register_with_unit("step_duration", help, Unit::Seconds, counts.steps.clone());
        counts
    }

    /// A slot is taken, until what this gives is dropped.
    pub fn busy(&self) -> Busy {
        self.busy.inc();
        Busy(self.busy.clone())
    }

    /// A run was taken.
    pub fn taken(&self, taken: Taken) {
        self.taken.get_or_create(&[("from", taken.word().to_owned())]).inc();
        if let Taken::Waiting(time) = taken {
            self.waiting.observe(time.as_secs_f64());
        }
    }

    /// A run of ours is ours no more.
    pub fn lost(&self) {
        self.lost.inc();
    }

    /// A run has ended.
    pub fn ended(&self, run: &Run, status: Status, failure: Option<FailureKind>, took: Duration) {
        let status = status.to_string();
        self.ended.get_or_create(&[("status", status.clone())]).observe(took.as_secs_f64());
        for job in &run.jobs {
            self.jobs.get_or_create(&[("job", job.clone()), ("status", status.clone())]).inc();
        }
        if let Some(kind) = failure {
            self.failures.count(kind.word());
        }
    }

    /// A step has ended.
    pub fn step(&self, step: &StepRef, result: &str, took: Duration) {
        let labels =
            [("job", step.job.clone()), ("step", step.step.clone()), ("result", result.to_owned())];
        self.steps.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

/// A slot that is taken.
#[derive(Debug)]
pub struct Busy(Gauge);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.dec();
    }
}
