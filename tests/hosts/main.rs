//! What `groundcrew apply` promises, tried on real Debian hosts of the lab.
//!
//! Each test has a lab of its own, so that all can run at once; it goes away
//! with the test's process, however that ends. The lab needs root (or sudo).

mod harness;

mod reaches;
