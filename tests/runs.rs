//! Runbooks that are followed: real shells, real processes, real ends of them.

mod support;

#[path = "runs/bench.rs"]
mod bench;
#[path = "runs/crash.rs"]
mod crash;
#[path = "runs/far.rs"]
mod far;
#[path = "runs/people.rs"]
mod people;
#[path = "runs/shells.rs"]
mod shells;
