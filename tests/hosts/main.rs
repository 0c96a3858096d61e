//! What `groundcrew apply` promises, tried on real Debian hosts of the lab.
//!
//! Each test has a lab of its own, so that all can run at once; it goes away
//! with the test's process, however that ends. The lab needs root (or sudo).

mod harness;
mod job;
#[path = "../lab/mod.rs"]
mod lab;
mod pty;
mod steps;
mod talk;

mod answers;
mod busy;
mod changes;
mod disk;
mod ends;
mod host_keys;
mod hostile;
mod lies;
mod needrestart;
mod nginx;
mod one_at_a_time;
mod output;
mod plans;
mod reaches;
mod reaches_many;
mod reboots;
mod refuses_commands;
mod refuses_hosts;
mod secrets;
mod starts;
mod survives;
mod terminal;
mod traces;
mod values;
