//! A year of an installation: no statement of the store reads the whole of a table that grows
//! with servers and runs. 6,000 servers and 60,000 runs are enough for the databases to choose as
//! they would with a million; what they take then is in docs/performance.md (`make bench-scale`).

mod allowed;
mod fill;
mod plans;
mod reads;
mod statements;
mod visits;
mod work;

#[allow(dead_code, unused_imports, unused_macros, reason = "the store's tests use more of it")]
#[path = "../store/harness.rs"]
mod harness;
#[allow(dead_code, reason = "the store's tests use more of it")]
#[path = "../store/postgres.rs"]
mod postgres;
#[path = "../store/watchdog.rs"]
mod watchdog;

use fill::Size;

/// Enough that whoever reads everything is seen.
pub const SIZE: Size =
    Size { servers: 6_000, runs: 60_000, pending: 400, installing: 100, chunks: 3_000 };
