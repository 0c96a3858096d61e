//! Every setting, from the command line or the environment, in one place.

use std::path::{Path, PathBuf};

use clap::Args;

/// Which installation: its database, its Redis, its folder.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Installation")]
pub struct Settings {
    /// The database: postgres://USER:PASSWORD@HOST/NAME [default: SQLite in the data folder]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// The Redis for queue and notifications: redis://HOST, or rediss:// with TLS [default: none, all in one process]
    #[arg(long, env = "REDIS_URL", value_name = "URL", hide_env_values = true, global = true)]
    pub redis_url: Option<String>,
    /// What all our keys and channels in Redis begin with
    #[arg(
        long,
        env = "REDIS_PREFIX",
        value_name = "TEXT",
        default_value = "groundcrew:",
        global = true
    )]
    pub redis_prefix: String,
    /// The folder of the installation: database, key
    #[arg(
        long,
        env = "GROUNDCREW_DATA",
        value_name = "DIR",
        default_value = "data",
        global = true
    )]
    pub data: PathBuf,
    /// `GROUNDCREW_KEY`, which secrets are encrypted with: 32 bytes in base64. Not for the
    /// command line, which every user of the machine can see.
    #[arg(skip = std::env::var("GROUNDCREW_KEY").ok().filter(|key| !key.is_empty()))]
    pub key: Option<String>,
    /// A folder of your own job files; they add to the built-in ones, and win over those of the same name
    #[arg(long, env = "GROUNDCREW_JOBS", value_name = "DIR", global = true)]
    pub jobs: Option<PathBuf>,
}

impl Settings {
    /// Where the database is.
    pub fn database(&self) -> String {
        match &self.database_url {
            Some(url) => url.clone(),
            None => format!("sqlite:{}", self.data.join("groundcrew.db").display()),
        }
    }

    /// Whether the database is the file in the data folder, which has but this machine's processes.
    pub fn is_embedded(&self) -> bool {
        self.database_url.is_none()
    }

    /// Where the key is, if it is not in the environment.
    pub fn key_file(&self) -> PathBuf {
        self.data.join("key")
    }

    /// The operator's job files.
    pub fn jobs(&self) -> Option<&Path> {
        self.jobs.as_deref()
    }
}
