//! The command that puts evidence aside, run by the console: it goes on when the console ends.

use crate::desk::itself;
use crate::desk::start::Starter;
use crate::model::id::IncidentId;

/// Has the command run by itself. Returns where the file lies.
///
/// # Errors
/// What stood in the way, in a sentence.
pub async fn by_itself(starter: Starter, incident: IncidentId) -> Result<String, String> {
    let cannot = |why: &dyn std::fmt::Display| format!("evidence cannot be put aside: {why}");
    let arguments = ["incident", "evidence", "--json", "--incident", incident.as_str()];
    let said = itself::run(&starter, &arguments, None).await.map_err(|error| cannot(&error))?;
    let bundle: serde_json::Value =
        serde_json::from_slice(&said.out).map_err(|_| cannot(&said.error.as_deref().unwrap_or("it said nothing")))?;
    Ok(bundle["path"].as_str().unwrap_or_default().to_owned())
}
