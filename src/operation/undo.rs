//! What takes an operation back: its own steps in reverse, or, where none of them can be, the release that it replaced.

use super::log::Operation;
use super::plan::ROLL_BACK;
use crate::model::operation::{Intent, Target};
use crate::model::text::Line;

/// Returns what to plan to take an operation back; nothing where that is not possible.
pub fn intent(operation: &Operation) -> Option<Intent> {
    let plan = &operation.plan;
    if !operation.undoable().is_empty() {
        return Some(Intent { undoes: Some(operation.id().clone()), reason: None, step: None, ..plan.intent.clone() });
    }
    let replaced = plan.current.clone()?;
    let went_through = operation.next_step().is_none();
    if plan.intent.action != ROLL_BACK || plan.intent.undoes.is_some() || !went_through {
        return None;
    }
    let reason = Line::from_text(&format!("takes back operation {}", operation.id().short()));
    Some(Intent { target: Target::Release(replaced), reason: Some(reason), ..plan.intent.clone() })
}
