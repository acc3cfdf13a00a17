//! The shell around the console: event loop, terminal, pollers, effects.

pub mod frame;
pub mod input;
pub mod paint;
pub mod terminal;
