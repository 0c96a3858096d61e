//! What the store promises. Every test runs on SQLite and on Postgres: `claims::sqlite::…`
//! and `claims::postgres::…` are the same function.

mod harness;
mod postgres;
mod watchdog;

mod announcing;
mod claims;
mod connectivity;
mod constraints;
mod ends;
mod faults;
mod glance;
mod idempotency;
mod joins;
mod leases;
mod listening;
mod logins;
mod opening;
mod output;
mod owned;
mod people;
mod reading;
mod restored;
mod retries;
mod schema;
mod sealed;
mod security_page;
mod servers;
mod slices;
mod steps;
mod tokens;
