//! `groundcrew server add --join` and `server retry`: the one line that makes a new server ready.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;

use super::actor::actor;
use super::print::{print, print_json};
use super::server::find;
use super::wanted::{JobNames, ParameterArgs, job_names};
use crate::catalog::Catalog;
use crate::installation::{Installation, WantedJoin};
use crate::join::OneLine;
use crate::remote::Target;

/// How a new server joins.
#[derive(Debug, Args)]
pub struct JoinArgs {
    /// A new server: prints the one line to run on it as root; its host key is pinned when it calls back
    #[arg(long, conflicts_with_all = ["identity", "fingerprint"])]
    pub join: bool,
    /// With --join: what to install once it has joined
    #[arg(long, value_name = "JOB[,JOB…]", value_parser = job_names, requires = "join")]
    install: Option<JobNames>,
    #[command(flatten)]
    parameters: ParameterArgs,
    /// With --install: tries a job on a system that it was not tested on
    #[arg(long, requires = "install")]
    untested_system: bool,
    /// With --join: whose machine it is, as Hetzner
    #[arg(long, value_name = "TEXT", requires = "join")]
    provider: Option<String>,
    /// With --join: prints one JSON object
    #[arg(long, requires = "join")]
    json: bool,
}

/// Adds a server that joins by the script, and prints its line.
pub async fn add(
    installation: &Installation,
    catalog: &Catalog,
    name: &str,
    target: &Target,
    args: JoinArgs,
) -> Result<ExitCode> {
    ensure!(
        target.user.as_deref().is_none_or(|user| user == "root"),
        "with --join a worker logs in as root, for that is whom the script lets it in as; \
         write {} without a user",
        target.host
    );
    let wanted = WantedJoin {
        user_id: installation.store.first_user().await?,
        name: name.to_owned(),
        host: target.host.clone(),
        ssh_port: target.port.unwrap_or(22),
        provider: args.provider,
        jobs: args.install.map(|jobs| jobs.0).unwrap_or_default(),
        parameters: args.parameters.values()?,
        untested_system: args.untested_system,
    };
    let (server, line) = installation.add_joining(&actor(), catalog, wanted).await?;
    if args.json {
        print_json(json!({ "server": server, "line": line }))?;
    } else {
        print(&format!("added {name} as server {}. {}", server.id, how(&line)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Tries again, with a fresh line where that is needed.
pub async fn retry(
    installation: &Installation,
    catalog: &Catalog,
    name: &str,
    json: bool,
) -> Result<ExitCode> {
    let server = find(installation, name).await?;
    let line = installation.retry_provision(&actor(), catalog, &server).await?;
    match line {
        _ if json => print_json(json!({ "server": server.id, "line": line }))?,
        Some(line) => print(&format!("{name} begins anew. {}", how(&line)))?,
        None => print(&format!("a worker logs in to {name} again\n"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn how(line: &OneLine) -> String {
    let OneLine { curl, wget, expires_at } = line;
    format!(
        "Run this on it as root until {expires_at:.0}; it is shown this once:\n\n{curl}\n\n\
         or, where there is no curl:\n\n{wget}\n"
    )
}
