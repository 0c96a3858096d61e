//! What an operator does about runs and workers: cancel, retry, abandon, drain.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::actor::actor;
use super::ask;
use super::print::{aligned, print, print_json};
use super::runs::find;
use crate::config::Settings;
use crate::installation::{Installation, Role};
use crate::model::{HostState, RunResource, Status};
use crate::store::WorkerStatus;

/// A worker that was not heard of for so long is probably gone, in ms.
const SILENT: i64 = 15_000;

/// Shows the workers of the fleet
#[derive(Debug, Args)]
pub struct WorkersArgs {
    #[command(subcommand)]
    command: WorkersCommand,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum WorkersCommand {
    /// Lists who is there, when it was last heard of, and which runs it holds
    List {
        /// Prints one JSON array
        #[arg(long)]
        json: bool,
    },
}

/// Does what the command line says.
pub fn workers(args: WorkersArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let (installation, _) = Installation::open(&args.settings, Role::Command).await?;
        let WorkersCommand::List { json } = args.command;
        let workers = installation.store.workers().await?;
        if json {
            print_json(json!(workers))?;
        } else if workers.is_empty() {
            print(
                "no worker was heard of for a day; start one with `groundcrew up`, or `groundcrew worker`\n",
            )?;
        } else {
            let head = ["WORKER", "HEARD OF", "SLOTS", "RUNS"].map(String::from);
            print(&aligned("", std::iter::once(head).chain(workers.iter().map(row))))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn row(worker: &WorkerStatus) -> [String; 4] {
    let heard = match (worker.silent, worker.draining) {
        (silent, _) if silent > SILENT => {
            format!("{} s ago, so it is probably gone", silent / 1000)
        }
        (_, true) => "just now, draining".to_owned(),
        _ => "just now".to_owned(),
    };
    let runs = if worker.runs.is_empty() { "-".to_owned() } else { worker.runs.join(" ") };
    let slots = format!("{}/{}", worker.runs.len(), worker.slots);
    [worker.name.clone(), heard, slots, runs]
}

/// Has a worker take nothing new, and end when its last run has ended.
pub async fn drain(installation: &Installation, name: &str) -> Result<()> {
    installation.drain(&actor(), name).await?;
    print(&format!("{name} takes nothing new from now on, and ends when its last run has ended\n"))
}

/// Asks that a run be cancelled.
pub async fn cancel(installation: &Installation, id: &str) -> Result<()> {
    let resource = find(installation, id).await?;
    let answer = installation.cancel(&actor(), &resource).await?;
    let RunResource { run, server, .. } = resource;
    if answer.over {
        return print(&format!("run {} is cancelled; it had not begun\n", run.id));
    }
    let away = match &run.unreachable_since {
        Some(since) => {
            format!(". {server} can't be reached since {since:.0}: it is done when it is back")
        }
        None => String::new(),
    };
    print(&format!(
        "run {} is being cancelled; it is `cancelled` once {server} has said so{away}. See `groundcrew runs show {}`\n",
        run.id, run.id
    ))
}

/// Has a failed run go on from the step that failed, or from an earlier one.
pub async fn retry(installation: &Installation, id: &str, from: Option<&str>) -> Result<()> {
    let resource = find(installation, id).await?;
    let run = &resource.run;
    let from = installation.retry(&actor(), &resource, from).await?;
    let first = match (run.host_state, from) {
        (Some(HostState::Unknown), _) => "by following what the host still does".to_owned(),
        (_, Some(step)) => format!("from step {step}"),
        _ => match resource.steps.iter().find(|step| step.status == Status::Failed) {
            Some(step) => format!("from step {}, {}", step.number, step.title),
            None => "from its beginning".to_owned(),
        },
    };
    print(&format!("run {} goes on {first}; see `groundcrew runs show {}`\n", run.id, run.id))
}

/// Gives a run up whose host is gone for good.
pub async fn abandon(installation: &Installation, id: &str, yes: bool) -> Result<()> {
    let resource = find(installation, id).await?;
    let RunResource { run, server, .. } = &resource;
    if !yes {
        let question = format!(
            "Give up run {} on {server}? Nobody asks the host about it again, even if it comes back.",
            run.id
        );
        match ask::choose(&question, &[('y', "give it up"), ('n', "keep it")], 'n')? {
            Some('y') => {}
            Some(_) => bail!("nothing was changed"),
            None => bail!("there is no terminal to ask at; add --yes to give the run up"),
        }
    }
    installation.abandon(&actor(), &resource).await?;
    print(&format!("run {} is given up\n", run.id))
}
