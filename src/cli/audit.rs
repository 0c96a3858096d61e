//! `groundcrew audit`: who did what.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;

use super::print::{aligned, print, print_json};
use crate::config::Settings;
use crate::installation::{Installation, Role};
use crate::model::AuditEntry;

/// Shows who did what, the newest first: at the command line, over the API, and on the pages
///
/// Kept for a year.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Only what was done about this server: its name, or its id if it was removed
    #[arg(long, value_name = "SERVER")]
    server: Option<String>,
    /// At most so many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=100_000))]
    limit: i64,
    /// Prints one JSON array
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Does what the command line says.
pub fn run(args: AuditArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let (installation, _) = Installation::open(&args.settings, Role::Command).await?;
        let store = &installation.store;
        let server_id = match &args.server {
            None => None,
            Some(name) => match (store.server(name).await?, name.parse()) {
                (Some(server), _) => Some(server.id),
                (None, Ok(id)) => Some(id),
                (None, Err(_)) => {
                    bail!(
                        "there is no server {name:?}; `groundcrew server list` shows all, and one that was removed is known by its id"
                    )
                }
            },
        };
        let entries = store.audited(server_id, args.limit).await?;
        match args.json {
            true => print_json(json!(entries))?,
            false => list(&entries)?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn list(entries: &[AuditEntry]) -> Result<()> {
    if entries.is_empty() {
        return print("nothing was done yet\n");
    }
    let row = |entry: &AuditEntry| {
        let server = entry.server_id.map(|id| id.to_string());
        let about = [entry.run_id.as_deref(), entry.detail.as_deref()];
        let about = about.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let address = entry.address.clone();
        let (at, action) = (format!("{:.0}", entry.at), entry.action.clone());
        [at, entry.actor.clone(), or_dash(address), action, or_dash(server), about]
    };
    let head = ["TIME", "WHO", "FROM", "WHAT", "SERVER", "ABOUT"].map(String::from);
    print(&aligned("", std::iter::once(head).chain(entries.iter().map(row))))
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}
