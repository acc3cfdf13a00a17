//! What a repository says about itself: where it is deployed, what it stands on, where it answers. With the evidence.
//!
//! ```text
//!   paths + texts (bounded) --one file for each kind of evidence--> Recognised { path, line, what }
//! ```
//!
//! Pure: whoever reads the tree hands it over. A file that does not parse is still evidence by its name, and says less. There
//! is no guessing: what is not written somewhere is not in the answer.

pub mod apps;
mod ci;
mod cloud;
mod compose;
mod container;
pub mod database;
pub mod draft;
mod env_example;
pub mod environment;
mod fly;
mod hosts;
mod kamal;
mod kubernetes;
mod monitoring;
mod packages;
mod remote;
pub mod text;
mod vendor;
mod workers;
pub mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::text::Line;

/// A file of the tree. Paths are relative, with `/`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TreeFile {
    pub path: String,
    pub text: String,
}

/// What was read of a repository.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    /// The name of the folder: a project without another name is called so.
    pub name: String,
    /// In the order of their paths.
    pub files: Vec<TreeFile>,
}

/// One thing that was found, and where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Recognised {
    pub path: Line,
    /// From one.
    pub line: usize,
    #[serde(flatten)]
    pub what: What,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// It runs on a platform: the provider's name, and what is known of its parameters.
    Platform {
        provider: &'static str,
        /// What the service is called there.
        service: Option<String>,
        params: BTreeMap<&'static str, String>,
    },
    /// It runs on a platform that there is no provider for.
    Elsewhere {
        platform: &'static str,
        service: Option<String>,
        /// What it is called there, where that is written.
        there: Option<String>,
    },
    /// A database that the same compose project starts beside it, as a service of its own.
    Store { database: &'static str, service: String, params: BTreeMap<&'static str, String> },
    /// A service that waits for another one.
    Needs { service: String, on: String },
    /// Changes are built and deployed by this.
    Ci { provider: &'static str, params: BTreeMap<&'static str, String> },
    /// A database, a queue or a store that it uses.
    Database { name: &'static str },
    /// Something that watches it: the provider's name.
    Monitoring { provider: &'static str, params: BTreeMap<&'static str, String> },
    /// Somebody else's service that it depends on: a name of the list of vendors.
    Vendor { name: String },
    /// A path that tells whether it is well; the service that it belongs to where that is written.
    Health { route: String, service: Option<String> },
    /// Where it answers in production. A guess follows from a name; anything else is written down.
    Url { url: String, service: Option<String>, guess: bool },
    /// Its database's shape changes with releases.
    Migrations { tool: &'static str },
    /// The project's own name.
    Name { name: String },
}

impl What {
    /// Returns the provider that it names as running or watching the project.
    fn runs_or_watches(&self) -> Option<&'static str> {
        self.provider().filter(|_| !matches!(self, Self::Ci { .. }))
    }

    /// Returns the provider that it names.
    pub fn provider(&self) -> Option<&'static str> {
        match self {
            Self::Platform { provider, .. } | Self::Monitoring { provider, .. } | Self::Ci { provider, .. } => {
                Some(provider)
            }
            _ => None,
        }
    }

    /// Returns the word for it with what it is about, as tests and people compare it: `platform:fly`, `health:/up`.
    pub fn key(&self) -> String {
        match self {
            Self::Platform { provider, .. } => format!("platform:{provider}"),
            Self::Elsewhere { platform, .. } => format!("platform:{platform}"),
            Self::Store { service, .. } => format!("store:{service}"),
            Self::Needs { service, on } => format!("needs:{service}:{on}"),
            Self::Ci { provider, .. } => format!("ci:{provider}"),
            Self::Database { name } => format!("database:{name}"),
            Self::Monitoring { provider, .. } => format!("monitoring:{provider}"),
            Self::Vendor { name } => format!("vendor:{name}"),
            Self::Health { route, .. } => format!("health:{route}"),
            Self::Url { url, .. } => format!("url:{url}"),
            Self::Migrations { tool } => format!("migrations:{tool}"),
            Self::Name { name } => format!("name:{name}"),
        }
    }
}

/// How one kind of evidence is read.
struct Evidence {
    /// Whether it reads a file of that path.
    wants: fn(&str) -> bool,
    read: fn(&Tree, &TreeFile, &mut Findings),
}

