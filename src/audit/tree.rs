//! A repository's files as the shell has read them: paths, and the text of those that are text and not too large.

use std::collections::BTreeMap;

/// The files, by their path below the root, with `/` between folders.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    files: BTreeMap<String, Option<String>>,
    skipped: Vec<String>,
}

/// A file with its text.
#[derive(Clone, Copy, Debug)]
pub struct File<'t> {
    pub path: &'t str,
    pub text: &'t str,
}

impl Tree {
    /// Adds a file; without a text when it is none, or larger than what is read.
    pub fn add(&mut self, path: impl Into<String>, text: Option<String>) {
        self.files.insert(path.into(), text);
    }

    /// Notes something that was not looked at.
    pub fn skip(&mut self, what: impl Into<String>) {
        self.skipped.push(what.into());
    }

    /// Returns what was not looked at.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// Returns how many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns whether there is such a file.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// Returns the paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Returns a file's text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Returns the files that have a text.
    pub fn files(&self) -> impl Iterator<Item = File<'_>> {
        self.files.iter().filter_map(|(path, text)| Some(File { path, text: text.as_deref()? }))
    }
}

impl<'t> File<'t> {
    /// Returns the last part of the path.
    pub fn name(&self) -> &'t str {
        name(self.path)
    }

    /// Returns the lines, counted from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &'t str)> + use<'t> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Returns the first line that holds something, or 1.
    pub fn line_with(&self, needle: &str) -> usize {
        self.lines().find(|(_, line)| line.contains(needle)).map_or(1, |(line, _)| line)
    }
}

/// Returns the last part of a path.
pub fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the folder of a path: empty for the root.
pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Returns whether a path is a test's, an example's or somebody else's: what stands there does not run in production.
pub fn is_aside(path: &str) -> bool {
    path.to_ascii_lowercase().split('/').any(|part| {
        matches!(
            part,
            "test"
                | "tests"
                | "__tests__"
                | "spec"
                | "specs"
                | "testdata"
                | "fixtures"
                | "__fixtures__"
                | "e2e"
                | "example"
                | "examples"
                | "samples"
                | "sample"
                | "docs"
                | "doc"
                | "node_modules"
                | "vendor"
                | "third_party"
                | "mocks"
                | "cypress"
                | "demo"
                | ".devcontainer"
                | "devcontainer"
                | "benchmarks"
                | "templates"
                | "stories"
        ) || part.contains(".test.")
            || part.contains(".spec.")
            || part.ends_with("_test.go")
            || (part.starts_with("test_") && part.ends_with(".py"))
    })
}
