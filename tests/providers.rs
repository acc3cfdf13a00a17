//! Every built-in definition: it is right, it has fixtures for everything that it can do, and they come out as recorded.

#[path = "providers/fixtures.rs"]
mod fixtures;
#[path = "providers/mistakes.rs"]
mod mistakes;
