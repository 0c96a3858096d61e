//! Every setting, from the command line or the environment, in one place.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;
use http::Uri;

/// Where `up` listens if nothing else is said.
pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

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
    /// The address that browsers and servers see: https://groundcrew.example.com [default: where `up` listens]
    #[arg(long, env = "GROUNDCREW_URL", value_name = "URL", value_parser = web_address, global = true)]
    pub url: Option<String>,
    /// `GROUNDCREW_KEY`, which secrets are encrypted with: 32 bytes in base64. Not for the
    /// command line, which every user of the machine can see.
    #[arg(skip = std::env::var("GROUNDCREW_KEY").ok().filter(|key| !key.is_empty()))]
    pub key: Option<String>,
    /// A folder of your own job files; they add to the built-in ones, and win over those of the same name
    #[arg(long, env = "GROUNDCREW_JOBS", value_name = "DIR", global = true)]
    pub jobs: Option<PathBuf>,
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

    /// The address that browsers see, without a slash at its end, of a web tier that listens here.
    pub fn url(&self, listen: SocketAddr, tls: bool) -> String {
        self.url.clone().unwrap_or_else(|| {
            let here = match (listen.ip().is_unspecified(), listen) {
                (true, SocketAddr::V4(_)) => {
                    SocketAddr::new(Ipv4Addr::LOCALHOST.into(), listen.port())
                }
                (true, SocketAddr::V6(_)) => {
                    SocketAddr::new(Ipv6Addr::LOCALHOST.into(), listen.port())
                }
                (false, listen) => listen,
            };
            format!("{}://{here}", if tls { "https" } else { "http" })
        })
    }

    /// Where the key is, if it is not in the environment.
    pub fn key_file(&self) -> PathBuf {
        self.data.join("key")
    }

    /// Where the next one is, while everything is encrypted with it.
    pub fn next_key_file(&self) -> PathBuf {
        self.data.join("key.next")
    }

    /// The operator's job files.
    pub fn jobs(&self) -> Option<&Path> {
        self.jobs.as_deref()
    }
}

/// An origin: scheme, host and port, and nothing behind them.
fn web_address(text: &str) -> Result<String, String> {
    let uri: Option<Uri> = text.parse().ok();
    // It becomes part of a line for a shell, and of a script.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:/[]".contains(c);
    let is_origin = text.chars().all(is_plain)
        && uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.authority().is_some()
                && uri.path() == "/"
        });
    match is_origin {
        true => Ok(text.trim_end_matches('/').to_lowercase()),
        false => Err("an address that browsers and servers reach is https://HOST, or \
            http://HOST:PORT, and nothing behind it"
            .to_owned()),
    }
}

/// The same, taken apart.
fn web_uri(text: &str) -> Result<Uri, String> {
    web_address(text)?.parse().map_err(|error| format!("{error}"))
}

/// TLS, where no proxy in front has it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsSettings {
    /// The certificate with its chain, as PEM [default: none, TLS is a proxy's in front]
    #[arg(long, env = "GROUNDCREW_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key, as PEM
    #[arg(long, env = "GROUNDCREW_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// Where pages find what they listen to.
#[derive(Debug, Clone, Args)]
pub struct PagesSettings {
    /// Where browsers reach the gateways: https://live.example.com [default: where they reach the pages]
    #[arg(long, env = "GROUNDCREW_GATEWAY", value_name = "URL", value_parser = web_uri)]
    pub gateway: Option<Uri>,
}

/// A certificate, and its key.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// With its chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

impl TlsSettings {
    /// Both files, if TLS is spoken.
    pub fn files(self) -> Option<TlsFiles> {
        Some(TlsFiles { certificate: self.tls_cert?, key: self.tls_key? })
    }
}

/// Where a role is looked at from outside.
#[derive(Debug, Clone, Args)]
pub struct MetricsSettings {
    /// Where Prometheus reads what this role counts, under /metrics; also /healthz and /readyz [default: nowhere]
    #[arg(long, env = "GROUNDCREW_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<SocketAddr>,
}

/// What stands in front of web and gateway.
#[derive(Debug, Clone, Args)]
pub struct FrontSettings {
    /// Addresses of proxies in front, whose X-Forwarded-For is believed
    #[arg(long, env = "GROUNDCREW_PROXIES", value_name = "ADDRESS,…", value_delimiter = ',')]
    pub proxies: Vec<IpAddr>,
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
    /// What stands in front of it.
    #[command(flatten)]
    pub front: FrontSettings,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_origin_and_no_part_of_a_script() {
        assert_eq!(web_address("https://A.example/").as_deref(), Ok("https://a.example"));
        assert_eq!(
            web_address("http://[2001:db8::1]:80").as_deref(),
            Ok("http://[2001:db8::1]:80")
        );
        for wrong in [
            "",
            "a.example",
            "ftp://a",
            "https://",
            "https://a$(id)",
            "https://a b",
            "http://a'",
            "http://a;b",
            "https://a/b",
            "https://a?b",
            "https://u@a",
        ] {
            assert!(web_address(wrong).is_err(), "{wrong}");
        }
    }
}
