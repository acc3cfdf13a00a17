//! Examples of environment files: the names of the variables say what the program needs. Real ones are not read.

use super::text::name;
use super::{Findings, Tree, TreeFile, What, monitoring, vendor};

pub(super) fn wants(path: &str) -> bool {
    let name = name(path);
    name.contains("env") && [".example", ".sample", ".template", ".dist"].iter().any(|end| name.ends_with(end))
}

pub(super) fn read(_: &Tree, file: &TreeFile, findings: &mut Findings) {
    let known = vendor::list();
    for (index, line) in file.text.lines().enumerate() {
        let Some((variable, value)) = line.trim().trim_start_matches("export ").split_once('=') else { continue };
        let legal = |character: char| character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_';
        if variable.is_empty() || !variable.chars().all(legal) {
            continue;
        }
        let line = index + 1;
        if let Some(name) = database(variable, value.trim().trim_matches('"')) {
            findings.add(file, line, What::Database { name });
        }
        if let Some(provider) = monitoring::of_variable(variable) {
            findings.add(file, line, What::Monitoring { provider, params: Default::default() });
        } else if let Some(name) = vendor::of_variable(&known, variable) {
            findings.add(file, line, What::Vendor { name });
        }
    }
}

fn database(variable: &str, value: &str) -> Option<&'static str> {
    const SCHEMES: &[(&str, &str)] = &[
        ("postgres", "postgres"),
        ("mysql", "mysql"),
        ("redis", "redis"),
        ("mongodb", "mongodb"),
        ("sqlite", "sqlite"),
        ("file:", "sqlite"),
        ("amqp", "rabbitmq"),
    ];
    const NAMES: &[(&str, &str)] =
        &[("REDIS", "redis"), ("MONGODB", "mongodb"), ("MONGO", "mongodb"), ("RABBITMQ", "rabbitmq")];
    let is_address = ["URL", "URI", "DSN"].iter().any(|end| variable.ends_with(end));
    if !is_address {
        return None;
    }
    let by_name = || NAMES.iter().find(|(word, _)| variable.split('_').any(|part| part == *word));
    SCHEMES.iter().find(|(scheme, _)| value.starts_with(scheme)).or_else(by_name).map(|(_, database)| *database)
}
