//! Where something is asked for that acts on the world: plans are made, approvals written, workers started.
//!
//! The console and the commands both come here, so that there is one way in. Nothing is carried out here: that is the
//! [worker](crate::worker)'s, and what has happened is the [journal](crate::journal)'s.

mod clerk;
pub mod evidence;
pub mod incidents;
mod itself;
pub mod paging;
pub mod planning;
pub mod runs;
pub mod start;
mod terminals;

pub use clerk::{Desk, Supplies, known};
