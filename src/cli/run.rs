//! `groundcrew run`: asks for a run, and follows it if that is wanted.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::actor::actor;
use super::print::print;
use super::wanted::WantedArgs;
use super::{server, watch};
use crate::catalog::Catalog;
use crate::config::Settings;
use crate::installation::{Installation, Role, Wanted};

/// Asks for a run of jobs on a server
///
/// A worker does it: this command can go away at any time, and with --watch shows each step as it
/// happens, from any machine that reaches the database (and Redis).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  groundcrew run nginx --server edge-fra-1 --watch\n  \
    groundcrew run nginx --server edge-fra-1 -p app_user=web --json\n\n\
    Exit code: 0 asked for (with --watch: completed), 1 it failed, or --watch was left, 2 the command is wrong.")]
pub struct RunArgs {
    #[command(flatten)]
    wanted: WantedArgs,
    /// The server's name
    #[arg(short, long, value_name = "NAME")]
    server: String,
    /// Follows the run to its end
    #[arg(short, long)]
    watch: bool,
    /// Prints one JSON object, or with --watch one a line
    #[arg(long)]
    json: bool,
    /// Tries a job on a system that it was not tested on
    #[arg(long)]
    untested_system: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Does what the command line says.
pub fn run(args: RunArgs) -> Result<ExitCode> {
    let prepared =
        Catalog::open(args.settings.jobs()).map_err(anyhow::Error::new).and_then(|catalog| {
            let values = args.wanted.values()?;
            catalog.plan(args.wanted.jobs(), &values)?;
            Ok((catalog, values))
        });
    let (catalog, parameters) = match prepared {
        Ok(prepared) => prepared,
        // The command is wrong, as with an unknown flag.
        Err(error) => {
            eprintln!("error: {error:#}");
            return Ok(ExitCode::from(2));
        }
    };
    super::block_on(async move {
        let (installation, _) = Installation::open(&args.settings, Role::Command).await?;
        let server = server::find(&installation, &args.server).await?;
        // Before the run is asked for, so that nothing of it is missed.
        let listener = match &installation.wire {
            Some(wire) if args.watch => Some(wire.bus.subscribe(Some(server.id)).await?),
            _ => None,
        };
        let wanted = Wanted {
            server_id: server.id,
            jobs: args.wanted.jobs().to_vec(),
            parameters,
            untested_system: args.untested_system,
        };
        let (id, plan) = installation.ask(&actor(), &catalog, wanted).await?;
        if args.watch {
            return watch::watch(&installation, listener, &id, &server.name, &plan, args.json)
                .await;
        }
        if args.json {
            let asked = json!({ "run": id, "server": server.name, "status": "pending" });
            print(&format!("{asked}\n"))?;
        } else {
            print(&format!(
                "asked for run {id} on {}; see `groundcrew runs show {id}`\n",
                server.name
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    })
}
