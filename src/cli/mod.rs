//! The command line: one file a subcommand.

mod actor;
mod apply;
pub mod ask;
mod audit;
mod backup;
mod completions;
mod confirm;
pub mod display;
mod doctor;
mod first_user;
mod gateway;
mod jobs;
mod join;
mod key;
mod leave;
mod migrate;
mod operate;
mod print;
mod restored;
mod roles;
mod run;
mod runs;
mod server;
mod settings_file;
mod token;
mod user;
mod wanted;
mod watch;
mod web;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::log;

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
    User(user::UserArgs),
    Audit(Box<audit::AuditArgs>),
    Key(key::KeyArgs),
    Run(Box<run::RunArgs>),
    Runs(Box<runs::RunsArgs>),
    Worker(Box<roles::WorkerArgs>),
    Web(Box<web::WebArgs>),
    Gateway(Box<gateway::GatewayArgs>),
    Workers(Box<operate::WorkersArgs>),
    Migrate(migrate::MigrateArgs),
    Backup(backup::BackupArgs),
    Restored(restored::RestoredArgs),
    Doctor(Box<doctor::DoctorArgs>),
    /// Prints completions for your shell: `groundcrew completions bash > /etc/bash_completion.d/groundcrew`
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let settings = settings_file::read();
    let cli = Cli::parse();
    let is_role = matches!(
        cli.command,
        Command::Up(_) | Command::Worker(_) | Command::Web(_) | Command::Gateway(_)
    );
    let log = match log::start(is_role) {
        Ok(log) => log,
        Err(error) => return failed(&error, false),
    };
    let in_json = is_role && log.json;
    let needs_installation =
        !matches!(cli.command, Command::Apply(_) | Command::Jobs(_) | Command::Completions { .. });
    if let (Err(error), true) = (settings, needs_installation) {
        return failed(&error.into(), in_json);
    }
    let done = match cli.command {
        Command::Apply(args) => apply::run(*args),
        Command::Jobs(args) => jobs::run(args),
        Command::Up(args) => roles::up(*args),
        Command::Server(args) => server::run(*args),
        Command::Token(args) => token::run(args),
        Command::User(args) => user::run(args),
        Command::Audit(args) => audit::run(*args),
        Command::Key(args) => key::run(args),
        Command::Run(args) => run::run(*args),
        Command::Runs(args) => runs::run(*args),
        Command::Worker(args) => roles::worker(*args),
        Command::Web(args) => web::run(*args),
        Command::Gateway(args) => gateway::run(*args),
        Command::Workers(args) => operate::workers(*args),
        Command::Migrate(args) => migrate::run(args),
        Command::Backup(args) => backup::run(args),
        Command::Restored(args) => restored::run(args),
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
        failed(&error, in_json)
    })
}

fn failed(error: &anyhow::Error, in_json: bool) -> ExitCode {
    match in_json {
        true => tracing::error!("{error:#}"),
        false => eprintln!("error: {error:#}"),
    }
    ExitCode::FAILURE
}

/// Runs what a command does to its end.
fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.worker_threads(2).enable_all().build().context("starting the runtime")?;
    let done = runtime.block_on(work);
    // A question that nobody answered must not hold us.
    runtime.shutdown_background();
    done
}

/// Runs a role, on all of the machine's processors.
fn block_on_all(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.enable_all().build().context("starting the runtime")?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_millis(500));
    done
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
