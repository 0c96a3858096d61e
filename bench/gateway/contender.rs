//! A server that is measured, as a process of its own: our gateway, or Sockudo.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use groundcrew::config::Settings;
use serde_json::json;

use crate::crowd::BROKEN;
use crate::publisher::sign;

pub const APP: &str = "1001";
pub const KEY: &str = "key-of-the-bench";
pub const SECRET: &str = "secret-of-the-bench";

/// Who competes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `groundcrew up`, alone, with all in its memory, and servers in a file.
    Up,
    /// `groundcrew gateway`, with Postgres and Redis, through which each message goes.
    Gateway,
    /// Sockudo, alone, with all in its memory.
    Sockudo,
}

/// A running one; it ends with us.
pub struct Contender {
    pub kind: Kind,
    pub address: SocketAddr,
    process: Child,
}

impl Contender {
    pub fn start(kind: Kind, site: &Settings) -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        // The signal comes at the end of our main thread, also where nothing is dropped.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        match kind {
            Kind::Up | Kind::Gateway => groundcrew(&mut command, kind, address, site),
            Kind::Sockudo => sockudo(&mut command, port)?,
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().context("setpriv is installed")?;
        let contender = Self { kind, address, process };
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            ensure!(begin.elapsed() < BROKEN, "{kind:?} does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(contender)
    }

    /// What it keeps in memory, in KB.
    pub fn rss(&self) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    /// How long it has kept processors busy.
    pub fn busy(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        let fields = stat.rsplit_once(')').context("stat")?.1;
        let ticks = fields.split_whitespace().skip(11).take(2).flat_map(str::parse::<u64>);
        // A tick is 10 ms, on every Linux.
        Ok(Duration::from_millis(10 * ticks.sum::<u64>()))
    }

    /// What subscribes a client to a private channel. Ours is told who it is, as its own
    /// authorization does; Sockudo refuses that.
    pub fn ask(&self, socket_id: &str, channel: &str) -> String {
        let data = (self.kind != Kind::Sockudo)
            .then(|| json!({ "user_id": "1", "session": "bench" }).to_string());
        let signed = [socket_id, channel].into_iter().chain(data.as_deref());
        let auth = format!("{KEY}:{}", sign(&signed.collect::<Vec<_>>().join(":")));
        let mut asked = json!({ "channel": channel, "auth": auth });
        if let Some(data) = data {
            asked["channel_data"] = data.into();
        }
        json!({ "event": "pusher:subscribe", "data": asked }).to_string()
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn groundcrew(command: &mut Command, kind: Kind, address: SocketAddr, site: &Settings) {
    let role = if kind == Kind::Up { "up" } else { "gateway" };
    command.args([env!("CARGO_BIN_EXE_groundcrew"), role, "--listen", &address.to_string()]);
    command.args(["--max-connections-of-address", "20000"]);
    command.arg("--data").arg(&site.data);
    let urls = [("DATABASE_URL", &site.database_url), ("REDIS_URL", &site.redis_url)];
    command.envs(urls.into_iter().filter_map(|(name, url)| Some((name, url.as_deref()?))));
    command.envs([
        ("REDIS_PREFIX", &*site.redis_prefix),
        ("GROUNDCREW_KEY", site.key.as_deref().expect("a site has one")),
        ("GROUNDCREW_APP_ID", APP),
        ("GROUNDCREW_APP_KEY", KEY),
        ("GROUNDCREW_APP_SECRET", SECRET),
    ]);
}

/// At its leanest: little is kept for a slow client, nothing is limited, counted or sent elsewhere.
fn sockudo(command: &mut Command, port: u16) -> Result<()> {
    let path = env::var_os("SOCKUDO")
        .map(PathBuf::from)
        .context("SOCKUDO is not set: use bench/gateway/run")?;
    command.arg(path).current_dir(env::temp_dir());
    command.envs([
        ("HOST", "127.0.0.1"),
        ("PORT", &port.to_string()),
        ("WEBSOCKET_MAX_MESSAGES", "64"),
        ("RATE_LIMITER_ENABLED", "false"),
        ("METRICS_ENABLED", "false"),
        ("ADAPTER_DRIVER", "local"),
        ("CACHE_DRIVER", "memory"),
        ("QUEUE_DRIVER", "memory"),
        ("RUST_LOG", "error"),
        ("SOCKUDO_DEFAULT_APP_ID", APP),
        ("SOCKUDO_DEFAULT_APP_KEY", KEY),
        ("SOCKUDO_DEFAULT_APP_SECRET", SECRET),
        ("SOCKUDO_DEFAULT_APP_MAX_CONNECTIONS", "100000"),
        ("SOCKUDO_DEFAULT_APP_MAX_BACKEND_EVENTS_PER_SECOND", "1000000"),
    ]);
    Ok(())
}
