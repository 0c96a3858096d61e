//! What the catalog promises: every mistake in a job file is told with its
//! place and a way out, no bad value reaches a host, and the built-in jobs are sound.

mod built_in;
mod mistakes;
mod plans;

use std::collections::BTreeMap;
use std::fs;

use groundcrew::catalog::{Catalog, Mistakes};
use groundcrew::model::Plan;

/// Loads the built-in jobs and these files.
fn load(files: &[(&str, &str)]) -> Result<Catalog, Mistakes> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a job file");
    }
    Catalog::load(folder.path())
}

/// A job with this before its one step.
fn job(head: &str) -> String {
    format!(
        "title = \"Test\"\n{head}\n[[steps]]\nname = \"ok\"\ntitle = \"Ok\"\nassert = \"true\"\n"
    )
}

/// A job with this as its one step.
fn step(body: &str) -> String {
    format!("title = \"Test\"\n[[steps]]\nname = \"ok\"\ntitle = \"Ok\"\n{body}\n")
}

/// What the catalog answers to a request for jobs with values.
fn plan(catalog: &Catalog, jobs: &[&str], values: &[(&str, &str)]) -> Result<Plan, String> {
    let values: BTreeMap<_, _> =
        values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    catalog.plan(jobs, &values).map_err(|error| error.to_string())
}

/// The variables and values that steps of a plan get.
fn environment(plan: &Plan) -> Vec<(&str, &str)> {
    plan.values.iter().map(|v| (v.variable.as_str(), v.value.as_str())).collect()
}
