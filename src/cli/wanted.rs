//! What a person wants: jobs, and the values of their parameters. The same for a run by
//! hand and for one of the fleet.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use clap::Args;

/// Jobs and parameters.
#[derive(Debug, Args)]
pub struct WantedArgs {
    /// What to install: names of jobs, with commas between them (`groundcrew jobs list` shows all)
    #[arg(value_name = "JOB[,JOB…]", value_parser = job_names)]
    jobs_wanted: JobNames,
    #[command(flatten)]
    parameters: ParameterArgs,
}

/// Parameters of jobs.
#[derive(Debug, Args)]
pub struct ParameterArgs {
    /// A parameter of the jobs (`groundcrew jobs show JOB` lists them)
    #[arg(short, long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// A parameter whose value is in a file, as secrets should be: other users of this machine see a command line
    #[arg(short = 'P', long, value_name = "NAME=FILE", value_parser = parameter)]
    parameter_file: Vec<(String, String)>,
}

impl WantedArgs {
    /// The names of the jobs.
    pub fn jobs(&self) -> &[String] {
        &self.jobs_wanted.0
    }

    /// The parameters' values, those in files read.
    ///
    /// # Errors
    /// Fails for one that is given twice, and for a file that can't be read.
    pub fn values(&self) -> Result<BTreeMap<String, String>> {
        self.parameters.values()
    }
}

impl ParameterArgs {
    /// The parameters' values, those in files read.
    ///
    /// # Errors
    /// Fails for one that is given twice, and for a file that can't be read.
    pub fn values(&self) -> Result<BTreeMap<String, String>> {
        let mut values = BTreeMap::new();
        for (name, value) in &self.parameters {
            anyhow::ensure!(
                values.insert(name.clone(), value.clone()).is_none(),
                "the parameter {name} is given twice; give it once"
            );
        }
        for (name, file) in &self.parameter_file {
            let value = std::fs::read_to_string(file)
                .with_context(|| format!("reading the parameter {name} from {file}"))?;
            let value = value.strip_suffix('\n').unwrap_or(&value).to_owned();
            anyhow::ensure!(
                values.insert(name.clone(), value).is_none(),
                "the parameter {name} is given twice; give it once"
            );
        }
        Ok(values)
    }
}

/// The jobs that were asked for. A type of its own: to clap, a `Vec` is several arguments.
#[derive(Debug, Clone)]
pub struct JobNames(pub Vec<String>);

/// Names of jobs with commas between them.
pub fn job_names(text: &str) -> Result<JobNames, String> {
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        return Err("name jobs with one comma between them, as nginx,redis".into());
    }
    Ok(JobNames(names))
}

fn parameter(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".into()),
    }
}

/// A key's fingerprint, as `ssh-keygen -l` prints it.
pub fn fingerprint(text: &str) -> Result<String, String> {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    match text.strip_prefix("SHA256:") {
        Some(rest) if rest.len() == 43 && rest.chars().all(is_base64) => Ok(text.to_owned()),
        _ => Err("a fingerprint is SHA256: and 43 characters, as `ssh-keygen -l` prints it".into()),
    }
}
