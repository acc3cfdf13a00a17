//! The command that puts evidence aside, run by the console: it goes on when the console ends.

use std::process::Stdio;

use tokio::process::Command;

use crate::desk::start::{Starter, program};
use crate::model::id::IncidentId;

/// Has the command run by itself. Returns where the file lies.
///
/// # Errors
/// What stood in the way, in a sentence.
pub async fn by_itself(starter: &Starter, incident: &IncidentId) -> Result<String, String> {
    let cannot = |why: &dyn std::fmt::Display| format!("evidence cannot be put aside: {why}");
    let mut command = Command::new(program().map_err(|error| cannot(&error))?);
    command.args(["incident", "evidence", "--json", "--incident", incident.as_str()]);
    command.arg("--state-dir").arg(&starter.state_dir);
    if let Some(config) = &starter.config {
        command.args(config.arguments());
    }
    command.stdin(Stdio::null()).process_group(0);
    let output = command.output().await.map_err(|error| cannot(&error))?;
    let bundle: serde_json::Value = match serde_json::from_slice(&output.stdout) {
        Ok(bundle) => bundle,
        Err(_) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let why = said.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or("it said nothing");
            return Err(cannot(&why));
        }
    };
    Ok(bundle["path"].as_str().unwrap_or_default().to_owned())
}
