//! Groundcrew provisions servers over SSH, so that nothing is ever lost or stuck.
//!
//! The binary is a thin shell over this library. Data goes round once:
//! [`catalog`] turns job files into a [`model::Plan`], [`remote`] has a host
//! execute it and reports [`model::Event`]s, and [`cli`] shows them.

pub mod bus;
pub mod catalog;
pub mod cli;
mod glob;
pub mod model;
pub mod queue;
pub mod remote;
