//! What the fleet promises, tried with the real thing: processes of the binary, a Redis, a
//! Postgres, hosts of the lab.
//!
//! Each test has its own of what it uses, so that all can run at once; everything goes away
//! with the test's process, however that ends. The lab needs root (or sudo).

mod fleet;
mod history;
#[path = "../hosts/job.rs"]
mod job;
#[path = "../lab/mod.rs"]
mod lab;
mod log_book;
#[path = "../store/postgres.rs"]
mod postgres;
mod process;
mod redis;
#[path = "../store/watchdog.rs"]
mod watchdog;

mod cancelled;
mod doctor;
mod embedded;
mod fenced;
mod fifty;
mod host_away;
mod host_busy;
mod host_keys;
mod job_changed;
mod keys;
mod killed;
mod live_output;
mod notifications;
mod postgres_away;
mod redis_away;
mod redis_hangs;
mod refuses_commands;
mod refuses_folders;
mod refuses_schemas;
mod refuses_starts;
mod retried;
mod secrets;
mod side_by_side;
mod small_disk;
mod storm;
mod tampered;
mod told_to_leave;
mod watched;
mod workers;
