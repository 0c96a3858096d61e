//! The gateway's wire, without a network: WebSocket frames and handshakes, and what clients
//! of Pusher's protocol and we say to each other. Promise 7 stands on it: unmodified clients
//! understand us, and one that breaks the rules is closed with the right code and harms nobody.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod client;

mod asked;
mod channels;
mod handshake;
mod malformed;
mod said;
mod sent;
mod well_formed;
