//! Who may import whom, and what each layer may touch. `docs/architecture.md` says why.
//!
//! The tables below are the rules. A file without a row fails, and so does an import that its row does not name. Test
//! code is free: it may use whatever shows the behaviour. Every rule has a sample that breaks it, so that a checker
//! that has gone blind fails too.

#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rules::{Crate, File, Impure, Layer, Module, Tables, Users, Violation};

const TABLES: Tables = Tables {
    modules: MODULES,
    crates: CRATES,
    impure_paths: IMPURE_PATHS,
    impure_words: IMPURE_WORDS,
    impure_methods: IMPURE_METHODS,
};

/// From the ground up. The longest row that fits a module counts, so `app::event` is not `app`.
const MODULES: &[Module] = &[
    // The root only lists the modules.
    Module { path: "", layer: Layer::Shell, may_import: &[] },
    // 1. Words.
    Module { path: "model", layer: Layer::Words, may_import: &[] },
    // 2. Knowledge.
    Module { path: "audit", layer: Layer::Knowledge, may_import: &["model", "operation"] },
    Module { path: "config", layer: Layer::Knowledge, may_import: &["model"] },
    Module { path: "contacts", layer: Layer::Knowledge, may_import: &["model", "config"] },
    Module { path: "diagnosis", layer: Layer::Knowledge, may_import: &["model"] },
    Module { path: "logs", layer: Layer::Knowledge, may_import: &["model"] },
    Module { path: "incident", layer: Layer::Knowledge, may_import: &["model", "diagnosis", "operation", "runbook"] },
    Module { path: "paging", layer: Layer::Knowledge, may_import: &["model", "contacts", "incident", "postmortem"] },
    Module { path: "postmortem", layer: Layer::Knowledge, may_import: &["model", "incident"] },
    Module { path: "runbook", layer: Layer::Knowledge, may_import: &["model", "config", "operation"] },
    Module {
        path: "operation",
        layer: Layer::Knowledge,
        may_import: &["model", "provider::definition", "provider::run"],
    },
    Module { path: "provider::definition", layer: Layer::Knowledge, may_import: &["model", "config"] },
    Module { path: "provider::map", layer: Layer::Knowledge, may_import: &["model", "provider::definition"] },
    Module {
        path: "provider::run",
        layer: Layer::Knowledge,
        may_import: &["model", "provider::definition", "provider::map"],
    },
    Module {
        path: "provider::fixture",
        layer: Layer::Knowledge,
        may_import: &["model", "provider::definition", "provider::map", "provider::run"],
    },
    Module {
        path: "provider::feeds",
        layer: Layer::Knowledge,
        may_import: &["model", "config", "provider::definition", "provider::vendors"],
    },
    Module { path: "provider::offers", layer: Layer::Knowledge, may_import: &["model", "provider::definition"] },
    // What a source would do, for the list that somebody approves.
    Module {
        path: "provider::reach",
        layer: Layer::Knowledge,
        may_import: &["model", "config", "provider::definition"],
    },
    Module { path: "provider::proof", layer: Layer::Knowledge, may_import: &[] },
    Module { path: "provider::vendors", layer: Layer::Knowledge, may_import: &["model"] },
    Module {
        path: "recognise",
        layer: Layer::Knowledge,
        may_import: &["model", "provider::definition", "provider::vendors"],
    },
    // 3. Adapters.
    Module { path: "clock", layer: Layer::Adapter, may_import: &["model"] },
    // The ending of programs, which four adapters start.
    Module { path: "process", layer: Layer::Adapter, may_import: &[] },
    // It refuses events that may not follow: who keeps the journal decides what has happened.
    Module { path: "journal", layer: Layer::Adapter, may_import: &["model", "operation", "runbook", "incident"] },
    Module { path: "repository", layer: Layer::Adapter, may_import: &["model", "process", "recognise"] },
    Module { path: "probe", layer: Layer::Adapter, may_import: &["model", "config", "clock", "process"] },
    Module { path: "provider", layer: Layer::Adapter, may_import: &["model", "config", "clock", "process"] },
    Module { path: "secret", layer: Layer::Adapter, may_import: &["model", "config", "clock", "process"] },
    Module { path: "tail", layer: Layer::Adapter, may_import: &["model", "config", "logs", "clock"] },
    // 4. The console: first its vocabulary, which everything in it speaks, then the things that speak it.
    Module { path: "app::event", layer: Layer::Console, may_import: &["model"] },
    Module { path: "app::effect", layer: Layer::Console, may_import: &["model", "paging"] },
    Module {
        path: "app::world",
        layer: Layer::Console,
        may_import: &[
            "model",
            "config",
            "logs",
            "diagnosis",
            "operation",
            "app::event",
            "runbook",
            "incident",
            "paging",
            "ui",
        ],
    },
    Module { path: "action", layer: Layer::Console, may_import: &["model", "config", "app::event"] },
    Module { path: "ui", layer: Layer::Console, may_import: &["model", "config"] },
    Module { path: "pane", layer: Layer::Console, may_import: PANE },
    Module { path: "modal", layer: Layer::Console, may_import: MODAL },
    Module { path: "app", layer: Layer::Console, may_import: APP },
    // 5. The shell. `cli` and `app` are siblings: neither calls the other.
    Module { path: "runtime", layer: Layer::Shell, may_import: RUNTIME },
    // What carries one operation out, and where it is asked for.
    Module {
        path: "worker",
        layer: Layer::Shell,
        may_import: &["model", "operation", "runbook", "ui", "clock", "journal", "provider", "runtime"],
    },
    Module {
        path: "desk",
        layer: Layer::Shell,
        may_import: &[
            "model",
            "operation",
            "runbook",
            "incident",
            "postmortem",
            "contacts",
            "paging",
            "process",
            "clock",
            "journal",
            "provider",
            "repository",
            "app",
            "runtime",
            "worker",
            "tail",
        ],
    },
    // What a watcher decides, and what does it.
    Module {
        path: "watch::rules",
        layer: Layer::Knowledge,
        may_import: &["model", "contacts", "diagnosis", "incident", "paging", "postmortem"],
    },
    Module { path: "watch", layer: Layer::Shell, may_import: WATCH },
    Module { path: "cli", layer: Layer::Shell, may_import: CLI },
    Module { path: "main", layer: Layer::Shell, may_import: &["cli"] },
];

