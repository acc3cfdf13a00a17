//! What an audit found, for people, for programs and for forges.

pub mod explain;
pub mod json;
pub mod markdown;
pub mod sarif;
pub mod text;
