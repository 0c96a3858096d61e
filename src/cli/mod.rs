//! The command line: one file a subcommand.

mod actor;
mod apply;
pub mod ask;
mod completions;
mod confirm;
pub mod display;
mod doctor;
mod gateway;
mod jobs;
mod join;
mod migrate;
mod operate;
mod print;
mod roles;
mod run;
mod runs;
mod server;
mod token;
mod wanted;
mod watch;

use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use tracing_subscriber::EnvFilter;

/// Provisions servers over SSH, so that nothing is ever lost or stuck
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Apply(Box<apply::ApplyArgs>),
    Jobs(jobs::JobsArgs),
    Up(Box<roles::UpArgs>),
    Server(Box<server::ServerArgs>),
    Token(token::TokenArgs),
    Run(Box<run::RunArgs>),
    Runs(Box<runs::RunsArgs>),
    Worker(Box<roles::WorkerArgs>),
    Gateway(Box<gateway::GatewayArgs>),
    Workers(Box<operate::WorkersArgs>),
    Migrate(migrate::MigrateArgs),
    Doctor(Box<doctor::DoctorArgs>),
    /// Prints completions for your shell: `groundcrew completions bash > /etc/bash_completion.d/groundcrew`
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    log(matches!(cli.command, Command::Up(_) | Command::Worker(_) | Command::Gateway(_)));
    let done = match cli.command {
        Command::Apply(args) => apply::run(*args),
        Command::Jobs(args) => jobs::run(args),
        Command::Up(args) => roles::up(*args),
        Command::Server(args) => server::run(*args),
        Command::Token(args) => token::run(args),
        Command::Run(args) => run::run(*args),
        Command::Runs(args) => runs::run(*args),
        Command::Worker(args) => roles::worker(*args),
        Command::Gateway(args) => gateway::run(*args),
        Command::Workers(args) => operate::workers(*args),
        Command::Migrate(args) => migrate::run(args),
        Command::Doctor(args) => doctor::run(*args),
        Command::Completions { shell } => {
            completions::print(shell, &mut Cli::command());
            Ok(ExitCode::SUCCESS)
        }
    };
    done.unwrap_or_else(|error| {
        if is_broken_pipe(&error) {
            // `| head` has seen enough.
            return ExitCode::SUCCESS;
        }
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// A role tells on standard error what it does; of a command, people see the answer, and
/// the rest only who asks for it.
fn log(role: bool) {
    // What apalis says at the end of each session, and sqlx of each connection that broke, we
    // say once and better.
    let default =
        if role { "warn,groundcrew=info,apalis_core=off,apalis_redis=off,sqlx=off" } else { "off" };
    let filter =
        EnvFilter::try_from_env("GROUNDCREW_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(console::colors_enabled_stderr())
        .with_target(!role)
        .init();
}

/// Runs what a command does to its end.
fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let done = runtime.block_on(work);
    // A question that nobody answered must not hold us.
    runtime.shutdown_background();
    done
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
