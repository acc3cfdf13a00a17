//! What a person is shown before something runs, and what they are asked. Without a terminal a question is an error.

use std::io::{BufRead as _, Write as _};

use anyhow::anyhow;

use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::prompt::Hidden;
use crate::model::run::Script;
use crate::model::secret::Secret;
use crate::model::text::Line;
use crate::runbook::run::Run;
use crate::runbook::script::{self, Need};
use crate::ui::format;

/// What somebody says to a step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Run,
    Edit,
    Undo,
    Skip(String),
    Mark,
    Back,
    Quit,
}

/// Who is asked.
pub struct Asker {
    yes: bool,
    is_terminal: bool,
}

/// What is written where `--yes` skips what only a person can do.
const NOBODY: &str = "only a person can do it, and nobody was asked (--yes)";

impl Asker {
    pub fn new(yes: bool, environment: &Environment) -> Self {
        Self { yes, is_terminal: environment.stdin_is_terminal && environment.stderr_is_terminal }
    }

    /// Returns whether a person answers.
    pub fn can_ask(&self) -> bool {
        !self.yes && self.is_terminal
    }

    fn no_terminal() -> Failure {
        Failure::usage(anyhow!("there is no terminal to ask on"))
            .hint("--yes runs everything without a question; --dry-run only prints it")
    }

    fn line(&self, question: &str) -> Result<Option<String>, Failure> {
        if !self.is_terminal {
            return Err(Self::no_terminal());
        }
        // What was typed before the question was not an answer to it.
        let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
        output::tell(question);
        std::io::stderr().flush()?;
        let mut typed = String::new();
        let count = std::io::stdin().lock().read_line(&mut typed)?;
        Ok((count > 0).then(|| typed.trim().to_owned()))
    }

    /// Asks about a command.
    pub fn command(&self, again: bool, can_undo: bool) -> Result<Answer, Failure> {
        if self.yes {
            return Ok(Answer::Run);
        }
        let run = if again { "r run again" } else { "r run" };
        let undo = if can_undo { ", u take back" } else { "" };
        self.choose(&format!("{run}, e edit{undo}, s skip, m mark done, b step back, q quit: "), true, can_undo)
    }

    /// Asks about a link.
    pub fn link(&self, text: &str, again: bool) -> Result<Answer, Failure> {
        if self.yes {
            return Ok(Answer::Run);
        }
        let again = if again { " again" } else { "" };
        self.choose(&format!("r {text}{again}, s skip, m mark done, b step back, q quit: "), true, false)
    }

    /// Asks about what only a person can do.
    pub fn by_hand(&self) -> Result<Answer, Failure> {
        if self.yes {
            return Ok(Answer::Skip(NOBODY.to_owned()));
        }
        self.choose("m mark done, s skip, b step back, q quit: ", false, false)
    }

    fn choose(&self, question: &str, can_run: bool, can_undo: bool) -> Result<Answer, Failure> {
        loop {
            let Some(typed) = self.line(question)? else { return Ok(Answer::Quit) };
            let (word, rest) = typed.split_once(' ').unwrap_or((&typed, ""));
            return Ok(match word {
                "r" | "run" if can_run => Answer::Run,
                "e" | "edit" if can_run => Answer::Edit,
                "u" if can_undo => Answer::Undo,
                "s" | "skip" => {
                    let mut why = rest.trim().to_owned();
                    while why.is_empty() {
                        match self.line("why is it skipped? ")? {
                            Some(typed) => why = typed,
                            None => return Ok(Answer::Quit),
                        }
                    }
                    Answer::Skip(why)
                }
                "m" | "d" | "done" => Answer::Mark,
                "b" | "back" => Answer::Back,
                "q" | "quit" => Answer::Quit,
                _ => continue,
            });
        }
    }

    /// Asks for what a variable stands for.
    pub fn value(&self, need: &Need) -> Result<Secret, Failure> {
        if !self.can_ask() {
            return match &need.default {
                Some(default) if !need.secret => Ok(Secret::new(default.as_str())),
                _ if need.secret => Err(Failure::usage(anyhow!(
                    "{} is needed ({}), and there is nobody to ask",
                    need.name,
                    need.prompt
                ))
                .hint(format!("set it in the environment: {}=...", need.name))),
                _ => Err(Failure::usage(anyhow!(
                    "{} is needed ({}), and there is nobody to ask",
                    need.name,
                    need.prompt
                ))
                .hint(format!("say it: --var {}=...", need.name))),
            };
        }
        if need.secret {
            let mut hidden = Hidden::open().map_err(|error| Failure::usage(anyhow!("{error}")))?;
            return hidden
                .ask(&format!("{} ({})", need.name, need.prompt))
                .map_err(|error| Failure::usage(anyhow!("{error}")));
        }
        let default = need.default.as_ref().map(|default| format!(" [{default}]")).unwrap_or_default();
        loop {
            match self.line(&format!("{} ({}){default}: ", need.name, need.prompt))? {
                None => return Err(Failure::usage(anyhow!("{} is needed, and nothing was said", need.name))),
                Some(typed) if !typed.is_empty() => return Ok(Secret::new(typed)),
                Some(_) => {
                    if let Some(default) = &need.default {
                        return Ok(Secret::new(default.as_str()));
                    }
                }
            }
        }
    }
}

