//! `groundcrew migrate`: brings the database's schema up.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::print::print;
use crate::config::Settings;
use crate::store::Store;

/// Brings the database's schema up to this version
///
/// `groundcrew up` does it by itself; roles that run apart want it done before they start. Each step
/// is one transaction, and a step that was done is not done again.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    settings: Settings,
}

/// Does what the command line says.
pub fn run(args: MigrateArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let store = Store::open(&args.settings.database(), false).await?;
        let done = store.migrate().await?;
        match done.len() {
            0 => print("the schema is up to date\n")?,
            _ => print(&done.iter().map(|name| format!("done: {name}\n")).collect::<String>())?,
        }
        Ok(ExitCode::SUCCESS)
    })
}
