//! `groundcrew gateway`: the role that browsers connect to.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::json;
use tokio::sync::watch;

use super::leave::Leave;
use super::print::{print, print_json};
use crate::config::{GatewaySettings, MetricsSettings, Settings, TlsSettings};
use crate::gateway::{App, Gateway};
use crate::health::Health;
use crate::installation::{Installation, Role};
use crate::listen::{self, Tls};
use crate::metrics;
use crate::supervised;

/// Starts a gateway alone: browsers connect to it and hear which server changed
///
/// It speaks Pusher's protocol, so that Laravel Echo and pusher-js work as they are. Start as many as
/// you want; each needs DATABASE_URL, REDIS_URL and the same GROUNDCREW_KEY. Two may listen on the same
/// address of one machine: so a new one takes over from an old one without a gap.
#[derive(Debug, Args)]
#[command(
    after_help = "SIGTERM and Ctrl-C send the clients away, to another gateway as soon as one is ready."
)]
pub struct GatewayArgs {
    #[command(subcommand)]
    command: Option<GatewayCommand>,
    /// Where it listens
    #[arg(
        long,
        env = "GROUNDCREW_GATEWAY_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8081"
    )]
    listen: SocketAddr,
    #[command(flatten)]
    metrics: MetricsSettings,
    #[command(flatten)]
    gateway: GatewaySettings,
    #[command(flatten)]
    tls: TlsSettings,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum GatewayCommand {
    /// Shows id, key and secret of the application, for who connects or publishes
    Credentials {
        /// As JSON, for machines
        #[arg(long)]
        json: bool,
    },
}

/// Runs until it is told to stop.
pub fn run(args: GatewayArgs) -> Result<ExitCode> {
    if let Some(GatewayCommand::Credentials { json }) = args.command {
        return super::block_on(async move {
            let (installation, _) = Installation::open(&args.settings, Role::Command).await?;
            show(&App::own(&args.gateway.app, &installation.vault), json)?;
            Ok(ExitCode::SUCCESS)
        });
    }
    raise_open_files();
    let held = supervised::socket()?;
    super::block_on_all(serve(args, held))
}

async fn serve(mut args: GatewayArgs, held: Option<TcpListener>) -> Result<ExitCode> {
    if held.is_some() {
        // Clients that are sent away come back at once, and wait in the socket that systemd holds
        // until the next one takes it: no other gateway need be there.
        args.gateway.drain = 0;
    }
    let (installation, _) = Installation::open(&args.settings, Role::Apart).await?;
    let gateway = Gateway::open(&installation, &args.gateway).await?;
    let mut leave = Leave::of(&installation)?;
    let (stops, stop) = watch::channel(false);
    let health = Health::of("gateway", &installation, None);
    metrics::serve(&args.metrics, &health)?;
    let tls = args.tls.files().map(Tls::open).transpose()?;
    let listener = listen::take_or_bind(held, args.listen)?;
    let address = listener.local_addr()?;
    let proxies = args.gateway.front.proxies;
    let router = gateway.router().merge(health.router());
    let serving = tokio::spawn(listen::serve(listener, tls, router, proxies, stop));
    supervised::ready(&format!("browsers connect at {address}"));
    let code = leave.time().await;
    health.leave();
    let has_successor = || {
        stops.send_replace(true);
    };
    gateway.drain(has_successor).await;
    serving.await.context("the gateway ended in a panic")?;
    installation.store.close().await;
    Ok(code)
}

fn show(app: &App, as_json: bool) -> Result<()> {
    let App { id, key, secret, .. } = app;
    if as_json {
        let shown = json!({ "app_id": id, "app_key": key, "app_secret": secret });
        return print_json(shown);
    }
    print(&format!(
        "GROUNDCREW_APP_ID={id}\nGROUNDCREW_APP_KEY={key}\nGROUNDCREW_APP_SECRET={secret}\n"
    ))
}

/// Each client is an open file: as many as the system lets us have.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
