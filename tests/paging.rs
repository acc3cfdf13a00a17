//! Pages and status updates, over real connections to receivers that take them, refuse them, break, or never answer.

mod support;

#[path = "paging/bench.rs"]
mod bench;
#[path = "paging/senders.rs"]
mod senders;
#[path = "paging/updates.rs"]
mod updates;
