//! Whatever clients and publishers send: nothing panics, memory stays bounded, and what is
//! right arrives as it was sent (promise 7, towards those that mean us harm).
//!
//! Inputs are made by chance (`inputs.rs`), right ones as well as broken ones. With `cargo
//! test` it takes seconds; `make fuzz` goes on for ten million inputs a target. Another
//! target is a file here, with a test that calls `inputs::each`.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

#[path = "../wire/client.rs"]
mod client;
mod inputs;

mod frames;
mod handshakes;
mod messages;
mod names;
mod publishing;
mod signatures;