// A modal shows in full what a pane lists.
const MODAL: &[&str] = &[
    "model",
    "config",
    "logs",
    "diagnosis",
    "operation",
    "runbook",
    "incident",
    "contacts",
    "paging",
    "action",
    "ui",
    "pane",
    "app::event",
    "app::effect",
    "app::world",
];
const PANE: &[&str] = &[
    "model",
    "config",
    "logs",
    "diagnosis",
    "operation",
    "runbook",
    "incident",
    "contacts",
    "paging",
    "action",
    "ui",
    "app::event",
    "app::effect",
    "app::world",
];
const APP: &[&str] = &[
    "model",
    "config",
    "logs",
    "diagnosis",
    "operation",
    "runbook",
    "incident",
    "contacts",
    "paging",
    "action",
    "ui",
    "pane",
    "modal",
];
const RUNTIME: &[&str] = &[
    "model",
    "config",
    "logs",
    "diagnosis",
    "operation",
    "runbook",
    "incident",
    "paging",
    "postmortem",
    "clock",
    "probe",
    "provider",
    "secret",
    "tail",
    "action",
    "ui",
    "pane",
    "modal",
    "app",
];
const WATCH: &[&str] = &[
    "model",
    "config",
    "contacts",
    "diagnosis",
    "incident",
    "paging",
    "clock",
    "journal",
    "provider",
    "app",
    "runtime",
    "desk",
];
const CLI: &[&str] = &[
    "model",
    "audit",
    "config",
    "contacts",
    "logs",
    "diagnosis",
    "operation",
    "runbook",
    "incident",
    "paging",
    "postmortem",
    "clock",
    "probe",
    "provider",
    "secret",
    "tail",
    "action",
    "ui",
    "app",
    "runtime",
    "journal",
    "worker",
    "desk",
    "watch",
    "recognise",
    "repository",
];

