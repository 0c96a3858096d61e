//! The scripts that run on a host.

/// What `sh` is given over a connection: answers commands.
pub const CONTROL: &str =
    concat!(include_str!("common.sh"), include_str!("prune.sh"), include_str!("control.sh"));

/// What executes an attempt, in a unit of its own.
pub const RUNNER: &str = concat!(include_str!("common.sh"), include_str!("runner.sh"));
