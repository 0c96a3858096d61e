//! `groundcrew jobs`: what can be installed, and whether the files that say so are sound.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::print::{aligned, print, print_json};
use crate::catalog::{Catalog, Job, JobAction, JobStep, Kind, Mistakes, Parameter, shellcheck};

/// Shows and checks the jobs that hosts can be given
#[derive(Debug, Args)]
pub struct JobsArgs {
    #[command(subcommand)]
    command: JobsCommand,
    /// A folder of your own job files; they add to the built-in ones, and win over those of the same name
    #[arg(long, env = "GROUNDCREW_JOBS", value_name = "DIR", global = true)]
    jobs: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum JobsCommand {
    /// Lists all jobs
    List {
        /// Prints one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Shows a job's parameters and steps
    Show {
        /// Its name, as in nginx
        job: String,
        /// Prints one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Checks every job file, and says what is wrong by file, line and column
    Check {
        /// Prints the mistakes as one JSON array
        #[arg(long)]
        json: bool,
        /// Has shellcheck look at every script too
        #[arg(long)]
        shellcheck: bool,
    },
}

/// Does what the command line says; exit code 1 means that there are mistakes.
pub fn run(args: JobsArgs) -> Result<ExitCode> {
    let catalog = Catalog::open(args.jobs.as_deref());
    match args.command {
        JobsCommand::List { json } => list(&catalog?, json)?,
        JobsCommand::Show { job, json } => show(catalog?.job(&job)?, json)?,
        JobsCommand::Check { json, shellcheck: scripts } => {
            let checked = match &catalog {
                Ok(catalog) if scripts => shellcheck(catalog)?,
                Ok(_) => Ok(()),
                Err(mistakes) => Err(mistakes.clone()),
            };
            return check(checked, catalog.map_or(0, |catalog| catalog.jobs().count()), json);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(catalog: &Catalog, json: bool) -> Result<()> {
    if json {
        return print_json(catalog.jobs().map(describe).collect());
    }
    let row = |job: &Job| [job.name.clone(), job.title.clone(), systems(job)];
    let head = ["JOB", "TITLE", "TESTED ON"].map(String::from);
    print(&aligned("", std::iter::once(head).chain(catalog.jobs().map(row))))
}

fn show(job: &Job, json: bool) -> Result<()> {
    if json {
        return print_json(describe(job));
    }
    let mut text = format!("{}: {}\n", job.name, job.title);
    for line in job.description.iter().flat_map(|text| text.trim().lines()) {
        text += &format!("{line}\n");
    }
    let needs: Vec<&str> = job.needs.iter().map(|need| need.value.as_str()).collect();
    let mut facts = vec![["file".into(), job.source.file.clone()]];
    facts.push(["tested on".into(), systems(job)]);
    if !needs.is_empty() {
        facts.push(["needs".into(), needs.join(", ")]);
    }
    text += &format!("\n{}", aligned("  ", facts));
    if !job.parameters.is_empty() {
        let row = |p: &Parameter| {
            let default = match &p.default {
                Some(value) => format!("default {value:?}"),
                None => "required".into(),
            };
            let kind = match &p.kind {
                Kind::Choice(choices) => choices.join("|"),
                kind => kind.name().into(),
            };
            [p.name.clone(), kind, default, p.title.clone().unwrap_or_default()]
        };
        text += &format!("\nParameters\n{}", aligned("  ", job.parameters.iter().map(row)));
    }
    let row = |(i, step): (usize, &JobStep)| {
        [format!("{:>2}", i + 1), step.name.clone(), step.title.clone(), kind_of(step).into()]
    };
    text += &format!("\nSteps\n{}", aligned("  ", job.steps.iter().enumerate().map(row)));
    print(&text)
}

fn check(checked: Result<(), Mistakes>, jobs: usize, json: bool) -> Result<ExitCode> {
    let mistakes = checked.err();
    match &mistakes {
        _ if json => {
            let list: Vec<_> = mistakes.iter().flat_map(|mistakes| &mistakes.0).collect();
            print_json(json!(list))?;
        }
        Some(mistakes) => eprintln!("{mistakes}"),
        None if jobs == 1 => print("1 job is sound\n")?,
        None => print(&format!("{jobs} jobs are sound\n"))?,
    }
    Ok(if mistakes.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn systems(job: &Job) -> String {
    if job.systems.is_empty() { "any system".into() } else { job.systems.join(", ") }
}

fn kind_of(step: &JobStep) -> &'static str {
    match step.action {
        JobAction::Command { .. } => "",
        JobAction::File(_) => "writes a file",
        JobAction::Assert { .. } => "must hold",
    }
}

/// A job as JSON, with the file that it is in.
fn describe(job: &Job) -> Value {
    let mut value = json!(job.describe());
    value["file"] = json!(job.source.file);
    value
}