/// Who may use which crate. The adapters and the shell may use any that has no row here.
const CRATES: &[Crate] = &[
    Crate { name: "icu_properties", users: Users::Everyone },
    Crate { name: "base64", users: Users::Everyone },
    Crate { name: "jaq_core", users: Users::Everyone },
    Crate { name: "jaq_json", users: Users::Everyone },
    Crate { name: "jaq_std", users: Users::Everyone },
    Crate { name: "jiff", users: Users::Everyone },
    Crate { name: "memchr", users: Users::Everyone },
    Crate { name: "minijinja", users: Users::Everyone },
    Crate { name: "nucleo_matcher", users: Users::Everyone },
    Crate { name: "pulldown_cmark", users: Users::Everyone },
    Crate { name: "qrcode", users: Users::Everyone },
    Crate { name: "regex", users: Users::Everyone },
    Crate { name: "schemars", users: Users::Everyone },
    Crate { name: "serde", users: Users::Everyone },
    Crate { name: "serde_json", users: Users::Everyone },
    Crate { name: "sha2", users: Users::Everyone },
    Crate { name: "strsim", users: Users::Everyone },
    Crate { name: "thiserror", users: Users::Everyone },
    Crate { name: "toml", users: Users::Everyone },
    Crate { name: "unicode_segmentation", users: Users::Everyone },
    Crate { name: "unicode_width", users: Users::Everyone },
    Crate { name: "url", users: Users::Everyone },
    Crate { name: "quick_xml", users: Users::Everyone },
    Crate { name: "yaml_serde", users: Users::Everyone },
    Crate { name: "vt100", users: Users::Everyone },
    Crate { name: "zeroize", users: Users::Everyone },
    // Below the shell, every error has a type of its own.
    Crate { name: "anyhow", users: Users::Only(&["runtime", "cli", "main"]) },
    Crate { name: "clap", users: Users::Only(&["cli", "main"]) },
    Crate { name: "ratatui", users: Users::Only(&["ui", "pane", "modal", "app", "runtime", "cli"]) },
    // It hides the phases of a request, which probes must tell apart.
    Crate { name: "reqwest", users: Users::Only(&["provider"]) },
    Crate { name: "crossterm", users: Users::Only(&["runtime"]) },
];

const ASK: &str = "return an Effect and take its outcome as an Event; in model, take the value as a parameter";
const TIME: &str = "take `now: Timestamp` as a parameter";
const LOCK: &str = "own the state, and change it in one place; the runtime joins tasks by messages";

/// What the layers 1, 2 and 4 may not touch. `std::net`'s addresses are plain data, so only its sockets stand here.
const IMPURE_PATHS: &[Impure] = &[
    Impure { what: "std::fs", instead: ASK },
    Impure { what: "std::env", instead: "cli reads the environment once and hands it down" },
    Impure { what: "std::process", instead: ASK },
    Impure { what: "std::thread", instead: ASK },
    Impure { what: "std::io::stdin", instead: ASK },
    Impure { what: "std::io::stdout", instead: ASK },
    Impure { what: "std::io::stderr", instead: ASK },
    Impure { what: "std::os", instead: ASK },
    Impure { what: "std::net::TcpStream", instead: ASK },
    Impure { what: "std::net::TcpListener", instead: ASK },
    Impure { what: "std::net::UdpSocket", instead: ASK },
    Impure { what: "std::net::ToSocketAddrs", instead: ASK },
    Impure { what: "std::time::Instant", instead: TIME },
    Impure { what: "std::time::SystemTime", instead: TIME },
    Impure { what: "jiff::Timestamp::now", instead: TIME },
    Impure { what: "jiff::Zoned::now", instead: TIME },
    Impure { what: "jiff::tz::TimeZone::system", instead: "cli asks for the time zone once and hands it down" },
    Impure { what: "std::sync::Mutex", instead: LOCK },
    Impure { what: "std::sync::RwLock", instead: LOCK },
    Impure { what: "std::sync::Condvar", instead: LOCK },
    Impure { what: "std::sync::Barrier", instead: LOCK },
    Impure { what: "std::sync::atomic", instead: LOCK },
    Impure { what: "std::sync::mpsc", instead: LOCK },
    Impure { what: "std::hash::RandomState", instead: "give the random value as a parameter" },
    Impure { what: "rand", instead: "give the random value as a parameter" },
];

