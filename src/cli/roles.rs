//! `groundcrew up` and `groundcrew worker`: the roles that run until they are told to stop.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::leave::Leave;
use super::{first_user, operate};
use crate::catalog::Jobs;
use crate::config::{GatewaySettings, LISTEN, MetricsSettings, Settings, TlsSettings};
use crate::gateway::{App, Gateway};
use crate::health::Health;
use crate::installation::{Installation, Role};
use crate::listen::{self, Tls};
use crate::metrics;
use crate::stop::stopped;
use crate::supervised;
use crate::web::{self, Site};
use crate::worker::{Worker, sweep};

/// Starts everything in one process: web, gateway, worker and sweeper
///
/// With nothing set, the database is a SQLite file in the data folder, and queue and notifications
/// are in memory. With DATABASE_URL and REDIS_URL it shares both with roles that run apart.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  groundcrew up\n  groundcrew up --data /var/lib/groundcrew-fleet --slots 20\n\n\
    SIGTERM and Ctrl-C hand back what is going on: hosts go on by themselves."
)]
pub struct UpArgs {
    /// Where the web listens
    #[arg(
        long,
        env = "GROUNDCREW_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value_t = LISTEN
    )]
    listen: SocketAddr,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    gateway: GatewaySettings,
    #[command(flatten)]
    tls: TlsSettings,
    #[command(flatten)]
    metrics: MetricsSettings,
    #[command(flatten)]
    settings: Settings,
}

/// Starts a worker alone: it claims runs and drives them on their hosts
///
/// Start as many as you want, on as many machines; each needs DATABASE_URL, REDIS_URL and the same
/// GROUNDCREW_KEY. The database must have been migrated (`groundcrew migrate`).
#[derive(Debug, Args)]
#[command(
    after_help = "SIGTERM and Ctrl-C hand back what is going on: another worker goes on with it at once."
)]
pub struct WorkerArgs {
    #[command(subcommand)]
    command: Option<WorkerCommand>,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    metrics: MetricsSettings,
    #[command(flatten)]
    settings: Settings,
}

#[derive(Debug, Subcommand)]
enum WorkerCommand {
    /// Has a worker take nothing new, and end when its last run has ended
    Drain {
        /// Its name, as `groundcrew workers list` shows it
        name: String,
    },
}

#[derive(Debug, Args)]
struct WorkArgs {
    /// How many runs it drives at once
    #[arg(long, env = "GROUNDCREW_SLOTS", value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    slots: u16,
    /// How many minutes a host may be away before its run is failed
    #[arg(long, env = "GROUNDCREW_PATIENCE", value_name = "MINUTES", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    patience: u32,
    /// How many days the output of a run is kept after its end
    #[arg(long, env = "GROUNDCREW_KEEP_OUTPUT", value_name = "DAYS", default_value_t = 90)]
    keep_output: u32,
}

/// Runs until it is told to stop.
pub fn up(args: UpArgs) -> Result<ExitCode> {
    let UpArgs { listen, work, gateway, tls, metrics, settings } = args;
    serve(settings, work, metrics, Some(Front { listen, gateway, tls }))
}

/// Runs until it is told to stop.
pub fn worker(args: WorkerArgs) -> Result<ExitCode> {
    if let Some(WorkerCommand::Drain { name }) = args.command {
        return super::block_on(async move {
            let (installation, _) = Installation::open(&args.settings, Role::Command).await?;
            operate::drain(&installation, &name).await?;
            Ok(ExitCode::SUCCESS)
        });
    }
    serve(args.settings, args.work, args.metrics, None)
}

/// What `up` has besides a worker.
struct Front {
    listen: SocketAddr,
    gateway: GatewaySettings,
    tls: TlsSettings,
}

fn serve(
    settings: Settings,
    work: WorkArgs,
    metrics: MetricsSettings,
    front: Option<Front>,
) -> Result<ExitCode> {
    // A broken job file must not be found only when a run needs it.
    let jobs = Arc::new(Jobs::open(settings.jobs())?);
    super::block_on_all(async move {
        let role = if front.is_some() { Role::Up } else { Role::Apart };
        let (installation, _lock) = Installation::open(&settings, role).await?;
        let (stops, stop) = watch::channel(false);
        let name = if role == Role::Up { "up" } else { "worker" };
        let health = Health::of(name, &installation, Some(&jobs));
        metrics::serve(&metrics, &health)?;
        let front = match front {
            Some(Front { listen, gateway: settings_of_gateway, tls }) => {
                let gateway = Gateway::open(&installation, &settings_of_gateway).await?;
                let app = App::own(&settings_of_gateway.app, &installation.vault);
                let tls = tls.files().map(Tls::open).transpose()?;
                let listener = listen::bind(listen, false)?;
                let url = settings.url(listener.local_addr()?, tls.is_some());
                first_user::invite(&installation, &url).await?;
                let router = web::router(Site::new(&installation, &jobs, app, &url, &health));
                let router = router.merge(gateway.router());
                Some((listener, tls, router, gateway, settings_of_gateway.front.proxies))
            }
            None => None,
        };
        tracing::info!(id = %installation.id, "{} is open", installation.store);
        // Before there is anything to hand back.
        let mut leave = Leave::of(&installation)?;
        let store = installation.store.clone();
        let keep = Duration::from_secs(u64::from(work.keep_output) * 24 * 60 * 60);
        let mut roles = JoinSet::new();
        let patience = Duration::from_secs(u64::from(work.patience) * 60);
        let slots = work.slots;
        roles.spawn(Worker::run(installation.clone(), jobs.clone(), slots, patience, stop.clone()));
        roles.spawn(sweep(installation.clone(), keep, stop.clone()));
        if let Some((listener, tls, router, gateway, proxies)) = front {
            roles.spawn(listen::serve(listener, tls, router, proxies, stop.clone()));
            roles.spawn(async move {
                stopped(&mut stop.clone()).await;
                // Whoever comes after us must wait until we are gone.
                gateway.drain(|| ()).await;
            });
        }
        supervised::ready(&format!("drives up to {slots} runs at once"));
        let is_alone = role == Role::Apart;
        let mut code = ExitCode::SUCCESS;
        tokio::select! {
            asked = leave.time() => code = asked,
            // A worker that was drained; in `up`, the other roles stay.
            Some(ended) = roles.join_next(), if is_alone => ended.context("a role ended in a panic")?,
        }
        health.leave();
        stops.send_replace(true);
        roles.join_all().await;
        store.close().await;
        Ok(code)
    })
}
