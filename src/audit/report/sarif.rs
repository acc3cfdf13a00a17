//! SARIF 2.1.0, which forges show beside the lines of a change.

use serde_json::{Value, json};

use crate::audit::Report;
use crate::audit::accept::{NO_REASON, Reason};
use crate::audit::finding::{Finding, Level, Place, Rule};
use crate::audit::live::CONFIG;
use crate::audit::rules::RULES;

/// Returns the log. What was accepted is in it as suppressed, with the reason.
pub fn report(report: &Report) -> Value {
    let mut rules: Vec<&'static Rule> = RULES.to_vec();
    rules.push(&NO_REASON);
    let open = report.findings.iter().map(|finding| result(finding, &rules, None));
    let accepted = report.accepted.iter().map(|(finding, reason)| result(finding, &rules, Some(reason)));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "crashcart audit",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| describe(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { "SRCROOT": { "description": { "text": "The root of the repository." } } },
            "results": open.chain(accepted).collect::<Vec<_>>(),
        }],
    })
}

fn describe(rule: &Rule) -> Value {
    let mut value = json!({
        "id": rule.id,
        "name": pascal(rule.id),
        "shortDescription": { "text": sentence(rule.title) },
        "fullDescription": { "text": rule.why },
        "help": { "text": rule.fix },
        "defaultConfiguration": { "level": level(rule.level) },
        "properties": { "tags": [rule.area.word()], "security-severity": severity(rule.level) },
    });
    if let Some(link) = rule.references.first() {
        value["helpUri"] = json!(link);
    }
    value
}

fn result(finding: &Finding, rules: &[&'static Rule], reason: Option<&Reason>) -> Value {
    let place = place(finding);
    let mut value = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": rules.iter().position(|rule| rule.id == finding.rule.id),
        "level": level(finding.rule.level),
        "message": { "text": format!("{} {}", sentence(finding.says.as_str()), finding.rule.fix) },
        "locations": [place],
        "partialFingerprints": { "crashcart/v1": finding.fingerprint },
    });
    if let Some(reason) = reason {
        let kind = if matches!(reason, Reason::Inline(_)) { "inSource" } else { "external" };
        value["suppressions"] = json!([{ "kind": kind, "status": "accepted", "justification": reason.text() }]);
    }
    value
}

fn place(finding: &Finding) -> Value {
    // A forge wants a line; what is about a whole file stands at its first.
    let at = |path: &str, line: usize| json!({ "artifactLocation": { "uri": uri(path), "uriBaseId": "SRCROOT" }, "region": { "startLine": line.max(1) } });
    match &finding.place {
        Place::File { path, line } => json!({ "physicalLocation": at(path.as_str(), *line) }),
        Place::Live(live) => {
            let name = live.service.as_ref().unwrap_or(&live.source);
            let mut value = json!({
                "logicalLocations": [{ "name": name, "fullyQualifiedName": live.path(), "kind": "resource" }],
                "message": { "text": live.words() },
            });
            // A forge shows nothing without a file: the configuration's line that names the service stands for it.
            if let Some(line) = finding.anchor {
                value["physicalLocation"] = at(CONFIG, line);
            }
            value
        }
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Critical | Level::High => "error",
        Level::Medium => "warning",
        Level::Low => "note",
    }
}

/// GitHub sorts by this number.
fn severity(level: Level) -> &'static str {
    match level {
        Level::Critical => "9.5",
        Level::High => "8.0",
        Level::Medium => "5.0",
        Level::Low => "2.0",
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", characters.as_str())
}

fn pascal(id: &str) -> String {
    let word = |word: &str| {
        let mut characters = word.chars();
        let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
        first + characters.as_str()
    };
    id.split(['.', '-']).map(word).collect()
}

/// Returns a path as a relative reference of RFC 3986.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
