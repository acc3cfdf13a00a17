//! The shell around the console: event loop, terminal, pollers, effects.
