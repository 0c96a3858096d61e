//! A run on a host.
