//! What a definition's programs give, read into the model's words.
//!
//! Fields come and go between versions of a server, numbers come as texts and times in ten forms. So reading tolerates: what
//! is absent is absent, and what cannot be read is one clear sentence beside everything that could. Foreign text is made
//! harmless here.

use serde_json::Value;

mod fields;
mod hosting;
mod logs;
mod monitoring;
mod settings;
mod vendor;

pub use crate::model::time::forms::timestamp;
pub use fields::Problems;
pub use hosting::{changes, instances, releases};
pub use logs::log_entries;
pub use monitoring::{alerts, apps, identity, issue, issues, monitors, on_call, series};
pub use settings::settings;
pub use vendor::vendor_status;

use super::definition::{Capability, Reading};
use crate::model::source::Found;
use crate::model::text::Line;

/// What was read, and what could not be.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Mapped {
    pub found: Found,
    /// One sentence each. Keys that we do not know are among them: a definition's mistake.
    pub problems: Vec<Line>,
}

/// Reads what the pages of one capability gave.
pub fn read(capability: Capability, reading: &Reading, outputs: &[Value]) -> Mapped {
    let mut problems = Problems::default();
    let at = &mut problems;
    let found = match capability {
        Capability::Releases => Found::Releases(releases(outputs, &reading.states, at)),
        Capability::Instances => Found::Instances(instances(outputs, &reading.states, at)),
        Capability::Changes => Found::Changes(changes(outputs, &reading.states, at)),
        Capability::Logs => Found::Logs(log_entries(outputs, at)),
        Capability::Checks => Found::Checks(monitors(outputs, &reading.states, at)),
        Capability::Metrics => Found::Metrics(series(outputs, at)),
        Capability::Alerts => Found::Alerts(alerts(outputs, &reading.states, &reading.severities, at)),
        Capability::Issues => Found::Issues(issues(outputs, &reading.states, &reading.severities, at)),
        Capability::Issue => Found::Issue(issue(outputs, at)),
        Capability::OnCall => Found::OnCall(on_call(outputs, at)),
        Capability::VendorStatus => {
            Found::VendorStatus(vendor_status(outputs, &reading.states, &reading.severities, at))
        }
        Capability::Identity => Found::Identity(identity(outputs, at)),
        Capability::Settings => Found::Settings(settings(outputs, at)),
        Capability::Apps => Found::Apps(apps(outputs, at)),
    };
    Mapped { found, problems: problems.into_lines() }
}
