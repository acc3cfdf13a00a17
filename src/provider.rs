//! Hosting and monitoring systems, each described by data.
//!
//! ```text
//!   NAME.toml --definition--> Definition          pure: text in, programs out
//!   Definition + parameters --run--> Request      pure: says what to ask, maps what was answered
//!   Request --engine--> Answer                    talks: transports, auth, limits, retries
//! ```
//!
//! No provider has code of its own. Where one seems to need it, the engine gets the missing general ability.

pub mod auth;
pub mod definition;
pub mod engine;
pub mod feeds;
pub mod fixture;
pub mod map;
pub mod offers;
pub mod proof;
pub mod reach;
pub mod registry;
pub mod run;
pub mod transport;
pub mod vendors;
