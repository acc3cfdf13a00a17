//! The rules, applied to one file at a time.

use std::collections::BTreeSet;
use std::fmt;

use super::source::{self, Source, Token};

/// What kind of code a module is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layer {
    /// Plain data.
    Words,
    /// Text and state machines.
    Knowledge,
    /// Each talks to one outside thing.
    Adapter,
    /// State, update, view.
    Console,
    /// Tokio, processes, the terminal.
    Shell,
}

impl Layer {
    fn is_pure(self) -> bool {
        matches!(self, Self::Words | Self::Knowledge | Self::Console)
    }
}

/// One row of the table of modules.
pub struct Module {
    pub path: &'static str,
    pub layer: Layer,
    /// What it may import, besides itself and its own children.
    pub may_import: &'static [&'static str],
}

/// One row of the table of crates: who may use it.
pub struct Crate {
    pub name: &'static str,
    pub users: Users,
}

/// Who may use a crate. One that has no row is for the adapters and the shell.
pub enum Users {
    Everyone,
    Only(&'static [&'static str]),
}

/// Something a pure module may not touch, and what to do instead.
pub struct Impure {
    pub what: &'static str,
    pub instead: &'static str,
}

/// The tables that the rules read.
pub struct Tables {
    pub modules: &'static [Module],
    pub crates: &'static [Crate],
    pub impure_paths: &'static [Impure],
    pub impure_words: &'static [Impure],
    pub impure_methods: &'static [Impure],
}

/// A rule that was broken.
#[derive(PartialEq, Eq, Debug)]
pub struct Violation {
    pub file: String,
    pub line: usize,
    pub rule: &'static str,
    pub what: String,
    pub instead: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, rule, what, instead } = self;
        write!(f, "{file}:{line}: {what}\n    rule: {rule}\n    instead: {instead}")
    }
}

/// A file of `src/`, by its path from there and its text.
pub type File = (String, String);

/// Checks all files against all rules.
pub fn check(tables: &Tables, dependencies: &BTreeSet<String>, files: &[File]) -> Vec<Violation> {
    let read: Vec<(Vec<String>, &str, Source)> =
        files.iter().map(|(path, text)| (module_of(path), path.as_str(), source::read(text))).collect();
    let modules: BTreeSet<Vec<String>> = read.iter().map(|(module, ..)| module.clone()).collect();
    let for_tests: BTreeSet<Vec<String>> = read
        .iter()
        .flat_map(|(module, _, source)| {
            source.test_children.iter().map(|child| [module.as_slice(), std::slice::from_ref(child)].concat())
        })
        .collect();
    let mut found = Vec::new();
    for (module, path, source) in &read {
        if for_tests.iter().any(|test| module.starts_with(test)) {
            continue;
        }
        let mut checker = Checker { tables, dependencies, file: format!("src/{path}"), found: Vec::new() };
        match tables.row(module) {
            Some(row) => checker.check(row, source, module, &modules),
            None => checker.add(
                1,
                "every file belongs to a layer",
                format!("`{}` has no row in the table of modules", module.join("::")),
                "add it to tests/architecture.rs and say what it may import",
            ),
        }
        found.append(&mut checker.found);
    }
    found
}

/// Returns the module that a file of `src/` is: `app/event.rs` is `app::event`, `lib.rs` is the root.
fn module_of(path: &str) -> Vec<String> {
    let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
    if module == "lib" { Vec::new() } else { module.split('/').map(str::to_owned).collect() }
}

impl Tables {
    /// Returns the most exact row for a module or an item in it.
    fn row(&self, path: &[String]) -> Option<&'static Module> {
        self.modules.iter().filter(|row| is_within(path, row.path)).max_by_key(|row| row.path.len())
    }
}

/// Returns whether a path lies in `outer` (`app::event::Key` in `app::event`). The root contains only itself.
fn is_within(path: &[String], outer: &str) -> bool {
    if outer.is_empty() {
        return path.is_empty();
    }
    let outer: Vec<&str> = outer.split("::").collect();
    path.len() >= outer.len() && outer.iter().zip(path).all(|(a, b)| a == b)
}

struct Checker<'a> {
    tables: &'a Tables,
    dependencies: &'a BTreeSet<String>,
    file: String,
    found: Vec<Violation>,
}

