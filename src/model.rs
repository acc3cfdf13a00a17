//! The words of incident response: plain data, serialisable, importing nothing else of ours.
//!
//! Everything above speaks in these types. They refuse to know where a value came from, what time it is
//! (`now` is always a parameter) and how anything looks on a screen.

pub mod alert;
pub mod audit;
pub mod catalog;
pub mod check;
pub mod check_state;
pub mod contact;
pub mod feed_state;
pub mod history;
pub mod host;
pub mod id;
pub mod identity;
pub mod incident;
pub mod issue;
pub mod journal;
pub mod log;
pub mod message;
pub mod metric;
pub mod observed;
pub mod operation;
pub mod output;
pub mod platform;
pub mod readiness;
pub mod release;
pub mod run;
pub mod secret;
pub mod self_check;
pub mod service;
pub mod snapshot;
pub mod source;
pub mod surroundings;
pub mod text;
pub mod time;
pub mod vendor;
pub mod watch;
