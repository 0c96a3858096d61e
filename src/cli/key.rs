//! `groundcrew key`: what secrets are encrypted with.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use zeroize::Zeroizing;

use super::actor::actor;
use super::print::print;
use crate::config::Settings;
use crate::installation::Installation;
use crate::vault::Vault;

/// Makes or changes the key that secrets are encrypted with
#[derive(Debug, Args)]
pub struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Makes a key, as a file in the data folder, if there is none
    ///
    /// For roles that run apart, before their first start; `groundcrew up` does it by itself.
    Make,
    /// Encrypts everything with a new key
    ///
    /// Stop all roles first. Where the key is a file in the data folder, a new one is made and put
    /// there; where it is in GROUNDCREW_KEY, the new one must be in GROUNDCREW_NEW_KEY.
    #[command(
        after_help = "Backups of the database need the key of their time: keep the old one with them."
    )]
    Rotate,
}

/// Does what the command line says.
pub fn run(args: KeyArgs) -> Result<ExitCode> {
    match args.command {
        KeyCommand::Make => make(&args.settings),
        KeyCommand::Rotate => rotate(args),
    }
}

fn make(settings: &Settings) -> Result<ExitCode> {
    let file = settings.key_file();
    let shown = file.display();
    if settings.key.is_some() {
        print("GROUNDCREW_KEY is set, so that no file is needed; nothing was made\n")?;
    } else if Vault::read(&file)?.is_some() {
        print(&format!("the key is there already: {shown}\n"))?;
    } else {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&settings.data)
            .with_context(|| format!("making the data folder {}", settings.data.display()))?;
        Vault::make(&file)?;
        print(&format!(
            "made the key {shown}; keep a copy of it, in another place than the database's backups\n"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn rotate(args: KeyArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let new = std::env::var("GROUNDCREW_NEW_KEY").ok().filter(|key| !key.is_empty());
        let new = new.map(Zeroizing::new);
        let new = new.as_deref().map(String::as_str);
        let count = Installation::rotate_key(&args.settings, &actor(), new).await?;
        let next = match &args.settings.key {
            Some(_) => {
                "set GROUNDCREW_KEY to the new key for every role, then start them".to_owned()
            }
            None => format!(
                "the new key is in {}; start the roles again",
                args.settings.key_file().display()
            ),
        };
        print(&format!(
            "{count} values are encrypted with the new key; {next}. Keep a copy of it, and the old one for old \
             backups. If GROUNDCREW_APP_KEY and GROUNDCREW_APP_SECRET are not set, these are new, too: \
             see `groundcrew gateway credentials`\n"
        ))?;
        Ok(ExitCode::SUCCESS)
    })
}
