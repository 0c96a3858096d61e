//! The `groundcrew` command: reads the command line and starts what it names.

use std::process::ExitCode;

fn main() -> ExitCode {
    groundcrew::cli::main()
}
