//! Groundcrew provisions servers over SSH, so that nothing is ever lost or stuck.
//!
//! The binary is a thin shell over this library. Data goes round once:
//! [`catalog`] turns job files into a [`model::Plan`], [`remote`] has a host
//! execute it and reports [`model::Event`]s, and [`cli`] shows them.

pub mod catalog;
pub mod cli;
pub mod model;
pub mod remote;
pub mod store;
