//! A runbook: plain Markdown that a tired person follows step by step.
//!
//! ```text
//!   text --front matter--> variables, matches
//!        --outline-------> parts: text to read, and steps      they cover the whole text, in its order
//!                            `-- commands: fenced shell blocks, without prompts and output
//! ```
//!
//! Reading never fails and loses nothing: what is not understood is text, and a diagnostic says where.

mod command;
pub mod draft;
mod fence;
mod front;
pub mod links;
mod lint;
pub mod matching;
mod outline;
pub mod run;
pub mod runs;
pub mod script;
pub mod words;

use std::collections::BTreeMap;
use std::ops::Range;

use crate::config::diagnostic::{Diagnostic, Problems, Severity};
use crate::model::text::Line;

pub use command::placeholders;
pub use lint::{Looks, lint};

/// A runbook as it was read.
#[derive(Clone, PartialEq, Debug)]
pub struct Runbook {
    /// The file's name without its ending: what one types.
    pub name: String,
    pub title: Line,
    pub front: Front,
    /// What stands before the first part: front matter, as bytes of the text.
    pub head: Range<usize>,
    /// All of the rest, in its order and without gaps.
    pub parts: Vec<Part>,
    pub diagnostics: Vec<Diagnostic>,
}

/// A runbook with its text.
#[derive(Clone, PartialEq, Debug)]
pub struct Document {
    pub runbook: Runbook,
    pub text: String,
    /// Where it lies, and what its commands are run in; nothing for one that is built in.
    pub folder: Option<std::path::PathBuf>,
    /// Why its commands are not run: nobody has approved them yet.
    pub withheld: Option<Line>,
}

/// What the front matter says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Front {
    pub title: Option<String>,
    pub services: Vec<String>,
    /// Names of alerts that it is for.
    pub alerts: Vec<String>,
    /// Labels that such an alert has.
    pub labels: BTreeMap<String, String>,
    pub variables: Vec<Variable>,
}

/// Something that its commands are told.
#[derive(Clone, PartialEq, Debug)]
pub struct Variable {
    pub name: String,
    pub default: Option<String>,
    pub prompt: Option<String>,
    /// It is typed without being seen, and kept nowhere.
    pub secret: bool,
}

/// A stretch of the document.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// Nothing for text that is only read.
    pub step: Option<Step>,
}

/// One thing to do.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    pub title: Line,
    /// The heading above it, where it is a part of a list.
    pub section: Option<Line>,
    /// The box of a task list, and whether it is ticked in the document.
    pub task: Option<bool>,
    /// Counts from 1.
    pub line: usize,
    pub commands: Vec<Command>,
}

/// A command to run.
#[derive(Clone, PartialEq, Debug)]
pub struct Command {
    /// What is run: without prompts, and without the output that was shown with it.
    pub text: String,
    /// The fence's word: `sh`, `bash`, `console`.
    pub language: String,
    pub attributes: Attributes,
    /// Bytes of the text: the whole block.
    pub range: Range<usize>,
    /// The line of the fence; counts from 1.
    pub line: usize,
    /// It was shown with prompts and output.
    pub is_transcript: bool,
}

/// What stands behind the fence's word: `{name=drain host=web1 timeout=60s}`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attributes(pub BTreeMap<String, String>);

impl Attributes {
    /// Returns an attribute.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl Runbook {
    /// Reads a document.
    pub fn read(name: &str, text: &str) -> Self {
        let mut problems = Problems::default();
        let (front, head) = front::read(text, &mut problems);
        let outline = outline::read(text, head.end, &mut problems);
        let title = front.title.clone().or(outline.title).unwrap_or_else(|| name.replace(['-', '_'], " "));
        Self {
            name: name.to_owned(),
            title: Line::from_text(&title),
            front,
            head,
            parts: outline.parts,
            diagnostics: problems.locate(text),
        }
    }

    /// Returns its steps, in their order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.parts.iter().filter_map(|part| part.step.as_ref())
    }

    /// Returns what the document says of a step, its commands included.
    pub fn step_text<'t>(&self, text: &'t str, step: usize) -> &'t str {
        let part = self.parts.iter().filter(|part| part.step.is_some()).nth(step);
        part.and_then(|part| text.get(part.range.clone())).unwrap_or_default()
    }

    /// Returns every link of the document in the order of their numbers, with the step in which it stands.
    pub fn links(&self, text: &str) -> Vec<(links::Link, Option<usize>)> {
        let mut found = Vec::new();
        let mut steps = 0;
        for part in &self.parts {
            let step = part.step.is_some().then(|| {
                steps += 1;
                steps - 1
            });
            let own = links::links(text.get(part.range.clone()).unwrap_or_default());
            found.extend(own.into_iter().map(|link| (link, step)));
        }
        found
    }

    /// Returns whether something in it cannot be followed.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|one| one.severity == Severity::Error)
    }
}

/// Returns the line of a place; counts from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
