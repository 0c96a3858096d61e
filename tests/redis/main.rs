//! What the queue and the bus promise, tried on real Redis servers: hints and
//! notifications may get lost, but whoever listens goes on listening (promises 1 and 7).
//!
//! Each test has a server of its own, which dies with the test, however that ends.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod ear;
mod log;
mod server;

mod bus;
mod bus_trouble;
mod certificate;
mod dead_line;
mod hints;
mod leftovers;
mod refusals;
mod tls;
mod trouble;
