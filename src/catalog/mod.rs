//! The catalog: reads `jobs/*.toml`, checks them, and makes a [`Plan`] of the
//! jobs that a person asks for.
//!
//! The built-in jobs are inside the binary; an operator's folder adds to them,
//! and a file there wins over the built-in one of the same name. It keeps
//! promise 10: values are typed, checked, and never part of a script.

mod describe;
mod job;
mod jobs;
mod lint;
mod mistake;
mod nearest;
mod order;
mod parameter;
mod plan;
mod reader;
mod reserved;
mod shellcheck;
mod source;
mod step;
mod template;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

pub use describe::{JobDescription, ParameterDescription, StepDescription};
pub use job::Job;
pub use jobs::Jobs;
pub use mistake::{Mistake, Mistakes, Place};
pub use parameter::{Kind, Parameter};
pub use plan::{ParameterError, PlanError};
pub use shellcheck::shellcheck;
pub use source::{Source, Text};
pub use step::{FileTemplate, JobAction, JobStep};

#[cfg(doc)]
use crate::model::Plan;

/// The shell functions that every script of a job can use; sourced by the
/// host's runner before the steps.
pub const PRELUDE: &str = include_str!("../../jobs/prelude.sh");

/// The built-in job files: name and content.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/jobs.rs"));

/// All jobs that can be asked for. Every one of them is sound.
#[derive(Debug, Clone)]
pub struct Catalog {
    jobs: BTreeMap<String, Job>,
}

impl Catalog {
    /// The built-in jobs.
    pub fn embedded() -> Result<Self, Mistakes> {
        Self::from_sources(built_in(), Vec::new())
    }

    /// The built-in jobs and those of an operator's folder.
    pub fn load(folder: &Path) -> Result<Self, Mistakes> {
        let (own, unreadable) = read_folder(folder);
        let mut sources = built_in();
        sources.extend(own);
        Self::from_sources(sources, unreadable)
    }

    /// With a folder as [`Catalog::load`], without one as [`Catalog::embedded`].
    pub fn open(folder: Option<&Path>) -> Result<Self, Mistakes> {
        folder.map_or_else(Self::embedded, Self::load)
    }

    /// Reads the job files; fails with all mistakes of all of them.
    fn from_sources(
        sources: BTreeMap<String, Source>,
        mut mistakes: Vec<Mistake>,
    ) -> Result<Self, Mistakes> {
        let mut jobs = BTreeMap::new();
        let mut broken = BTreeSet::new();
        for (name, source) in sources {
            let (job, found) = Job::read(&name, source);
            mistakes.extend(found);
            match job {
                Some(job) => drop(jobs.insert(name, job)),
                None => drop(broken.insert(name)),
            }
        }
        mistakes.extend(order::check(&jobs, &broken));
        if mistakes.is_empty() {
            mistakes.extend(plan::conflicts(&jobs));
        }
        mistakes.sort_by(|one, other| one.file.cmp(&other.file));
        if mistakes.is_empty() { Ok(Self { jobs }) } else { Err(Mistakes(mistakes)) }
    }

    /// All jobs, by name.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values()
    }

    /// How long a step may be at work before something is wrong with its host: its check, its run and
    /// its check again, and two minutes more. None if there is no such step.
    pub fn limit(&self, job: &str, step: &str) -> Option<Duration> {
        let step = self.jobs.get(job)?.steps.iter().find(|known| known.name == step)?;
        Some(3 * step.timeout + Duration::from_secs(120))
    }

    /// The job of this name; else an error that names a similar one.
    pub fn job(&self, name: &str) -> Result<&Job, PlanError> {
        self.jobs.get(name).ok_or_else(|| PlanError::UnknownJob {
            name: name.to_owned(),
            hint: nearest::did_you_mean(name, self.jobs.keys().map(String::as_str)),
        })
    }
}

fn built_in() -> BTreeMap<String, Source> {
    BUILT_IN
        .iter()
        .map(|(file, text)| {
            let source = Source { file: format!("jobs/{file}"), text: (*text).to_owned() };
            (file.trim_end_matches(".toml").to_owned(), source)
        })
        .collect()
}

/// The job files of a folder, and what could not be read.
fn read_folder(folder: &Path) -> (BTreeMap<String, Source>, Vec<Mistake>) {
    let shown = folder.display().to_string();
    let entries = match fs::read_dir(folder).and_then(|dir| dir.collect::<Result<Vec<_>, _>>()) {
        Ok(entries) => entries,
        Err(error) => {
            let mistake =
                Mistake::of_file(shown, format!("can't read the folder of jobs: {error}")).help(
                    "name the folder that holds your job files with --jobs or GROUNDCREW_JOBS",
                );
            return (BTreeMap::new(), vec![mistake]);
        }
    };
    let mut sources = BTreeMap::new();
    let mut mistakes = Vec::new();
    for path in entries.iter().map(fs::DirEntry::path) {
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let file = path.display().to_string();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => drop(sources.insert(name, Source { file, text })),
            Ok(Err(_)) => mistakes.push(Mistake::of_file(file, "is not UTF-8 text")),
            Err(error) => mistakes.push(Mistake::of_file(file, format!("can't be read: {error}"))),
        }
    }
    (sources, mistakes)
}
