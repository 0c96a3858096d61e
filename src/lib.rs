//! Groundcrew provisions servers over SSH, so that nothing is ever lost or stuck.
//!
//! The binary is a thin shell over this library. Data goes round once: [`catalog`] turns
//! job files into a [`model::Plan`], [`store`] keeps what was asked for, [`queue`] hints it
//! to a [`worker`], [`remote`] has a host execute it and reports [`model::Event`]s, the
//! worker stores them, [`bus`] tells who changed, and [`cli`] and [`web`] show it.

pub mod bus;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod gateway;
mod glob;
pub mod health;
pub mod installation;
pub mod join;
pub mod listen;
mod log;
pub mod metrics;
pub mod model;
mod password;
pub mod queue;
pub mod remote;
mod secret;
mod stop;
pub mod store;
mod supervised;
pub mod vault;
pub mod web;
pub mod worker;