impl Checker<'_> {
    fn add(&mut self, line: usize, rule: &'static str, what: String, instead: &str) {
        let instead = instead.to_owned();
        self.found.push(Violation { file: self.file.clone(), line, rule, what, instead });
    }

    fn check(&mut self, row: &Module, source: &Source, module: &[String], modules: &BTreeSet<Vec<String>>) {
        for path in source::paths(&source.code, module, modules) {
            let segments = path.segments.as_slice();
            match segments.first().map(String::as_str) {
                Some("crate") => self.check_import(row, &segments[1..], path.line),
                Some(first) if self.dependencies.contains(first) => self.check_crate(row, first, path.line),
                _ => {}
            }
            if row.layer.is_pure() {
                self.check_pure_path(row, segments, path.line);
            }
        }
        self.check_tokens(row, &source.code);
    }

    fn check_import(&mut self, row: &Module, target: &[String], line: usize) {
        // The root's list of modules and a `crate::` that a macro's expansion begins with name nothing.
        let Some(target_row) = self.tables.row(target) else {
            if target.first().is_some_and(|first| first == "*") {
                let what = format!("`{}` imports everything that the crate has", row.path);
                self.add(line, "imports follow the layers", what, "name the module that is meant");
            }
            return;
        };
        let is_own = target_row.path == row.path || is_within(target, row.path) || row.path.is_empty();
        let is_allowed = row.may_import.iter().any(|allowed| target_row.path == *allowed || is_within(target, allowed));
        if !is_own && !is_allowed {
            let what = format!("`{}` imports `{}`", row.path, target.join("::"));
            let instead = match (row.layer, target_row.layer) {
                (Layer::Adapter, Layer::Adapter) => {
                    "adapters never import each other: move what both need to model, or let the runtime join them"
                }
                (Layer::Words | Layer::Knowledge, _) => {
                    "move the type down to model, or the code up to where it is used"
                }
                (Layer::Console, Layer::Shell | Layer::Adapter) => "return an Effect, and take its outcome as an Event",
                _ => "move what both need to a lower layer, or say in the table why this direction is right",
            };
            self.add(line, "imports follow the layers", what, instead);
        }
    }

    fn check_crate(&mut self, row: &Module, name: &str, line: usize) {
        let known = self.tables.crates.iter().find(|known| known.name == name).map(|known| &known.users);
        let instead = match known {
            Some(Users::Everyone) => return,
            Some(Users::Only(users)) if users.contains(&row.path) => return,
            Some(Users::Only(users)) => format!("`{name}` is used in {} only", users.join(", ")),
            None if !row.layer.is_pure() => return,
            None => format!("if `{name}` touches nothing outside the program, give it a row in the table of crates"),
        };
        self.add(line, "crates stay in their layer", format!("`{}` uses the crate `{name}`", row.path), &instead);
    }

    fn check_pure_path(&mut self, row: &Module, segments: &[String], line: usize) {
        let (is_glob, named) = match segments.split_last() {
            Some((last, before)) if last == "*" => (true, before),
            _ => (false, segments),
        };
        for impure in self.tables.impure_paths {
            let forbidden: Vec<&str> = impure.what.split("::").collect();
            let inside = is_within(named, impure.what);
            let swept_in = is_glob && named.len() < forbidden.len() && forbidden.iter().zip(named).all(|(a, b)| a == b);
            if inside || swept_in {
                self.add_impure(row, line, &segments.join("::"), impure.instead);
            }
        }
    }

    fn add_impure(&mut self, row: &Module, line: usize, what: &str, instead: &str) {
        self.add(line, "layers 1, 2 and 4 are pure", format!("`{}` uses `{what}`", row.path), instead);
    }

    fn check_tokens(&mut self, row: &Module, code: &[Token]) {
        for (at, token) in code.iter().enumerate() {
            let word = token.text.as_str();
            let ahead = |by: usize| code.get(at + by).map_or("", |token| token.text.as_str());
            let after_dot = at.checked_sub(1).is_some_and(|before| code[before].text == ".");
            if row.layer.is_pure() {
                for impure in self.tables.impure_words.iter().filter(|impure| impure.what == word) {
                    self.add_impure(row, token.line, word, impure.instead);
                }
                for impure in self.tables.impure_methods.iter().filter(|impure| impure.what == word) {
                    if after_dot && ahead(1) == "(" {
                        self.add_impure(row, token.line, &format!(".{word}()"), impure.instead);
                    }
                }
            }
            if after_dot && word == "unwrap" && ahead(1) == "(" && ahead(2) == ")" {
                self.add(
                    token.line,
                    "no unwrap outside tests",
                    format!("`{}` unwraps", row.path),
                    "return the error, or `expect(\"why this cannot happen\")`",
                );
            }
            if matches!(word, "todo" | "unimplemented" | "dbg") && ahead(1) == "!" {
                let what = format!("`{}` has a `{word}!`", row.path);
                self.add(token.line, "nothing half-done lands", what, "finish it or leave it out");
            }
            if matches!(word, "print" | "println" | "eprint" | "eprintln")
                && ahead(1) == "!"
                && row.layer != Layer::Shell
            {
                let what = format!("`{}` prints", row.path);
                self.add(
                    token.line,
                    "only the shell prints",
                    what,
                    "return the text: the screen belongs to the console",
                );
            }
        }
    }
}
