//! `groundcrew doctor`: looks at the whole installation, and says for each thing that is
//! not right what to do about it.

mod outside;

use std::os::unix::fs::MetadataExt;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use http::Uri;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use self::outside::Outside;
use super::print::{print, print_json};
use crate::bus::Bus;
use crate::catalog::Catalog;
use crate::config::{AppSettings, PagesSettings, Settings};
use crate::gateway::{self, App};
use crate::installation::{Installation, Role};
use crate::queue::RedisHealth;
use crate::store::{Oddity, Restoration, Survey};

/// The clocks of database and machine may differ by so much, in seconds.
const CLOCKS: i64 = 5;
/// A step has so much more than its limits before it is odd, in seconds.
const SLACK: i64 = 120;

/// Checks the whole installation, and says for each finding what to do
///
/// Database and schema, key, Redis and its policy, clocks, job files, workers, gateways, leases, runs
/// that are stuck, changes that nobody announced; and where GROUNDCREW_URL is set, whether pages and
/// gateway are reached there, and strangers refused. Nothing is changed.
#[derive(Debug, Args)]
#[command(after_help = "Exit code: 0 all is well, 1 something is not.")]
pub struct DoctorArgs {
    /// Prints one JSON array
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    app: AppSettings,
    #[command(flatten)]
    pages: PagesSettings,
    #[command(flatten)]
    settings: Settings,
}

/// What was looked at, and what of it is not right.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at.
    check: &'static str,
    /// What is wrong, and what to do; None where all is well.
    problem: Option<String>,
    /// What there is to say where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Does what the command line says.
pub fn run(args: DoctorArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let findings = examine(&args).await;
        let well = findings.iter().all(|finding| finding.problem.is_none());
        if args.json {
            print_json(json!(findings))?;
        } else {
            for Finding { check, problem, note } in &findings {
                match (problem, note) {
                    (None, None) => print(&format!("ok     {check}\n"))?,
                    (None, Some(note)) => print(&format!("ok     {check}: {note}\n"))?,
                    (Some(problem), _) => print(&format!("WRONG  {check}: {problem}\n"))?,
                }
            }
        }
        Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}

async fn examine(args: &DoctorArgs) -> Vec<Finding> {
    let settings = &args.settings;
    let mut findings = Vec::new();
    let mut note = |check, problem| findings.push(Finding { check, problem, note: None });
    let catalog = Catalog::open(settings.jobs());
    note("job files", catalog.as_ref().err().map(|mistakes| format!("{mistakes}")));
    note("key file", key_file(settings));
    let installation = match Installation::open(settings, Role::Command).await {
        Ok((installation, _)) => installation,
        Err(error) => {
            // It names what is out of reach, and what to do; the rest can't be looked at.
            note(
                "database, schema, key and Redis",
                Some(format!("{:#}", anyhow::Error::new(error))),
            );
            return findings;
        }
    };
    note("database, schema, key and Redis", None);
    if let Some(wire) = &installation.wire {
        match wire.queue.health().await {
            Ok(health) => note("Redis' policy", health.and_then(policy)),
            Err(error) => note("Redis' policy", Some(error.to_string())),
        }
    }
    if let Some(wire) = installation.wire.as_ref().filter(|wire| wire.bus.is_shared()) {
        note("gateways", gateways(&wire.bus).await);
    }
    match installation.store.workers().await {
        Ok(workers) => note("workers", match workers.iter().filter(|worker| worker.silent < 15_000).count() {
            0 => Some("none was heard of lately; start one with `groundcrew up`, or `groundcrew worker`".to_owned()),
            _ => None,
        }),
        Err(error) => note("workers", Some(format!("{:#}", anyhow::Error::new(error)))),
    }
    match installation.store.survey().await {
        Ok(survey) => {
            let steps = stuck(&installation, catalog.as_ref().ok(), &survey).await;
            for (check, problem) in survey_findings(&survey) {
                note(check, problem);
            }
            note("steps within their limits", steps);
            findings.extend(survey.restoration.map(restored));
        }
        Err(error) => note("runs", Some(format!("{:#}", anyhow::Error::new(error)))),
    }
    if let Some(url) = settings.url.as_deref().and_then(|url| url.parse::<Uri>().ok()) {
        let gateway = args.pages.gateway.as_ref().unwrap_or(&url);
        let app = App::own(&args.app, &installation.vault);
        findings.extend(Outside { url: &url, gateway, app_key: &app.key }.look().await);
    }
    findings
}

/// Whether a change is heard by somebody who tells the pages.
async fn gateways(bus: &Bus) -> Option<String> {
    match gateway::ready(bus).await {
        Ok(0) => Some("none hears what changes, so no page shows it; start one with `groundcrew gateway`, or `groundcrew up`".to_owned()),
        Ok(_) => None,
        Err(error) => Some(format!("{:#}", anyhow::Error::new(error))),
    }
}

