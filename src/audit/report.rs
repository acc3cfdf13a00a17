//! What an audit found, for people, for programs and for forges.

pub mod explain;
pub mod json;
pub mod markdown;
pub mod sarif;
pub mod text;

/// Returns a number with its noun.
pub fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
