//! The table: one file a kind of fault.

mod host;
mod link;
mod operator;
mod postgres;
mod redis;
mod speed;
mod sqlite;
mod storm;
mod worker;

use crate::table::Cell;

/// All cells; the longest ones first.
pub fn all() -> Vec<Cell> {
    let kinds = [
        storm::cells(),
        speed::cells(),
        link::cells(),
        operator::cells(),
        worker::cells(),
        redis::cells(),
        postgres::cells(),
        sqlite::cells(),
        host::cells(),
    ];
    kinds.into_iter().flatten().collect()
}
