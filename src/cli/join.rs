//! `groundcrew server add --join` and `--login`, and `server retry`: how a new server is made ready,
//! by the one line that a person runs on it, or by a worker.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;
use zeroize::Zeroizing;

use super::actor::actor;
use super::print::{aligned, print, print_json};
use super::server::find;
use super::wanted::{JobNames, ParameterArgs, job_names};
use crate::catalog::Catalog;
use crate::installation::{Installation, WantedJoin, WantedLogin};
use crate::join::OneLine;
use crate::model::{PROVISION_STEPS, Provision, ProvisionStep, Status};
use crate::remote::{Target, describe_host_key};

/// How a new server joins.
#[derive(Debug, Args)]
pub struct JoinArgs {
    /// A new server: prints the one line to run on it as root; its host key is pinned when it calls back
    #[arg(long, group = "way", conflicts_with_all = ["identity", "fingerprint"])]
    pub join: bool,
    /// A server that you can log in to: a worker makes it ready, once you have confirmed the host key
    /// that it shows. The key of -i is used for that, and then forgotten
    #[arg(long, group = "way", conflicts_with = "fingerprint")]
    pub login: bool,
    /// With --join or --login: what to install once it has joined
    #[arg(long, value_name = "JOB[,JOB…]", value_parser = job_names, requires = "way")]
    install: Option<JobNames>,
    #[command(flatten)]
    parameters: ParameterArgs,
    /// With --install: tries a job on a system that it was not tested on
    #[arg(long, requires = "install")]
    untested_system: bool,
    /// With --join or --login: whose machine it is, as Hetzner
    #[arg(long, value_name = "TEXT", requires = "way")]
    provider: Option<String>,
    /// With --join or --login: prints one JSON object
    #[arg(long, requires = "way")]
    json: bool,
}

/// Adds a server that joins; by the script, prints its line.
pub async fn add(
    installation: &Installation,
    catalog: &Catalog,
    name: &str,
    target: &Target,
    private_key: Option<Zeroizing<String>>,
    args: JoinArgs,
) -> Result<ExitCode> {
    ensure!(
        args.login || target.user.as_deref().is_none_or(|user| user == "root"),
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
    if args.login {
        let ssh_user = target.user.clone().unwrap_or_else(|| "root".to_owned());
        let wanted = WantedLogin { server: wanted, ssh_user, private_key };
        let server = installation.add_by_login(&actor(), catalog, wanted).await?;
        if args.json {
            print_json(json!({ "server": server }))?;
        } else {
            print(&format!(
                "added {name} as server {}. A worker asks for its host key now; \
                 compare and confirm it with `groundcrew server confirm {name}`\n",
                server.id
            ))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
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
        None => print(&format!("a worker goes on with {name}\n"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn how(line: &OneLine) -> String {
    let OneLine { curl, wget, expires_at, .. } = line;
    format!(
        "Run this on it as root until {expires_at:.0}; it is shown this once:\n\n{curl}\n\n\
         or, where there is no curl:\n\n{wget}\n"
    )
}

/// How far a server is with joining, why it does not go on, and what to do.
pub fn progress(provision: &Provision) -> String {
    let name = &provision.server.name;
    let titles = PROVISION_STEPS.iter().map(|(_, title, _)| (*title).to_owned());
    let row = |(step, title): (&ProvisionStep, String)| {
        [step.number.to_string(), title, step.status.to_string()]
    };
    let rows = provision.steps.iter().zip(titles).map(row);
    let mut text = format!("\nProvisioning\n{}", aligned("  ", rows));
    if let Some(step) = provision.steps.iter().find(|step| step.status == Status::Failed) {
        let error = step.error.as_deref().unwrap_or_default().replace('\n', "\n  ");
        text += &format!(
            "\n  step {} failed: {error}\n  `groundcrew server retry {name}` goes on from there\n",
            step.number
        );
    }
    if let Some((why, since)) = provision
        .steps
        .iter()
        .find_map(|step| step.unreachable.as_ref().zip(step.unreachable_since))
    {
        text += &format!("\n  unreachable since {since:.0}: {why}\n");
    }
    let offered = provision.server.host_key_offered.as_ref();
    if let Some(key) = offered.filter(|_| provision.server.host_key.is_none()) {
        text += &format!(
            "\n  it shows the host key {}; `groundcrew server confirm {name}`\n",
            describe_host_key(key)
        );
    }
    match &provision.line {
        Some(line) if line.enrolled_at.is_none() && line.expired => {
            text += &format!(
                "\n  its line has expired; `groundcrew server retry {name}` gives a fresh one\n"
            );
        }
        Some(line) if line.enrolled_at.is_none() => {
            text += &format!(
                "\n  its line is to be run on it until {:.0}; `groundcrew server retry {name}` \
                 gives a fresh one\n",
                line.expires_at
            );
        }
        _ => {}
    }
    text
}
