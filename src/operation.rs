//! Doing things to other people's systems, decided: which orders of events are legal, how an operation stands, what a
//! plan says, what stops it.
//!
//! Pure. It refuses to know how anything is carried out (the worker does that) and where events are kept (the journal).

pub mod doubt;
pub mod ledger;
pub mod log;
pub mod migrations;
pub mod plan;
pub mod target;
pub mod truth;
pub mod undo;
pub mod words;

pub use ledger::Ledger;
pub use log::{Operation, Phase, Standing, StepState};
