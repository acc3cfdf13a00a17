//! What a service that no provider acts on can have done to it all the same: commands, written as actions of one's own.

use std::fmt::Write as _;

use super::super::draft::DraftService;
use super::{apps, quoted};

/// What the vendor's own tool does, where there is no provider. `SERVICE` stands for the service's name there.
struct Instead {
    platform: &'static str,
    logs: Option<&'static str>,
    roll_back: Option<&'static str>,
}

const INSTEAD: &[Instead] = &[
    Instead {
        platform: "app-engine",
        logs: Some("gcloud app logs tail -s SERVICE"),
        roll_back: Some("gcloud app services set-traffic SERVICE --splits \"$VERSION=1\" --quiet"),
    },
    Instead {
        platform: "elastic-beanstalk",
        logs: Some("eb logs --stream"),
        roll_back: Some("eb deploy --version \"$VERSION\""),
    },
    Instead { platform: "app-runner", logs: None, roll_back: None },
    Instead { platform: "amplify", logs: None, roll_back: None },
    Instead { platform: "firebase", logs: Some("firebase functions:log"), roll_back: None },
];

/// Writes the actions of a service: those of its unit, and those that its platform's tool could do.
pub(super) fn write(text: &mut String, service: &DraftService) {
    if let Some(unit) = &service.unit {
        let argv = ["systemctl", "restart", unit].map(quoted).join(", ");
        let _ = write!(
            text,
            "\n[[services.actions]]\nname = \"restart\"\ntitle = {}\nrun = [{argv}]\nrepeatable = true\n",
            quoted(&format!("restart {unit}"))
        );
    }
    let Some(platform) = service.elsewhere else { return };
    let title = apps::title(platform).unwrap_or(platform);
    let Some(instead) = INSTEAD.iter().find(|row| row.platform == platform) else { return };
    // It becomes a part of a command, and somebody else may have written it.
    let is_word = |name: &&String| name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    let name = service.params.get("service").filter(is_word).map_or("default", String::as_str);
    let _ = writeln!(text, "# There is no provider for {title}: no releases are shown, and R has no plan.");
    if instead.logs.is_some() || instead.roll_back.is_some() {
        text.push_str("# Its own tool can do this instead, once it is logged in; take the marks away:\n");
    }
    if let Some(logs) = instead.logs {
        let _ = writeln!(text, "# logs = [{{ command = {} }}]", quoted(&logs.replace("SERVICE", name)));
    }
    if let Some(roll_back) = instead.roll_back {
        let _ = write!(
            text,
            "# [[services.actions]]\n# name = \"roll_back\"\n# title = \"send all traffic to a version\"\n# run = {}\n\
             # inputs = {{ version = {{ help = \"the version to go back to\" }} }}\n",
            quoted(&roll_back.replace("SERVICE", name))
        );
    }
}