/// The key that others may read, or that is not where the settings say.
fn key_file(settings: &Settings) -> Option<String> {
    let path = settings.key_file();
    let mode = std::fs::metadata(&path).ok()?.mode();
    (mode & 0o077 != 0).then(|| {
        let path = path.display();
        format!("{path} may be read by others (mode {:04o}); take their rights away with `chmod 600 {path}`", mode & 0o7777)
    })
}

fn policy(health: RedisHealth) -> Option<String> {
    let RedisHealth { policy, used, most, .. } = health;
    match policy.as_deref() {
        Some("noeviction") | None => {}
        Some(other) => {
            return Some(format!(
                "maxmemory-policy is {other}, so Redis may drop hints when its memory is full; set \
                 `maxmemory-policy noeviction`. No run is lost by it, but runs begin later"
            ));
        }
    }
    (most > 0 && used > most / 10 * 9).then(|| {
        format!("{used} of {most} bytes are in use; give it more memory (maxmemory), or find out what fills it")
    })
}

fn survey_findings(survey: &Survey) -> Vec<(&'static str, Option<String>)> {
    let drift = Timestamp::now().duration_since(survey.clock).as_secs();
    let clocks = (drift.abs() > CLOCKS).then(|| {
        format!("this machine and the database differ by {} s; have both keep time (chrony, systemd-timesyncd)", drift.abs())
    });
    let unannounced = (survey.unannounced > 0).then(|| {
        format!(
            "{} servers have changes that nobody announced; is `groundcrew up`, or a worker, running, and Redis reachable from there?",
            survey.unannounced
        )
    });
    vec![
        ("clocks", clocks),
        ("notifications", unannounced),
        (
            "leases",
            told(
                &survey.lost,
                "the lease is over and nobody took the run: no worker has a free slot, or none runs",
            ),
        ),
        (
            "waiting runs",
            told(
                &survey.untaken,
                "it could begin, and nobody takes it: no worker has a free slot, or none runs",
            ),
        ),
        (
            "servers that join",
            sentence(
                &survey.unvisited,
                |server| format!("step 4 of {}", server.server),
                "no worker looks at it: none has a free slot, or none runs",
            ),
        ),
        (
            "hosts in reach",
            told(&survey.unreachable, "the host can't be reached; `groundcrew runs show` says why"),
        ),
        (
            "hosts' last words",
            told(
                &survey.unknown,
                "it failed without the host's word, which may still be at it: `groundcrew runs retry` follows it, `runs cancel` ends it, `runs abandon` if the host is gone for good",
            ),
        ),
        (
            "cancelled runs",
            told(
                &survey.uncancelled,
                "a cancel was asked for and is not confirmed; it is when the host can be reached, or `groundcrew runs abandon` if that is gone for good",
            ),
        ),
        (
            "hosts know no more than the database",
            told(
                &survey.superseded,
                "its host knows a later driver of it than this database ever had: was it restored from a backup? Stop the old installation for good, stop these roles, then run `groundcrew restored`. If this is the old one, end it",
            ),
        ),
    ]
}

/// What a restoration from a backup has left to do: the rest comes by itself, as hosts are reached.
fn restored(restoration: Restoration) -> Finding {
    let Restoration { at, newest, runs, open } = restoration;
    let (asked, rest) = (runs - open, if open == 0 { "none".to_owned() } else { open.to_string() });
    let note = format!(
        "restored on {at:.0} from the state of {newest:.0}: {asked} runs were looked at on their \
         hosts, {rest} still to be"
    );
    Finding { check: "restoration", problem: None, note: Some(note) }
}

/// One sentence for all runs that have the same problem.
fn told(runs: &[Oddity], problem: &str) -> Option<String> {
    sentence(runs, |Oddity { run, server, .. }| format!("run {run} on {server}"), problem)
}

fn sentence(all: &[Oddity], name: impl Fn(&Oddity) -> String, problem: &str) -> Option<String> {
    let first = all.first()?;
    let more = match all.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Some(format!("{}, since {:.0}{more}: {problem}", name(first), first.since))
}

/// Steps that are at work for longer than their limits allow: the host should have ended them.
async fn stuck(
    installation: &Installation,
    catalog: Option<&Catalog>,
    survey: &Survey,
) -> Option<String> {
    let catalog = catalog?;
    let mut found = Vec::new();
    for (at_work, number) in &survey.at_work {
        let Ok(Some(resource)) = installation.store.run(&at_work.run).await else { continue };
        // The limits don't hang on secrets, which are not read here.
        let Ok(plan) = catalog.plan(&resource.run.jobs, &resource.run.parameters) else { continue };
        let Some(step) = usize::try_from(number - 1).ok().and_then(|index| plan.steps.get(index))
        else {
            continue;
        };
        // Its check, its run, and its check again.
        let limit = 3 * i64::try_from(step.timeout.as_secs()).unwrap_or(i64::MAX / 4) + SLACK;
        if survey.clock.duration_since(at_work.since).as_secs() > limit {
            found.push(at_work.clone());
        }
    }
    told(
        &found,
        "its step is at work for longer than its limits allow; look at the host (`systemctl list-units 'groundcrew-*'`), or end it with `groundcrew runs cancel`",
    )
}
