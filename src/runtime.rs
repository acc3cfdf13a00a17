//! The shell around the console: event loop, terminal, pollers, effects.
//!
//! Everything that is slow, that can fail or that knows the clock lives here, and talks to the console in events.

pub mod audits;
mod clipboard;
pub mod console;
pub mod effects;
pub mod feeds;
pub mod frame;
pub mod guard;
pub mod host;
pub mod input;
mod log;
pub mod open;
pub mod paint;
pub mod poll;
pub mod readiness;
pub mod recorder;
pub mod redaction;
mod schedule;
pub mod secrets;
pub mod store;
pub mod terminal;
pub mod tty;
pub mod zones;
