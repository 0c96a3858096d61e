//! `groundcrew runs`: what ran, and what it printed.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use jiff::{SpanRound, Timestamp, Unit};
use serde_json::json;

use super::display::printable;
use super::print::{aligned, print, print_json};
use super::server;
use crate::config::Settings;
use crate::installation::{Installation, Role};
use crate::model::{RunResource, RunStep, Status};

/// So much output is read at once, in bytes.
const MOST: i64 = 1 << 22;

/// Shows what ran on the servers
#[derive(Debug, Args)]
pub struct RunsArgs {
    #[command(subcommand)]
    command: RunsCommand,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum RunsCommand {
    /// Lists runs, the newest first
    List {
        /// Only those of this server
        #[arg(short, long, value_name = "NAME")]
        server: Option<String>,
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// Prints one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Shows a run, step by step, with the output
    Show {
        /// Its id, or how the id begins
        id: String,
        /// Prints one JSON object, without the output
        #[arg(long)]
        json: bool,
    },
    /// Prints all output of a run as the host wrote it, byte for byte (secrets are masked)
    Output {
        /// Its id, or how the id begins
        id: String,
    },
}

/// Does what the command line says.
pub fn run(args: RunsArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let (installation, _) = Installation::open(&args.settings, Role::Command).await?;
        match args.command {
            RunsCommand::List { server, limit, json } => {
                list(&installation, server.as_deref(), limit, json).await?;
            }
            RunsCommand::Show { id, json: true } => {
                print_json(json!(find(&installation, &id).await?))?;
            }
            RunsCommand::Show { id, json: false } => show(&installation, &id).await?,
            RunsCommand::Output { id } => {
                let run = find(&installation, &id).await?;
                each_chunk(&installation, &run.run.id, |_, bytes| io::stdout().write_all(bytes))
                    .await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn list(
    installation: &Installation,
    server: Option<&str>,
    limit: i64,
    json: bool,
) -> Result<()> {
    let server = match server {
        Some(name) => Some(server::find(installation, name).await?.id),
        None => None,
    };
    let runs = installation.store.runs(server, limit).await?;
    if json {
        let runs: Vec<_> = runs
            .iter()
            .map(|summary| {
                let mut run = json!(summary.run);
                run["server"] = json!(summary.server);
                run
            })
            .collect();
        return print_json(json!(runs));
    }
    if runs.is_empty() {
        return print("no runs yet; ask for one with `groundcrew run nginx --server NAME`\n");
    }
    let head = ["RUN", "SERVER", "JOBS", "STATUS", "ASKED", "TOOK"].map(String::from);
    let rows = runs.iter().map(|summary| {
        let run = &summary.run;
        let took = took(run.started_at, run.finished_at);
        let asked = format!("{:.0}", run.created_at);
        [
            run.id.clone(),
            summary.server.clone(),
            run.jobs.join(","),
            run.status.to_string(),
            asked,
            took,
        ]
    });
    print(&aligned("", std::iter::once(head).chain(rows)))
}

async fn show(installation: &Installation, id: &str) -> Result<()> {
    let resource = find(installation, id).await?;
    let run = &resource.run;
    let mut facts: Vec<[String; 2]> = vec![
        ["server".into(), resource.server.clone()],
        ["jobs".into(), run.jobs.join(", ")],
        ["status".into(), run.status.to_string()],
        ["asked".into(), format!("{:.0}", run.created_at)],
        ["took".into(), took(run.started_at, run.finished_at)],
    ];
    for (name, value) in run.parameters.iter().map(|(name, value)| (format!("-p {name}"), value)) {
        facts.push([name, printable(value)]);
    }
    for (name, value) in [("worker", &run.worker), ("waits", &run.waiting), ("error", &run.error)] {
        facts.extend(value.iter().map(|value| [name.to_owned(), printable(value)]));
    }
    if run.output_cut {
        facts.push([
            "output".to_owned(),
            "was too much; what came later is on the host only".to_owned(),
        ]);
    }
    print(&format!("run {}\n{}", run.id, aligned("  ", facts)))?;
    for note in &resource.notes {
        print(&format!("  {:.0}  {}\n", note.time, printable(&note.text)))?;
    }
    print("\n")?;

    let mut shown = Steps { resource: &resource, next: 0, line: String::new() };
    let mut text = String::new();
    each_chunk(installation, &run.id, |step, bytes| {
        text.clear();
        shown.up_to(step, &mut text);
        shown.output(&String::from_utf8_lossy(bytes), &mut text);
        io::stdout().write_all(text.as_bytes())
    })
    .await?;
    text.clear();
    shown.up_to(i64::MAX, &mut text);
    print(&text)
}

/// Writes steps in order, each with its output below it.
struct Steps<'r> {
    resource: &'r RunResource,
    next: usize,
    /// The beginning of a line.
    line: String,
}

impl Steps<'_> {
    /// Writes the steps up to this number that are not written yet.
    fn up_to(&mut self, number: i64, text: &mut String) {
        while let Some(step) =
            self.resource.steps.get(self.next).filter(|step| step.number <= number)
        {
            self.end_line(text);
            // A handler that nothing asked for is none of the run's steps.
            if !step.handler || step.status != Status::Pending {
                *text += &describe(step);
            }
            self.next += 1;
        }
        if number == i64::MAX {
            self.end_line(text);
        }
    }

    fn output(&mut self, output: &str, text: &mut String) {
        self.line.push_str(output);
        while let Some(end) = self.line.find('\n') {
            let line: String = self.line.drain(..=end).collect();
            *text += &format!("      {}\n", printable(line.trim_end()));
        }
    }

    fn end_line(&mut self, text: &mut String) {
        if !self.line.is_empty() {
            *text += &format!("      {}\n", printable(&std::mem::take(&mut self.line)));
        }
    }
}

fn describe(step: &RunStep) -> String {
    let how = match (step.status, step.changed) {
        (Status::Completed, Some(true)) => "changed".to_owned(),
        (Status::Completed, _) => "in place".to_owned(),
        (status, _) => status.to_string(),
    };
    let code = step.exit_code.map(|code| format!(", exit code {code}")).unwrap_or_default();
    let time = match step.finished_at {
        Some(_) => format!(", {}", took(step.started_at, step.finished_at)),
        None => String::new(),
    };
    let mut text = format!("{:>4}  {} ({how}{code}{time})\n", step.number, printable(&step.title));
    if let Some(error) = &step.error {
        text += &format!("      error: {}\n", printable(error));
    }
    text
}

/// Gives all output of a run, in order, with the number of the step that wrote it.
async fn each_chunk(
    installation: &Installation,
    run: &str,
    mut take: impl FnMut(i64, &[u8]) -> io::Result<()>,
) -> Result<()> {
    let mut after = (0, 0);
    loop {
        let chunks = installation.store.output(run, after, MOST).await?;
        let Some(last) = chunks.last() else { return Ok(()) };
        after = (last.attempt, last.offset + last.bytes.len() as u64);
        for chunk in &chunks {
            take(chunk.step, &chunk.bytes)?;
        }
    }
}

async fn find(installation: &Installation, id: &str) -> Result<RunResource> {
    let run = installation.store.run(id).await?;
    run.with_context(|| format!("there is no run {id:?}; `groundcrew runs list` shows them"))
}

/// As `2m 5s`; until now, where there is no end.
fn took(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    let Some(from) = from else { return "-".to_owned() };
    let span = to.unwrap_or_else(Timestamp::now).duration_since(from);
    let seconds = span.as_secs_f64();
    if seconds < 60.0 {
        return format!("{seconds:.1}s");
    }
    let round = SpanRound::new().largest(Unit::Hour).smallest(Unit::Second);
    let span = jiff::Span::try_from(span).and_then(|span| span.round(round));
    span.map_or_else(|_| format!("{seconds:.0}s"), |span| format!("{span:#}"))
}
