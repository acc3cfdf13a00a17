//! The console: what it knows (`World`), what happens to it (`Event`), what it asks for (`Effect`).

pub mod effect;
pub mod event;