/// One row for each kind.
const EVIDENCE: &[Evidence] = &[
    Evidence { wants: fly::wants, read: fly::read },
    Evidence { wants: hosts::wants, read: hosts::read },
    Evidence { wants: workers::wants, read: workers::read },
    Evidence { wants: cloud::wants, read: cloud::read },
    Evidence { wants: kamal::wants, read: kamal::read },
    Evidence { wants: apps::wants, read: apps::read },
    Evidence { wants: compose::wants, read: compose::read },
    Evidence { wants: container::wants, read: container::read },
    Evidence { wants: kubernetes::wants, read: kubernetes::read },
    Evidence { wants: ci::wants, read: ci::read },
    Evidence { wants: packages::wants, read: packages::read },
    Evidence { wants: database::wants, read: database::read },
    Evidence { wants: env_example::wants, read: env_example::read },
    Evidence { wants: monitoring::wants, read: monitoring::read },
    Evidence { wants: remote::wants, read: remote::read },
];

/// Folders in which others' code lies, and what was built.
const FOREIGN: &[&str] = &[
    "node_modules",
    "vendor",
    "target",
    "dist",
    "build",
    ".next",
    ".venv",
    "venv",
    "__pycache__",
    "testdata",
    "fixtures",
    "third_party",
    ".terraform",
    "Pods",
    "coverage",
];

/// Returns whether nothing below a folder of that name is looked at.
pub fn is_foreign(folder: &str) -> bool {
    FOREIGN.contains(&folder)
}

/// Returns whether a file of that path could say something: only those need to be read.
pub fn wants(path: &str) -> bool {
    EVIDENCE.iter().any(|evidence| (evidence.wants)(path))
}

/// Returns what a repository says about itself, each thing once, with the evidence that lies highest.
pub fn recognise(tree: &Tree) -> Vec<Recognised> {
    let mut findings = Findings::default();
    for evidence in EVIDENCE {
        for file in tree.files.iter().filter(|file| (evidence.wants)(&file.path)) {
            (evidence.read)(tree, file, &mut findings);
        }
    }
    findings.finish()
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Recognised>);

impl Findings {
    /// Adds what a line of a file says.
    fn add(&mut self, file: &TreeFile, line: usize, what: What) {
        self.0.push(Recognised { path: Line::from_text(&file.path), line: line.max(1), what });
    }

    /// Adds what a file says at the first line that contains a text.
    fn at(&mut self, file: &TreeFile, needle: &str, what: What) {
        self.add(file, text::line_of(&file.text, needle), what);
    }

    fn finish(mut self) -> Vec<Recognised> {
        // What lies higher is more likely to be about the whole.
        self.0.sort_by_key(|found| {
            let path = found.path.as_str();
            (rank(&found.what), path.matches('/').count(), path.len())
        });
        // Whoever runs on a platform or is watched by a system depends on it: that is said already.
        let said: BTreeSet<&str> = self.0.iter().filter_map(|found| found.what.runs_or_watches()).collect();
        let is_said = |name: &str| {
            said.iter().any(|it| it.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
        };
        let kept = self
            .0
            .iter()
            .map(|found| !matches!(&found.what, What::Vendor { name } if is_said(name)))
            .collect::<Vec<_>>();
        let mut kept = kept.into_iter();
        self.0.retain(|_| kept.next().unwrap_or(true));
        let mut seen = BTreeSet::new();
        self.0.retain(|found| seen.insert(found.what.clone()));
        // Of a vendor or a database one piece of evidence is enough.
        let mut named = BTreeSet::new();
        self.0.retain(|found| {
            let many = matches!(found.what, What::Platform { .. } | What::Health { .. } | What::Monitoring { .. });
            many || named.insert(found.what.key())
        });
        self.0
    }
}

fn rank(what: &What) -> u8 {
    match what {
        What::Name { .. } => 0,
        What::Platform { .. } | What::Elsewhere { .. } => 1,
        What::Url { .. } => 2,
        What::Health { .. } => 3,
        What::Ci { .. } => 4,
        What::Database { .. } | What::Store { .. } | What::Needs { .. } => 5,
        What::Migrations { .. } => 6,
        What::Monitoring { .. } => 7,
        What::Vendor { .. } => 8,
    }
}

#[cfg(test)]
mod tests;
