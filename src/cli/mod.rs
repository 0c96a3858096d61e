//! The command line: one file a subcommand.

mod apply;
pub mod ask;
mod completions;
pub mod display;
mod jobs;

use std::process::ExitCode;

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
    /// Prints completions for your shell: `groundcrew completions bash > /etc/bash_completion.d/groundcrew`
    Completions {
        /// Which shell
        shell: Shell,
    },
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // For whoever looks into us; what concerns a person is shown without it.
    let filter =
        EnvFilter::try_from_env("GROUNDCREW_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let done = match cli.command {
        Command::Apply(args) => apply::run(*args),
        Command::Jobs(args) => jobs::run(args),
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

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}
