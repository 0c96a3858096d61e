//! `groundcrew restored`: what is to be done once after a backup was restored, before any role
//! starts (docs/backup.md).

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;

use super::actor::actor;
use super::ask;
use super::print::{print, print_json};
use crate::config::Settings;
use crate::installation::Restored;
use crate::store::Backup;

/// Makes a database ready that was restored from a backup
///
/// Run it once, before any role starts. Hosts have gone on since the backup was taken: from now on
/// they take this database's word again, each run that had not ended is looked at on its host
/// before anything is started there, and everybody is signed out.
#[derive(Debug, Args)]
#[command(
    after_help = "The old installation, the one that the backup was taken of, must never run again: both would send their runs to the same hosts."
)]
pub struct RestoredArgs {
    /// Does not ask
    #[arg(long)]
    yes: bool,
    /// Prints one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
}

/// Does what the command line says.
pub fn run(args: RestoredArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let restored = Restored::look(&args.settings).await?;
        let Backup { newest, servers, going, waiting, .. } = &restored.backup;
        if !args.yes {
            let question = format!(
                "The newest row of this database is from {newest:.0}. It knows {servers} servers, \
                 {going} runs that were going then, and {waiting} that waited.\nIs the old \
                 installation stopped for good? If it runs again, both send their runs to the same \
                 hosts."
            );
            let options = &[('y', "it is: make this database ready"), ('n', "change nothing")];
            match ask::choose(&question, options, 'n')? {
                Some('y') => {}
                Some(_) => bail!("nothing was changed"),
                None => bail!(
                    "there is no terminal to ask at; add --yes if the old installation is stopped for good"
                ),
            }
        }
        let backup = restored.make_ready(&actor()).await?;
        match args.json {
            true => print_json(json!(backup))?,
            false => print(&told(&backup))?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn told(backup: &Backup) -> String {
    let Backup { newest, going, waiting, superseded, sessions, links, tokens, .. } = backup;
    let mut text = format!(
        "the database is ready, with the state of {newest:.0}\n\
         {going} runs were going, and {waiting} waited: workers look at each on its host before they start anything there\n"
    );
    if *superseded > 0 {
        text += &format!(
            "{superseded} runs failed because their hosts knew more: they are taken up again\n"
        );
    }
    text +=
        &format!("{sessions} sessions and {links} unused links were ended: people sign in again\n");
    if *tokens > 0 {
        text += &format!(
            "{tokens} API tokens are good, also those that were revoked since: see `groundcrew token list`\n"
        );
    }
    text + "Start the roles now; `groundcrew doctor` says how far they are. The old installation must never run again\n"
}
