//! What log lines mean, without knowing where they are read or how they are drawn.
//!
//! - [`buffer`]: the newest lines of all sources in one order, within a fixed number of bytes.
//! - [`filter`]: patterns that never fail to parse, and what is shown.
//! - [`view`]: which rows a screen shows: following or standing still, folded, filtered, searched, selected.

pub mod buffer;
#[cfg(test)]
pub(crate) mod demo;
pub mod filter;
pub mod view;
