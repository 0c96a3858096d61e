//! `groundcrew server`: the servers of an installation.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use zeroize::Zeroizing;

use super::actor::actor;
use super::ask;
use super::confirm::{self, ConfirmArgs};
use super::join::{self, JoinArgs};
use super::print::{aligned, print, print_json};
use super::wanted::fingerprint;
use crate::catalog::Catalog;
use crate::config::Settings;
use crate::installation::{Installation, Role, WantedServer, check_private_key, check_server_name};
use crate::model::Server;
use crate::remote::host_key::{describe, learn, refused};
use crate::remote::{HostKey, Ssh, Target};

/// Adds, shows and removes servers
#[derive(Debug, Args)]
pub struct ServerArgs {
    #[command(subcommand)]
    command: ServerCommand,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum ServerCommand {
    /// Adds a server: pins its host key (shows the fingerprint and asks), or with --join prints the
    /// one line that makes a new server ready
    Add {
        /// How you call it, as edge-fra-1
        name: String,
        /// Where it is; the user is root, or one with `sudo -n`
        #[arg(value_name = "USER@HOST[:PORT]")]
        target: Target,
        #[command(flatten)]
        keys: KeyArgs,
        #[command(flatten)]
        join: JoinArgs,
    },
    /// Tries the provisioning of a server again from the step that failed, or prints a fresh line to
    /// run on it
    Retry {
        /// Its name
        name: String,
        /// Prints one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Confirms the host key of a server that was added with --login: shows the fingerprint and asks
    Confirm(ConfirmArgs),
    /// Lists all servers
    List {
        /// Prints one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Shows a server and its last runs
    Show {
        /// Its name
        name: String,
        /// Prints one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Accepts the new host key of a server that was reinstalled, or gives it another private key
    Rekey {
        /// Its name
        name: String,
        #[command(flatten)]
        keys: KeyArgs,
    },
    /// Removes a server, its runs and their output; nothing is changed on the host
    Remove {
        /// Its name
        name: String,
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct KeyArgs {
    /// The private key to log in with; kept encrypted [default: what ssh on the worker's machine would take]
    #[arg(short, long, value_name = "KEY")]
    identity: Option<PathBuf>,
    /// Accepts the host if this is the fingerprint of its key
    #[arg(long, value_name = "SHA256:…", value_parser = fingerprint)]
    fingerprint: Vec<String>,
}

impl KeyArgs {
    async fn private_key(&self) -> Result<Option<Zeroizing<String>>> {
        match &self.identity {
            Some(path) => read_key(path).await.map(Some),
            None => Ok(None),
        }
    }
}

/// Does what the command line says.
pub fn run(args: ServerArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let (installation, _) = Installation::open(&args.settings, Role::Command).await?;
        match args.command {
            ServerCommand::Add { name, target, keys, join } if join.join || join.login => {
                let catalog = Catalog::open(args.settings.jobs())?;
                let private_key = keys.private_key().await?;
                join::add(&installation, &catalog, &name, &target, private_key, join).await
            }
            ServerCommand::Add { name, target, keys, .. } => {
                add(&installation, &name, &target, &keys).await
            }
            ServerCommand::Confirm(confirm) => {
                let catalog = Catalog::open(args.settings.jobs())?;
                confirm::run(&installation, &catalog, confirm).await
            }
            ServerCommand::Retry { name, json } => {
                let catalog = Catalog::open(args.settings.jobs())?;
                join::retry(&installation, &catalog, &name, json).await
            }
            ServerCommand::List { json } => list(&installation, json).await,
            ServerCommand::Show { name, json } => show(&installation, &name, json).await,
            ServerCommand::Rekey { name, keys } => rekey(&installation, &name, &keys).await,
            ServerCommand::Remove { name, yes } => remove(&installation, &name, yes).await,
        }
    })
}

/// The server of this name.
///
/// # Errors
/// Fails if there is none, and says where they are listed.
pub async fn find(installation: &Installation, name: &str) -> Result<Server> {
    let server = installation.store.server(name).await?;
    server
        .with_context(|| format!("there is no server {name:?}; `groundcrew server list` shows all"))
}

async fn add(
    installation: &Installation,
    name: &str,
    target: &Target,
    keys: &KeyArgs,
) -> Result<ExitCode> {
    check_server_name(name)?;
    ensure!(
        installation.store.server(name).await?.is_none(),
        "there is a server {name:?} already; take another name, or remove that one first"
    );
    installation.addresses.check(&target.host).await?;
    let private_key = keys.private_key().await?;
    let host_key = accept(target, &keys.fingerprint, None).await?;
    let wanted = WantedServer {
        user_id: installation.store.first_user().await?,
        name: name.to_owned(),
        host: target.host.clone(),
        ssh_port: target.port.unwrap_or(22),
        ssh_user: target.user.clone().unwrap_or_else(|| "root".to_owned()),
        host_key: host_key.key().to_owned(),
        private_key,
    };
    let server = installation.add_server(&actor(), wanted).await?;
    print(&format!(
        "added {name} as server {}; install with `groundcrew run nginx --server {name}`\n",
        server.id
    ))?;
    Ok(ExitCode::SUCCESS)
}

async fn list(installation: &Installation, json: bool) -> Result<ExitCode> {
    let servers = installation.store.servers().await?;
    if json {
        print_json(json!(servers))?;
    } else if servers.is_empty() {
        print("no servers yet; add one with `groundcrew server add NAME USER@HOST -i KEY`\n")?;
    } else {
        let head = ["NAME", "ADDRESS", "STATUS", "CHANGED"].map(String::from);
        let row = |server: &Server| {
            let status = server.provision_status.to_string();
            [server.name.clone(), address(server), status, format!("{:.0}", server.updated_at)]
        };
        print(&aligned("", std::iter::once(head).chain(servers.iter().map(row))))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(installation: &Installation, name: &str, json: bool) -> Result<ExitCode> {
    let server = find(installation, name).await?;
    let runs = installation.store.runs(Some(server.id), 10).await?;
    let provision = installation.store.provision(server.id).await?;
    if json {
        let mut value = json!(server);
        value["runs"] = runs.iter().map(|run| json!(run.run)).collect();
        value["provision_steps"] = json!(provision.map(|provision| provision.steps));
        print_json(value)?;
        return Ok(ExitCode::SUCCESS);
    }
    let key = if server.has_key { "kept encrypted" } else { "the worker's own" };
    let facts = [
        ["id", &server.id.to_string()],
        ["address", &address(&server)],
        ["host key", &pinned(&server)],
        ["login key", key],
        ["status", server.provision_status.as_str()],
        ["revision", &server.revision.to_string()],
        ["added", &format!("{:.0}", server.created_at)],
    ];
    let facts = facts.map(|fact| fact.map(str::to_owned));
    print(&format!("{}\n{}", server.name, aligned("  ", facts)))?;
    if let Some(provision) = provision.filter(|provision| !provision.steps.is_empty()) {
        print(&join::progress(&provision))?;
    }
    let row = |run: &crate::store::RunSummary| {
        let run = &run.run;
        [
            run.id.clone(),
            run.jobs.join(","),
            run.status.to_string(),
            format!("{:.0}", run.created_at),
        ]
    };
    if !runs.is_empty() {
        print(&format!("\nLast runs\n{}", aligned("  ", runs.iter().map(row))))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn rekey(installation: &Installation, name: &str, keys: &KeyArgs) -> Result<ExitCode> {
    let server = find(installation, name).await?;
    if let Some(path) = &keys.identity {
        let key = read_key(path).await?;
        installation.set_private_key(&actor(), server.id, &key).await?;
        print(&format!("{name} has another private key from now on\n"))?;
    }
    let target = Target {
        user: Some(server.ssh_user.clone()),
        host: server.host.clone(),
        port: Some(server.ssh_port),
    };
    let key = accept(&target, &keys.fingerprint, server.host_key.as_deref()).await?;
    if Some(key.key()) == server.host_key.as_deref() {
        print(&format!("{name} shows the host key that is pinned: {}\n", pinned(&server)))?;
        return Ok(ExitCode::SUCCESS);
    }
    installation.rekey_server(&actor(), server.id, key.key()).await?;
    print(&format!("the host key of {name} is {} from now on\n", describe(key.key())))?;
    Ok(ExitCode::SUCCESS)
}

async fn remove(installation: &Installation, name: &str, yes: bool) -> Result<ExitCode> {
    let server = find(installation, name).await?;
    if !yes {
        let question = format!(
            "Remove {name}, its runs and all their output? The host itself stays as it is."
        );
        match ask::choose(&question, &[('y', "remove"), ('n', "keep")], 'n')? {
            Some('y') => {}
            Some(_) => return Ok(ExitCode::FAILURE),
            None => bail!("there is no terminal to ask at; add --yes to remove {name}"),
        }
    }
    installation.remove_server(&actor(), &server).await?;
    print(&format!("removed {name}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Learns the host's key, and has a person, or the command line, vouch for it (promise 9).
async fn accept(target: &Target, wanted: &[String], pinned: Option<&str>) -> Result<HostKey> {
    let ssh = Ssh::stranger().context("making a private folder for the connection")?;
    let key = learn(&ssh, target, wanted).await?;
    if pinned == Some(key.key()) || wanted.contains(&key.fingerprint) {
        return Ok(key);
    }
    if wanted.is_empty() {
        let before =
            pinned.map(|key| format!("\n  {} is pinned now", describe(key))).unwrap_or_default();
        let question = format!(
            "{target} shows the host key\n  {} {}{before}\n\
             Compare it with what the host's console shows (`ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub`).",
            key.algorithm, key.fingerprint
        );
        let options = &[('y', "it is the same: pin it"), ('n', "stop")];
        match ask::choose(&question, options, 'n')? {
            Some('y') => return Ok(key),
            Some(_) => bail!("the host key was not accepted; nothing was changed"),
            None => {}
        }
    }
    Err(refused(target, &key, wanted, "").into())
}

/// A private key that ssh can use without a person.
async fn read_key(path: &Path) -> Result<Zeroizing<String>> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .with_context(|| format!("-i must name the file of a private key; can't read {shown}"))?;
    check_private_key(&text).await.with_context(|| shown.to_string())?;
    Ok(text)
}

/// The host key, as people compare it.
fn pinned(server: &Server) -> String {
    match (&server.host_key, &server.host_key_offered) {
        (Some(key), _) => describe(key),
        (None, Some(key)) => {
            format!("{}; confirm it with `groundcrew server confirm`", describe(key))
        }
        (None, None) => "not known yet".to_owned(),
    }
}

fn address(server: &Server) -> String {
    let target = Target {
        user: Some(server.ssh_user.clone()),
        host: server.host.clone(),
        port: (server.ssh_port != 22).then_some(server.ssh_port),
    };
    target.to_string()
}
