//! Which entries are printed.

use crate::cli::args::LogsArgs;
use crate::cli::failure::Failure;
use crate::logs::filter::Pattern;
use crate::model::log::{Level, LogLine};
use crate::tail;

/// What `--level`, `--grep` and `--exclude` say together.
#[derive(Debug)]
pub struct Filter {
    least: Option<Level>,
    grep: Vec<Pattern>,
    exclude: Vec<Pattern>,
    /// Matches every line that makes an entry wanted.
    matching: Option<tail::Pattern>,
}

impl Filter {
    pub fn new(args: &LogsArgs) -> Result<Self, Failure> {
        let (grep, exclude) = (compile(&args.grep)?, compile(&args.exclude)?);
        let matching = if grep.is_empty() {
            None
        } else {
            let any = |pattern: &Pattern| {
                let ignore = if pattern.ignores_case() { "i" } else { "-i" };
                format!("(?{ignore}:{})", pattern.expression())
            };
            let any: Vec<String> = grep.iter().map(any).collect();
            Some(tail::Pattern::new(&any.join("|"), tail::Case::Sensitive).map_err(Failure::usage)?)
        };
        Ok(Self { least: args.level, grep, exclude, matching })
    }

    /// Whether an entry is printed: a head and the lines that continue it.
    pub fn passes(&self, entry: &[LogLine]) -> bool {
        let level = entry.first().and_then(|head| head.level).unwrap_or(Level::Info);
        let has = |patterns: &[Pattern]| {
            entry.iter().any(|line| patterns.iter().any(|pattern| pattern.is_match(line.text.as_str())))
        };
        self.least.is_none_or(|least| level >= least)
            && (self.grep.is_empty() || has(&self.grep))
            && !has(&self.exclude)
    }

    /// Returns what to leap to in a file.
    pub fn matching(&self) -> Option<&tail::Pattern> {
        self.matching.as_ref()
    }
}

/// A script wants to hear about a wrong pattern, where the console searches it as plain text.
fn compile(texts: &[String]) -> Result<Vec<Pattern>, Failure> {
    let mut patterns = Vec::new();
    for text in texts {
        let Some(pattern) = Pattern::new(text) else { continue };
        if let Some(message) = pattern.message() {
            let why = message.as_str().rsplit(": ").next().unwrap_or_default().to_owned();
            return Err(Failure::usage(anyhow::anyhow!("`{text}` is not a regular expression: {why}"))
                .hint("write a backslash before ( ) [ ] { } . * + ? ^ $ | to mean the character itself"));
        }
        patterns.push(pattern);
    }
    Ok(patterns)
}
