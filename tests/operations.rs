//! Operations from the outside: the commands, the detached worker, the journal, on a platform that remembers.

mod support;

#[path = "operations/bench.rs"]
mod bench;
#[path = "operations/crash.rs"]
mod crash;
#[path = "operations/disks.rs"]
mod disks;
#[path = "operations/faults.rs"]
mod faults;
#[path = "operations/links.rs"]
mod links;
#[path = "operations/own.rs"]
mod own;
#[path = "operations/people.rs"]
mod people;
#[path = "operations/rollback.rs"]
mod rollback;