/// Returns exactly what would be run, with everything that it is told.
pub fn preview(script: &Script, confirm: Option<&str>) -> String {
    let mut text = String::new();
    let place = match (&script.host, &script.folder) {
        (Some(host), Some(folder)) => format!("on {host}, in {}", folder.display()),
        (Some(host), None) => format!("on {host}"),
        (None, Some(folder)) => format!("here, in {}", folder.display()),
        (None, None) => "here".to_owned(),
    };
    let mut limits = vec![place, script.shell.clone(), format!("at most {}", format::span(script.timeout))];
    if script.retry > 0 {
        limits.push(format!("tried up to {} times, {} apart", script.retry + 1, format::span(script.interval)));
    }
    if script.interactive {
        limits.push("on a terminal of its own".to_owned());
    }
    text.push_str(&format!("  {}\n", limits.join("; ")));
    for line in Line::lines_of(&script.text, usize::MAX) {
        text.push_str(&format!("  | {line}\n"));
    }
    for (name, value) in used(script) {
        text.push_str(&format!("  {name} = {}\n", Line::from_text(&value)));
    }
    for name in &script.secrets {
        text.push_str(&format!("  {name} = (secret)\n"));
    }
    if let Some(check) = &script.check {
        text.push_str(&format!("  then checked: {}\n", Line::from_text(check)));
    }
    if let Some(confirm) = confirm {
        text.push_str(&format!("  Note: {}\n", Line::from_text(confirm)));
    }
    text
}

/// Returns what a script is told and looks at.
pub fn used(script: &Script) -> Vec<(String, String)> {
    let texts = [Some(script.text.as_str()), script.check.as_deref()];
    let is_used = |name: &str| {
        texts.iter().flatten().any(|text| text.contains(&format!("${name}")) || text.contains(&format!("${{{name}")))
    };
    script
        .environment
        .iter()
        .filter(|(name, _)| is_used(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Lets a person change a command in their editor.
pub fn edit(text: &str, environment: &Environment) -> Result<String, Failure> {
    let variable =
        |name: &str| environment.surroundings.variable(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let editor = variable("VISUAL").or_else(|| variable("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let mut file = tempfile_in(environment)?;
    file.1.write_all(format!("{text}\n").as_bytes())?;
    let status =
        std::process::Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(&file.0).status()?;
    let edited = std::fs::read_to_string(&file.0);
    let _ = std::fs::remove_file(&file.0);
    if !status.success() {
        return Err(Failure::usage(anyhow!("{editor} ended with {status}: nothing was changed")));
    }
    Ok(edited?.trim_end().to_owned())
}

fn tempfile_in(environment: &Environment) -> Result<(std::path::PathBuf, std::fs::File), Failure> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let folder = environment.surroundings.variable("TMPDIR").map_or_else(|| "/tmp".into(), std::path::PathBuf::from);
    let path = folder.join(format!("crashcart-{}.sh", uuid::Uuid::now_v7()));
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    Ok((path, file))
}

/// Returns what a step says beside its commands.
pub fn prose(run: &Run, number: usize) -> Vec<Line> {
    let Some(part) = run.runbook.parts.iter().filter(|part| part.step.is_some()).nth(number) else { return Vec::new() };
    let mut text = run.beginning.text.get(part.range.clone()).unwrap_or_default().to_owned();
    if let Some(step) = &part.step {
        for command in step.commands.iter().rev() {
            let from = command.range.start.saturating_sub(part.range.start);
            let to = (command.range.end.saturating_sub(part.range.start)).min(text.len());
            if text.is_char_boundary(from) && text.is_char_boundary(to) && from <= to {
                text.replace_range(from..to, "");
            }
        }
    }
    let mut lines: Vec<Line> =
        text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(|line| Line::from_text(line.trim())).collect();
    lines.truncate(40);
    lines
}

/// Returns a script's text as it would read with everything filled in.
pub fn filled(script: &Script) -> String {
    script::shown(script)
}
