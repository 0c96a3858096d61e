//! `groundcrew server confirm`: a person compares the host key that a worker has learned.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use tokio::time::{Instant, sleep};

use super::actor::actor;
use super::ask;
use super::print::print;
use super::server::find;
use super::wanted::fingerprint;
use crate::catalog::Catalog;
use crate::installation::Installation;
use crate::model::{JoinsBy, Server, Status};
use crate::remote::host_key::{describe, fingerprint_of};

/// A worker learns a key within this, if the server can be reached at all.
const LEARNED: Duration = Duration::from_secs(60);
/// How often it is looked for.
const LOOK: Duration = Duration::from_millis(200);

/// Which server, and whether it is known already.
#[derive(Debug, Args)]
pub struct ConfirmArgs {
    /// Its name
    name: String,
    /// Confirms the key if this is its fingerprint, and does not ask
    #[arg(long, value_name = "SHA256:…", value_parser = fingerprint)]
    fingerprint: Option<String>,
}

/// Shows the key, asks, and confirms it.
pub async fn run(
    installation: &Installation,
    catalog: &Catalog,
    args: ConfirmArgs,
) -> Result<ExitCode> {
    let ConfirmArgs { name, fingerprint } = args;
    let server = offered(installation, &name).await?;
    let key = server.host_key_offered.clone().unwrap_or_default();
    let fingerprint = match fingerprint {
        Some(fingerprint) => fingerprint,
        None => {
            let question = format!(
                "{name} shows the host key\n  {}\nCompare it with what the host's console shows \
                 (`ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub`).",
                describe(&key)
            );
            let options = &[('y', "it is the same: go on"), ('n', "stop")];
            match ask::choose(&question, options, 'n')? {
                Some('y') => fingerprint_of(&key).unwrap_or_default(),
                Some(_) => bail!("the host key was not confirmed; nothing was changed"),
                None => bail!(
                    "{name} shows the host key {}; there is no terminal to ask at, so name it \
                     with --fingerprint if it is the right one",
                    describe(&key)
                ),
            }
        }
    };
    installation.confirm_host_key(&actor(), catalog, &server, &fingerprint).await?;
    print(&format!("the host key of {name} is pinned; a worker makes it ready now\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// The server, once there is a key to confirm.
async fn offered(installation: &Installation, name: &str) -> Result<Server> {
    let start = Instant::now();
    loop {
        let server = find(installation, name).await?;
        if server.host_key_offered.is_some() {
            return Ok(server);
        }
        if server.joins_by != Some(JoinsBy::Login) || server.host_key.is_some() {
            bail!("{name} has no host key that waits to be confirmed");
        }
        let failed = server.provision_status == Status::Failed;
        if failed || start.elapsed() > LEARNED {
            let provision = installation.store.provision(server.id).await?;
            let step = provision.as_ref().and_then(|provision| provision.steps.first());
            let why = step.and_then(|step| step.error.clone().or(step.unreachable.clone()));
            let why = why.unwrap_or_else(|| "no worker has looked yet; is one running?".to_owned());
            bail!("{name} has shown no host key yet: {why}");
        }
        sleep(LOOK).await;
    }
}