const IMPURE_WORDS: &[Impure] = &[
    Impure { what: "async", instead: ASK },
    Impure { what: "await", instead: ASK },
    Impure { what: "unsafe", instead: "there is nothing here that needs it" },
];

/// Methods that look at the world behind an innocent value.
const IMPURE_METHODS: &[Impure] = &[
    Impure { what: "canonicalize", instead: ASK },
    Impure { what: "elapsed", instead: TIME },
    Impure { what: "exists", instead: ASK },
    Impure { what: "is_dir", instead: ASK },
    Impure { what: "is_file", instead: ASK },
    Impure { what: "metadata", instead: ASK },
    Impure { what: "read_dir", instead: ASK },
    Impure { what: "symlink_metadata", instead: ASK },
    Impure { what: "to_socket_addrs", instead: ASK },
    Impure { what: "try_exists", instead: ASK },
];

#[test]
fn the_source_keeps_to_the_rules() {
    let source = root().join("src");
    let files: Vec<File> = files_under(&source)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let name = path.strip_prefix(&source).unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    assert!(files.len() > 20, "found only {} files under src", files.len());
    let broken = rules::check(&TABLES, &dependencies(), &files);
    assert!(broken.is_empty(), "{} broken:\n{}", broken.len(), list(&broken));
}

#[test]
fn every_row_names_something_that_exists() {
    for row in MODULES.iter().filter(|row| !row.path.is_empty()) {
        let file = root().join("src").join(format!("{}.rs", row.path.replace("::", "/")));
        // The console's world moves in last.
        assert!(file.is_file() || row.path == "app::world", "`{}` has a row and no file", row.path);
        for allowed in row.may_import {
            assert!(
                MODULES.iter().any(|other| other.path == *allowed),
                "`{}` may import `{allowed}`: no row",
                row.path
            );
        }
    }
    let dependencies = dependencies();
    for row in CRATES {
        assert!(dependencies.contains(row.name), "the crate `{}` has a row and is no dependency", row.name);
    }
}

/// A breach that the checker must see: the file, its text, the line, and a piece of the message.
struct Sample {
    file: &'static str,
    text: &'static str,
    line: usize,
    says: &'static str,
}

