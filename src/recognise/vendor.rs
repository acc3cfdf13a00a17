//! Which vendor a package or a variable belongs to, by the list of vendors.

use crate::provider::vendors::{self, KnownVendor};

/// Names that are also ordinary words: a variable that has one means something else as often as not.
const ORDINARY: &[&str] = &[
    "render",
    "fly",
    "square",
    "linear",
    "segment",
    "zoom",
    "cursor",
    "replicate",
    "bunny",
    "notion",
    "expo",
    "deno",
    "neon",
    "snyk",
    "quay",
    "mux",
    "figma",
    "aws",
    "azure",
    "github",
    "postmark",
    "brevo",
];

/// Variables whose names do not have the vendor's.
const VARIABLES: &[(&str, &str)] = &[
    ("GITHUB_TOKEN", "github"),
    ("GH_TOKEN", "github"),
    ("GITHUB_CLIENT_ID", "github"),
    ("GITHUB_CLIENT_SECRET", "github"),
    ("HF_TOKEN", "huggingface"),
    ("AWS_ACCESS_KEY_ID", "aws"),
    ("DD_API_KEY", "datadog"),
    ("POSTMARK_API_TOKEN", "postmark"),
    ("BREVO_API_KEY", "brevo"),
    ("NEON_API_KEY", "neon"),
    ("REPLICATE_API_TOKEN", "replicate"),
    ("NOTION_API_KEY", "notion"),
    ("LINEAR_API_KEY", "linear"),
    ("MUX_TOKEN_ID", "mux"),
];

/// What the name of a variable ends with when it is what one needs to get in.
const ENDS: &[&str] = &["KEY", "TOKEN", "SECRET", "DSN", "PASSWORD", "SID", "ID", "URL", "ROLE", "WEBHOOK"];

/// Returns the list of vendors.
pub(super) fn list() -> Vec<KnownVendor> {
    vendors::known()
}

/// Returns the vendor whose package this is.
pub(super) fn of_package(known: &[KnownVendor], package: &str) -> Option<String> {
    // The driver of a database does not say who runs it.
    let rents = |vendor: &KnownVendor| {
        ["clickhouse-cloud", "elastic-cloud", "redis-cloud", "mongodb-atlas", "grafana-cloud"]
            .contains(&vendor.name.as_str())
    };
    let is = |vendor: &&KnownVendor| {
        !rents(vendor)
            && vendor.aliases.iter().any(|alias| {
                let same = alias.eq_ignore_ascii_case(package);
                // One package of a vendor's own scope stands for all of them.
                let scope = alias.starts_with('@') && alias.split('/').next() == package.split('/').next();
                // Modules are named by where they lie: github.com/stripe/stripe-go.
                let part = package.contains("github.com/") && package.split('/').skip(1).any(|part| part == *alias)
                    || package.starts_with("github.com/")
                        && vendor.name == package.split('/').nth(1).unwrap_or_default();
                // A host is no package.
                let host =
                    alias.contains('.') && !alias.contains(".js") && !alias.contains(".py") && !alias.contains('/');
                same || !host && (scope || part)
            })
    };
    const ALSO: &[(&str, &str)] = &[
        ("slack-notifier", "slack"),
        ("@clerk/nextjs", "clerk"),
        ("twilio-ruby", "twilio"),
        ("langchain-openai", "openai"),
        ("langchain-anthropic", "anthropic"),
    ];
    let also = ALSO.iter().find(|(word, _)| *word == package).map(|(_, vendor)| (*vendor).to_owned());
    also.or_else(|| known.iter().find(is).map(|vendor| vendor.name.clone()))
}

/// Returns the vendor whose key, token or address a variable holds.
pub(super) fn of_variable(known: &[KnownVendor], variable: &str) -> Option<String> {
    let parts: Vec<&str> = variable.split('_').collect();
    let last = parts.last()?;
    let whole = |word: &str| variable == word || variable.ends_with(&format!("_{word}"));
    if let Some((_, vendor)) = VARIABLES.iter().find(|(word, _)| whole(word)) {
        return Some((*vendor).to_owned());
    }
    if !ENDS.contains(last) || parts.len() < 2 {
        return None;
    }
    let is = |vendor: &&KnownVendor| {
        let words: Vec<String> = vendor.name.split('-').map(str::to_uppercase).collect();
        !ORDINARY.contains(&vendor.name.as_str())
            && parts.windows(words.len()).any(|window| window.iter().zip(&words).all(|(part, word)| part == word))
    };
    known.iter().find(is).map(|vendor| vendor.name.clone())
}
