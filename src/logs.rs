//! What log lines mean, without knowing where they are read or how they are drawn.
//!
//! ```text
//!  bytes ── parse ──> LogLine ──> LogBuffer ──> LogView ──> rows
//!             │                      │             `- filter, folds, anchor, selection, search
//!             `- detect: time, level │
//!                                    ├──> Patterns
//!                     LogBatch ──────┴──> Histogram
//! ```
//!
//! - [`detect`]: the time and the level that a line states.
//! - [`parse`]: raw lines of one source become [`LogLine`](crate::model::log::LogLine)s; stack traces stay together.
//! - [`buffer`]: the newest lines of all sources in one order, within a fixed number of bytes.
//! - [`filter`]: patterns that never fail to parse, and what is shown.
//! - [`view`]: which rows a screen shows: following or standing still, folded, filtered, searched, selected.
//! - [`histogram`]: how many entries, warnings and errors there were when.
//! - [`patterns`]: what the lines say, counted: `412 x charge failed: *`.

pub mod buffer;
#[cfg(test)]
pub(crate) mod demo;
pub mod detect;
pub mod filter;
pub mod histogram;
pub mod parse;
pub mod patterns;
pub mod view;
