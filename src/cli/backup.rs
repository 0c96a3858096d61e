//! `groundcrew backup`: a copy of an embedded database, beside a running `up` (docs/backup.md).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use tempfile::NamedTempFile;

use super::print::print;
use crate::config::Settings;
use crate::store::Store;

/// Copies the database in the data folder into a file, while everything goes on
///
/// The file is whole, or not there. It holds no key: keep the one of the data folder in another
/// place. For Postgres, use pg_dump.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file; there must be none yet
    file: PathBuf,
    #[command(flatten)]
    settings: Settings,
}

/// Does what the command line says.
pub fn run(args: BackupArgs) -> Result<ExitCode> {
    super::block_on(async move {
        let store = Store::open(&args.settings.database(), false).await?;
        let file = &args.file;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        let failed = || format!("{} can't be written", file.display());
        // Only for us to read, and under another name until it is whole.
        let new = NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).with_context(failed)?;
        store.copy_into(new.path()).await?;
        new.as_file().sync_all().with_context(failed)?;
        let copy = new.persist_noclobber(file).map_err(|error| error.error).with_context(failed)?;
        let size = copy.metadata().with_context(failed)?.len();
        print(&format!(
            "{} has the database, {size} bytes. Keep the key in another place: {}\n",
            file.display(),
            args.settings.key_file().display()
        ))?;
        Ok(ExitCode::SUCCESS)
    })
}
