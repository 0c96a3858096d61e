//! `groundcrew web`: the web tier as a process of its own.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use tokio::sync::watch;

use super::first_user;
use super::leave::Leave;
use crate::catalog::Jobs;
use crate::config::{
    AppSettings, FrontSettings, LISTEN, MetricsSettings, PagesSettings, Settings, TlsSettings,
};
use crate::gateway::App;
use crate::health::Health;
use crate::installation::{Installation, Role};
use crate::listen::{self, Tls};
use crate::metrics;
use crate::supervised;
use crate::web::{self, Site};

/// Starts the web alone: pages, the API, and whether the installation is well
///
/// Start as many as you want; each needs DATABASE_URL, REDIS_URL and the same GROUNDCREW_KEY. Two may
/// listen on the same address of one machine: so a new one takes over from an old one without a gap.
#[derive(Debug, Args)]
#[command(after_help = "SIGTERM and Ctrl-C: what was asked for before is still answered.")]
pub struct WebArgs {
    /// Where it listens
    #[arg(
        long,
        env = "GROUNDCREW_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value_t = LISTEN
    )]
    listen: SocketAddr,
    #[command(flatten)]
    app: AppSettings,
    #[command(flatten)]
    pages: PagesSettings,
    #[command(flatten)]
    front: FrontSettings,
    #[command(flatten)]
    tls: TlsSettings,
    #[command(flatten)]
    metrics: MetricsSettings,
    #[command(flatten)]
    settings: Settings,
}

/// Runs until it is told to stop.
pub fn run(args: WebArgs) -> Result<ExitCode> {
    let held = supervised::socket()?;
    super::block_on_all(async move {
        let jobs = Arc::new(Jobs::open(args.settings.jobs())?);
        let (installation, _) = Installation::open(&args.settings, Role::Apart).await?;
        let mut leave = Leave::of(&installation)?;
        let (stops, stop) = watch::channel(false);
        let health = Health::of("web", &installation, Some(&jobs));
        metrics::serve(&args.metrics, &health)?;
        let tls = args.tls.files().map(Tls::open).transpose()?;
        let listener = listen::take_or_bind(held, args.listen)?;
        let url = args.settings.url(listener.local_addr()?, tls.is_some());
        first_user::invite(&installation, &url).await?;
        let app = App::own(&args.app, &installation.vault);
        let site = Site::new(&installation, &jobs, app, &url, &health);
        let router = web::router(site.with_gateway(args.pages.gateway.as_ref()));
        let serving = tokio::spawn(listen::serve(listener, tls, router, args.front.proxies, stop));
        supervised::ready(&format!("pages and API are at {url}"));
        let code = leave.time().await;
        health.leave();
        stops.send_replace(true);
        serving.await.context("the web ended in a panic")?;
        installation.store.close().await;
        Ok(code)
    })
}