const BREACHES: &[Sample] = &[
    Sample {
        file: "model/x.rs",
        text: "use crate::config::Config;",
        line: 1,
        says: "`model` imports `config::Config`",
    },
    Sample { file: "tail.rs", text: "\nuse crate::probe::http;", line: 2, says: "adapters never import each other" },
    Sample {
        file: "tail/x.rs",
        text: "fn f() { super::super::probe::http(); }",
        line: 1,
        says: "`tail` imports `probe",
    },
    Sample { file: "pane/x.rs", text: "use crate::{model::id, runtime};", line: 1, says: "return an Effect" },
    Sample { file: "pane/x.rs", text: "use crate::app::App;", line: 1, says: "`pane` imports `app::App`" },
    Sample { file: "app.rs", text: "fn f() { crate::cli::run() }", line: 1, says: "`app` imports `cli::run`" },
    Sample { file: "ui.rs", text: "use crate::*;", line: 1, says: "imports everything" },
    Sample { file: "main.rs", text: "use crashcart::runtime;", line: 1, says: "`main` imports `runtime`" },
    Sample { file: "config/x.rs", text: "use crate::app::event::Key;", line: 1, says: "move the type down" },
    Sample { file: "newcomer.rs", text: "//! Hello.", line: 1, says: "has no row" },
    Sample { file: "logs.rs", text: "use tokio::sync::mpsc;", line: 1, says: "uses the crate `tokio`" },
    Sample { file: "action.rs", text: "use ratatui::style::Style;", line: 1, says: "`ratatui` is used in ui, pane" },
    Sample { file: "probe.rs", text: "use anyhow::Result;", line: 1, says: "`anyhow` is used in runtime, cli" },
    Sample { file: "model.rs", text: "use std::{fmt, fs::File};", line: 1, says: "`model` uses `std::fs::File`" },
    Sample { file: "ui.rs", text: "use std::time;\nfn f() { time::Instant::now(); }", line: 2, says: "now: Timestamp" },
    Sample { file: "ui.rs", text: "use std::sync as s;\nstatic A: s::Mutex<u8>;", line: 2, says: "std::sync::Mutex" },
    Sample { file: "ui.rs", text: "use std::sync::*;", line: 1, says: "std::sync::*" },
    Sample { file: "logs.rs", text: "fn f() { ::std::env::var(\"HOME\"); }", line: 1, says: "std::env::var" },
    Sample {
        file: "logs.rs",
        text: "use jiff::Timestamp;\nfn f() { Timestamp::now(); }",
        line: 2,
        says: "Timestamp::now",
    },
    Sample { file: "pane.rs", text: "impl X { async fn f() {} }", line: 1, says: "uses `async`" },
    Sample { file: "config.rs", text: "fn f(p: &Path) -> bool { p.exists() }", line: 1, says: "uses `.exists()`" },
    Sample { file: "runtime.rs", text: "fn f() { g()\n.unwrap(); }", line: 2, says: "unwraps" },
    Sample { file: "runtime.rs", text: "fn f() { todo!() }", line: 1, says: "`todo!`" },
    Sample { file: "tail.rs", text: "fn f() { eprintln!(\"\"); }", line: 1, says: "only the shell prints" },
    // What stands behind test code is code again.
    Sample { file: "ui.rs", text: "#[cfg(test)]\nmod tests {}\nuse std::fs;", line: 3, says: "std::fs" },
    Sample { file: "ui.rs", text: "#[cfg(not(test))]\nuse std::fs;", line: 2, says: "std::fs" },
    Sample { file: "ui.rs", text: "#[cfg(test)]\nuse std::io::{Read, Write};\nuse std::fs;", line: 3, says: "std::fs" },
    Sample { file: "ui.rs", text: "enum E { #[cfg(test)] A { x: u8 }, B }\nuse std::fs;", line: 2, says: "std::fs" },
    // A quote, a lifetime and a raw string do not hide what follows.
    Sample { file: "ui.rs", text: "const Q: char = '\"';\nuse std::fs;", line: 2, says: "std::fs" },
    Sample { file: "ui.rs", text: "fn f<'a>(x: &'a str) {}\nuse std::fs;", line: 2, says: "std::fs" },
    Sample { file: "ui.rs", text: "const R: &str = r#\"\"#;\nuse std::fs;", line: 2, says: "std::fs" },
];

#[test]
fn every_rule_sees_its_breach() {
    for Sample { file, text, line, says } in BREACHES {
        let broken = check_one(file, text);
        let seen = broken.iter().any(|broken| broken.line == *line && broken.to_string().contains(says));
        assert!(seen, "{file} with {text:?} should say {says:?} at line {line}, and says:\n{}", list(&broken));
    }
}

