//! What is asked for when somebody reads: whether we are ready, and how the whole installation stands.
//!
//! Of the installation every instance says the same, for it is the store that is asked; and not more
//! than once in ten seconds, however many read.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::catalog::Jobs;
use crate::health::Readiness;
use crate::installation::Installation;
use crate::store::{Figures, StoreError};

/// So old may figures be.
const FRESH: Duration = Duration::from_secs(10);
/// The store has so long to answer; else its figures are left out, for old ones would lie.
const ANSWER: Duration = Duration::from_secs(3);

type Labels<const N: usize> = [(&'static str, String); N];

/// The whole installation, as it was looked at last.
#[derive(Debug)]
pub(super) struct Whole {
    installation: Installation,
    jobs: Arc<Jobs>,
    last: Mutex<Option<(Instant, Option<Known>)>>,
}

#[derive(Debug, Clone)]
struct Known {
    figures: Figures,
    /// Steps at work beyond their limits, and by how much the worst of them.
    overdue: (i64, f64),
    hints: Option<u64>,
}

impl Whole {
    pub(super) fn of(installation: &Installation, jobs: &Arc<Jobs>) -> Self {
        Self { installation: installation.clone(), jobs: jobs.clone(), last: Mutex::new(None) }
    }

    /// Adds how it stands.
    pub(super) async fn register(&self, registry: &mut Registry) {
        let mut last = self.last.lock().await;
        if last.as_ref().is_none_or(|(at, _)| at.elapsed() >= FRESH) {
            let asked = timeout(ANSWER, self.ask()).await;
            *last = Some((Instant::now(), asked.ok().and_then(Result::ok)));
        }
        if let Some((_, Some(known))) = &*last {
            known.register(registry);
        }
    }

    async fn ask(&self) -> Result<Known, StoreError> {
        let figures = self.installation.store.figures().await?;
        let hints = match &self.installation.wire {
            Some(wire) => wire.queue.health().await.ok().flatten().map(|redis| redis.waiting),
            None => None,
        };
        let catalog = self.jobs.last();
        let beyond = figures.at_work.iter().filter_map(|step| {
            let limit = catalog.limit(&step.job, &step.step)?;
            step.age.checked_sub(limit).map(|over| over.as_secs_f64())
        });
        let overdue =
            beyond.fold((0, 0.0_f64), |(count, worst), over| (count + 1, worst.max(over)));
        Ok(Known { figures, overdue, hints })
    }
}

impl Known {
    fn register(&self, registry: &mut Registry) {
        let Figures { waiting, installing, claimable, expired, away, unannounced, workers, .. } =
            &self.figures;
        let by_job = Family::<Labels<2>, Gauge>::default();
        let mut all = [0, 0];
        let statuses = [("pending", waiting), ("installing", installing)];
        for ((status, jobs), all) in statuses.into_iter().zip(&mut all) {
            for (names, count) in jobs {
                *all += count;
                for job in names {
                    let labels = [("job", job.clone()), ("status", status.to_owned())];
                    by_job.get_or_create(&labels).inc_by(*count);
                }
            }
        }
        let all = by("status", [("pending", all[0]), ("installing", all[1])]);
        let heard = by("state", [("ready", workers.ready), ("draining", workers.draining)]);
        registry.register("runs", same("Runs that have not ended"), all);
        let help = "Runs that have not ended, once for each job that was asked for";
        registry.register("jobs", same(help), by_job);
        registry.register("workers", same("Workers that were heard of in the last 15 s"), heard);
        let hints = self.hints.map(|hints| hints.try_into().unwrap_or(i64::MAX));
        for (name, help, count) in [
            (
                "runs_claimable",
                "Runs that could begin, and that no worker has taken yet",
                Some(claimable.count),
            ),
            (
                "runs_lease_expired",
                "Runs whose lease is over for 10 s, and that no worker took over",
                Some(*expired),
            ),
            ("runs_host_away", "Runs whose host can't be reached", Some(*away)),
            (
                "runs_overdue",
                "Runs with a step at work for longer than its limits allow",
                Some(self.overdue.0),
            ),
            (
                "servers_unannounced",
                "Servers with a change that was not announced yet",
                Some(unannounced.count),
            ),
            ("queue_hints", "Hints that wait in the queue", hints),
        ] {
            let Some(count) = count else { continue };
            let gauge = Gauge::<i64>::default();
            gauge.set(count);
            registry.register(name, same(help), gauge);
        }
        for (name, help, age) in [
            (
                "runs_claimable_oldest",
                "For how long the oldest of them could begin",
                claimable.oldest.as_secs_f64(),
            ),
            (
                "runs_overdue_worst",
                "By how much the worst of them is beyond its limits",
                self.overdue.1,
            ),
            (
                "servers_unannounced_oldest",
                "For how long the oldest of them waits",
                unannounced.oldest.as_secs_f64(),
            ),
        ] {
            let gauge = Gauge::<f64, AtomicU64>::default();
            gauge.set(age);
            registry.register_with_unit(name, same(help), Unit::Seconds, gauge);
        }
    }
}

/// What is to be read once, however many tell it.
fn same(help: &str) -> String {
    format!("{help}; all instances say the same")
}

/// Adds whether each part answers.
pub(super) fn register_readiness(registry: &mut Registry, readiness: &Readiness) {
    let parts = readiness.parts.iter().map(|(part, problem)| (*part, problem.is_none().into()));
    let help = "Whether this part of what the role needs answers: 1, or 0";
    registry.register("ready", help, by("part", parts));
}

/// A gauge with one label.
fn by<'a>(
    label: &'static str,
    values: impl IntoIterator<Item = (&'a str, i64)>,
) -> Family<Labels<1>, Gauge> {
    let family = Family::<Labels<1>, Gauge>::default();
    for (word, value) in values {
        family.get_or_create(&[(label, word.to_owned())]).set(value);
    }
    family
}
