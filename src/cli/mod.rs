//! The command line.

pub mod ask;
pub mod completions;
pub mod display;
pub mod jobs;

use std::process::ExitCode;

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
