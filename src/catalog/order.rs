//! Jobs in the order in which they run: each after those that it needs.

use std::collections::{BTreeMap, BTreeSet};

use super::job::Job;
use super::mistake::Mistake;
use super::nearest::did_you_mean;

/// The wanted jobs and all that they need, each once, dependencies first, and
/// otherwise in the order in which they are named. The catalog must be free of
/// cycles and unknown needs.
pub fn order<'a>(jobs: &'a BTreeMap<String, Job>, wanted: &[&'a Job]) -> Vec<&'a Job> {
    fn visit<'a>(jobs: &'a BTreeMap<String, Job>, job: &'a Job, order: &mut Vec<&'a Job>) {
        if order.iter().any(|done| done.name == job.name) {
            return;
        }
        for needed in job.needs.iter().filter_map(|need| jobs.get(&need.value)) {
            visit(jobs, needed, order);
        }
        order.push(job);
    }
    let mut order = Vec::new();
    for job in wanted {
        visit(jobs, job, &mut order);
    }
    order
}

/// Needs that name no job, and needs that go round in a circle. `broken` are
/// jobs whose file is not even TOML: to need one of them is no second mistake.
pub fn check(jobs: &BTreeMap<String, Job>, broken: &BTreeSet<String>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for job in jobs.values() {
        for need in &job.needs {
            let source = &job.source;
            if !jobs.contains_key(&need.value) && !broken.contains(&need.value) {
                let mistake =
                    source.mistake(need.span.clone(), format!("there is no job `{}`", need.value));
                let help = did_you_mean(need, jobs.keys().map(String::as_str))
                    .unwrap_or_else(|| "`groundcrew jobs list` shows all jobs".into());
                mistakes.push(mistake.help(help));
            }
            // Each circle is told once, by the first of its jobs in the alphabet.
            if let Some(circle) = way(jobs, &need.value, &job.name)
                && circle.iter().all(|other| *other >= job.name.as_str())
            {
                let circle = [&[job.name.as_str()], circle.as_slice()].concat().join(" → ");
                let message = format!("`needs` goes round in a circle: {circle}");
                mistakes
                    .push(source.mistake(need.span.clone(), message).help("take one of them out"));
            }
        }
    }
    mistakes
}

/// The jobs on the way from one to another along `needs`, both included.
fn way<'a>(jobs: &'a BTreeMap<String, Job>, from: &'a str, to: &str) -> Option<Vec<&'a str>> {
    let mut seen = BTreeSet::new();
    let mut ways = vec![vec![from]];
    while let Some(way) = ways.pop() {
        let last = *way.last()?;
        if last == to {
            return Some(way);
        }
        if seen.insert(last) {
            let needs = jobs.get(last).into_iter().flat_map(|job| &job.needs);
            ways.extend(needs.map(|need| [way.as_slice(), &[need.value.as_str()]].concat()));
        }
    }
    None
}