/// What looks like a breach and is none.
const FINE: &[(&str, &str)] = &[
    ("model.rs", "// use crate::config;\n/* std::fs /* nested */ tokio */\n/// `crate::app`"),
    ("model.rs", "const A: &str = \"crate::config std::fs .unwrap()\"; const B: &str = r#\"use \"tokio\"\"#;"),
    ("model.rs", "#[cfg(test)]\nmod tests { use crate::config::Config; fn f() { std::fs::read(\"\").unwrap(); } }"),
    ("model.rs", "#[test]\nfn f() { g().unwrap() }"),
    ("model.rs", "use std::net::SocketAddr; use std::time::Duration; use std::sync::Arc;"),
    ("model/x.rs", "use super::id::ServiceId; use crate::model::time::Timestamp;"),
    ("pane.rs", "use crate::app::{effect::Effect, event::{self, Event}}; use ratatui::buffer::Buffer;"),
    ("app.rs", "pub mod event; use event::Event; use self::effect::Effect; use crate::pane;"),
    ("probe.rs", "use tokio::net::TcpStream; async fn f() { std::fs::read(\"\")?; }"),
    ("cli.rs", "fn f() { println!(\"\"); }"),
    ("logs.rs", "fn f() { x.unwrap_or(1); self.exists; exists(); }"),
];

#[test]
fn what_is_fine_stays_quiet() {
    for (file, text) in FINE {
        let broken = check_one(file, text);
        assert!(broken.is_empty(), "{file} with {text:?} is fine, and the checker says:\n{}", list(&broken));
    }
}

#[test]
fn a_file_of_tests_is_free() {
    let files = [("logs.rs", "#[cfg(test)]\nmod tests;"), ("logs/tests.rs", "use std::fs; fn f() { g().unwrap(); }")];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert_eq!(rules::check(&TABLES, &dependencies(), &files), []);
}

#[test]
fn nothing_that_is_tracked_names_the_place_where_it_was_written() {
    let broken: Vec<String> = files_under(root())
        .into_iter()
        .filter_map(|path| Some((fs::read_to_string(&path).ok()?, path)))
        .flat_map(|(text, path)| {
            let path = path.strip_prefix(root()).unwrap().display().to_string();
            workplace_words(&text).map(move |(line, word)| format!("{path}:{line}: names `{word}`")).collect::<Vec<_>>()
        })
        .collect();
    assert!(broken.is_empty(), "a path of one machine means nothing on another:\n{}", broken.join("\n"));
    let sample = format!("fine\ncat {}notes", WORKPLACE[0].concat());
    assert_eq!(workplace_words(&sample).map(|(line, _)| line).collect::<Vec<_>>(), [2]);
}

/// Spelled in two pieces, so that this file passes its own test.
const WORKPLACE: &[[&str; 2]] = &[["/wo", "rk/"], ["/tmp/", "wt"], ["/ro", "ot/"], ["static.crates", ".io"]];

fn workplace_words(text: &str) -> impl Iterator<Item = (usize, String)> {
    text.lines().enumerate().flat_map(|(index, line)| {
        let words = WORKPLACE.iter().map(|pieces| pieces.concat());
        words.filter(move |word| line.contains(word.as_str())).map(move |word| (index + 1, word))
    })
}

fn check_one(file: &str, text: &str) -> Vec<Violation> {
    // The parent and a sibling stand beside it, so that relative paths have something to lead to.
    let mut files = vec![(file.to_owned(), text.to_owned())];
    for other in ["app/event.rs", "app/effect.rs", "probe.rs", "model/id.rs"] {
        if other != file {
            files.push((other.to_owned(), String::new()));
        }
    }
    rules::check(&TABLES, &dependencies(), &files)
}

fn list(broken: &[Violation]) -> String {
    broken.iter().map(|violation| format!("{violation}\n")).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the names of all dependencies, as code spells them.
fn dependencies() -> BTreeSet<String> {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let tables = ["dependencies", "dev-dependencies"].into_iter().filter_map(|name| manifest.get(name)?.as_table());
    tables.flat_map(|table| table.keys().map(|name| name.replace('-', "_"))).collect()
}

/// Returns every file under a folder, without what is built and what git keeps.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            let skipped = [".git", "target"].iter().any(|name| path.file_name().is_some_and(|file| file == *name));
            if skipped || path.is_symlink() {
                continue;
            }
            if path.is_dir() { waiting.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
