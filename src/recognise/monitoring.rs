//! What watches the program: by configuration files, packages, images and variables.

use std::collections::BTreeMap;

use super::text::{name, plain};
use super::{Findings, Tree, TreeFile, What};

/// Packages, by the beginning of their names.
const PACKAGES: &[(&str, &str)] = &[
    ("@sentry/", "sentry"),
    ("sentry", "sentry"),
    ("github.com/getsentry/sentry-go", "sentry"),
    ("prom-client", "prometheus"),
    ("prometheus-client", "prometheus"),
    ("prometheus_client", "prometheus"),
    ("prometheus_exporter", "prometheus"),
    ("github.com/prometheus/client_golang", "prometheus"),
    ("dd-trace", "datadog"),
    ("ddtrace", "datadog"),
    ("newrelic", "newrelic"),
    ("@honeybadger-io/", "honeybadger"),
    ("honeybadger", "honeybadger"),
    ("@bugsnag/", "bugsnag"),
    ("bugsnag", "bugsnag"),
    ("rollbar", "rollbar"),
    ("appsignal", "appsignal"),
    ("@appsignal/", "appsignal"),
];

/// Variables, by the words in their names.
const VARIABLES: &[(&str, &str)] = &[
    ("SENTRY_DSN", "sentry"),
    ("SENTRY_AUTH_TOKEN", "sentry"),
    ("DD_API_KEY", "datadog"),
    ("NEW_RELIC_LICENSE_KEY", "newrelic"),
    ("HONEYBADGER_API_KEY", "honeybadger"),
    ("BUGSNAG_API_KEY", "bugsnag"),
    ("ROLLBAR_ACCESS_TOKEN", "rollbar"),
    ("APPSIGNAL_PUSH_API_KEY", "appsignal"),
];

/// Returns whose package it is.
pub(super) fn of_package(package: &str) -> Option<&'static str> {
    let is = |word: &str| if word.ends_with('/') { package.starts_with(word) } else { package == word };
    let sentry = package.starts_with("sentry-") && !package.contains("test");
    PACKAGES.iter().find(|(word, _)| is(word)).map(|(_, provider)| *provider).or(sentry.then_some("sentry"))
}

/// Returns whose image it is.
pub(super) fn of_image(image: &str) -> Option<&'static str> {
    const IMAGES: &[(&str, &str)] = &[
        ("prom/prometheus", "prometheus"),
        ("prom/alertmanager", "alertmanager"),
        ("grafana/grafana", "grafana"),
        ("grafana/loki", "loki"),
        ("louislam/uptime-kuma", "uptime-kuma"),
        ("twinproduction/gatus", "gatus"),
        ("datadog/agent", "datadog"),
    ];
    let name = image.split(':').next().unwrap_or(image);
    IMAGES.iter().find(|(word, _)| name.ends_with(word)).map(|(_, provider)| *provider)
}

/// Returns whose variable it is.
pub(super) fn of_variable(variable: &str) -> Option<&'static str> {
    VARIABLES.iter().find(|(word, _)| variable.ends_with(word)).map(|(_, provider)| *provider)
}

pub(super) fn wants(path: &str) -> bool {
    let name = name(path);
    matches!(
        name,
        "prometheus.yml" | "prometheus.yaml" | "alertmanager.yml" | "datadog.yaml" | "newrelic.yml" | "newrelic.js"
    ) || name.starts_with("sentry.") && name.contains(".config.")
        || matches!(name, ".sentryclirc" | "sentry.properties")
}

pub(super) fn read(_: &Tree, file: &TreeFile, findings: &mut Findings) {
    let provider = match name(&file.path) {
        "prometheus.yml" | "prometheus.yaml" => "prometheus",
        "alertmanager.yml" => "alertmanager",
        "datadog.yaml" => "datadog",
        "newrelic.yml" | "newrelic.js" => "newrelic",
        _ => "sentry",
    };
    let mut params = BTreeMap::new();
    if provider == "sentry" {
        let value = |key: &str| {
            file.text.lines().find_map(|line| {
                let (name, value) = line.split_once('=')?;
                let value = value.trim();
                (name.trim().ends_with(key) && plain(value)).then(|| value.to_owned())
            })
        };
        params.extend(value("org").map(|org| ("organization", org)));
        params.extend(value("project").map(|project| ("project", project)));
    }
    findings.add(file, 1, What::Monitoring { provider, params });
}
