//! Every setting, from the command line or the environment, in one place.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::join::read_url;

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
    /// The address that browsers and new servers see: https://panel.example.com [default: none, and no server can join by a line that is run on it]
    #[arg(long, env = "GROUNDCREW_URL", value_name = "URL", global = true, value_parser = read_url)]
    pub url: Option<String>,
    /// Servers may be at addresses of this machine and its link, and where database and Redis are
    #[arg(long, env = "GROUNDCREW_ALLOW_LOCAL", global = true)]
    pub allow_local: bool,
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

/// What a gateway is told.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Gateway")]
pub struct GatewaySettings {
    /// What clients and publishers say to be let in.
    #[command(flatten)]
    pub app: AppSettings,
    /// Connections in all; those that come then wait, and try again
    #[arg(long, env = "GROUNDCREW_MAX_CONNECTIONS", value_name = "N", default_value_t = 20_000)]
    pub max_connections: u32,
    /// Connections of one address
    #[arg(
        long,
        env = "GROUNDCREW_MAX_CONNECTIONS_OF_ADDRESS",
        value_name = "N",
        default_value_t = 5_000
    )]
    pub max_connections_of_address: u32,
    /// Addresses of proxies in front, whose X-Forwarded-For is believed
    #[arg(long, env = "GROUNDCREW_PROXIES", value_name = "ADDRESS,…", value_delimiter = ',')]
    pub proxies: Vec<IpAddr>,
    /// Notifications of one server within so many milliseconds become one
    #[arg(long, env = "GROUNDCREW_COALESCE", value_name = "MS", default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub coalesce: u32,
    /// After so many seconds of silence, clients ask whether the gateway is there
    #[arg(long, env = "GROUNDCREW_ACTIVITY_TIMEOUT", value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub activity_timeout: u32,
    /// When told to leave, waits so many seconds for another gateway that is ready
    #[arg(long, env = "GROUNDCREW_DRAIN", value_name = "SECONDS", default_value_t = 10)]
    pub drain: u32,
}

/// The application in Pusher's sense: what clients and publishers say to be let in.
#[derive(Debug, Clone, Args)]
pub struct AppSettings {
    /// Its id, in the path of the HTTP API
    #[arg(long, env = "GROUNDCREW_APP_ID", value_name = "ID", default_value = "1")]
    pub app_id: String,
    /// Its key, which clients connect with [default: follows from GROUNDCREW_KEY]
    #[arg(long, env = "GROUNDCREW_APP_KEY", value_name = "KEY")]
    pub app_key: Option<String>,
    /// `GROUNDCREW_APP_SECRET`, which subscriptions and requests are signed with. Not for the
    /// command line, which every user of the machine can see.
    #[arg(skip = std::env::var("GROUNDCREW_APP_SECRET").ok().filter(|secret| !secret.is_empty()))]
    pub app_secret: Option<String>,
    /// Where pages may come from: https://panel.example.com [default: anywhere]
    #[arg(long, env = "GROUNDCREW_ORIGINS", value_name = "ORIGIN,…", value_delimiter = ',')]
    pub origins: Vec<String>,
    /// A file with neighbours that may publish and sign for channels of their own
    #[arg(long, env = "GROUNDCREW_APPS", value_name = "FILE")]
    pub apps: Option<PathBuf>,
}
