//! crashcart: one terminal program for the next ten minutes of an outage.

// 1. Words.
pub mod model;

// 2. Knowledge: pure.
pub mod config;
pub mod diagnosis;
pub mod logs;

// 3. Adapters: each talks to one outside thing.
pub mod clock;
pub mod probe;
pub mod tail;

// 4. The console: pure.
pub mod action;
pub mod app;
pub mod modal;
pub mod pane;
pub mod ui;

// 5. The shell.
pub mod cli;
pub mod runtime;
