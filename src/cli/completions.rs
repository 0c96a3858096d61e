//! Completions for the person's shell, made from the command line's own definition.

use clap::Command;
use clap_complete::Shell;

/// Prints what makes this shell complete our subcommands and flags.
pub fn print(shell: Shell, command: &mut Command) {
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, command, name, &mut std::io::stdout());
}
