//! The end of it: the file is shown, written when that was said, and what comes next is told.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use serde_json::json;

use super::super::config_file::{self, ConfigFile, Found, Origin};
use super::super::failure::Failure;
use super::super::trust_store::{self, TrustStore};
use super::super::{Exit, output};
use super::ask::Questions;
use super::{Looked, Session, diff, show};
use crate::config::{self, Place as Beside};
use crate::recognise::draft::Draft;
use crate::secret::{Existing, write_file};

/// What became of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Became {
    Written,
    /// It says the same already.
    Same,
    NotWritten,
    /// There is another one, and nobody said to write over it.
    Kept,
}

/// What we write ourselves must be right; whatever the repository holds.
pub(super) fn sound(text: &str, folder: &Path) -> Result<(), Failure> {
    let loaded = config::load(text, Beside { directory: folder, home: None });
    match loaded.diagnostics.first() {
        None => Ok(()),
        Some(first) => Err(Failure::from(anyhow!(
            "the configuration that was drafted would not load (line {}: {}); nothing was written",
            first.line,
            first.message
        ))
        .hint("this is a mistake of crashcart's; `crashcart init --dry-run --json` shows what was recognised")),
    }
}

impl Session<'_> {
    /// Shows what would be written, and writes it when that was said.
    pub(super) fn finish(
        &self,
        place: &Path,
        text: &str,
        questions: Option<&mut Questions<'_>>,
        writes: bool,
    ) -> Result<Became, Failure> {
        let before = match fs::symlink_metadata(place) {
            Ok(metadata) if metadata.is_file() => {
                Some(fs::read_to_string(place).context("the configuration that is there")?)
            }
            Ok(_) => {
                return Err(Failure::usage(anyhow!("`{}` is there, and no plain file", place.display()))
                    .hint("move it away, or name another folder"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::from(anyhow!("cannot look at `{}`: {error}", place.display()))),
        };
        if before.as_deref() == Some(text) {
            return Ok(Became::Same);
        }
        if !writes {
            return Ok(Became::NotWritten);
        }
        let change = before.as_deref().map(|before| diff::diff(before, text));
        match questions {
            Some(questions) => {
                questions.tell("")?;
                questions.tell(change.as_deref().unwrap_or(text))?;
                // The text may be longer than the screen: what it would do stands below it.
                questions.tell(&show::effects(text, place.parent().unwrap_or(place), self.environment))?;
                // What was typed before the text was there is no answer to it.
                let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
                // Nothing is lost by a new file; what somebody wrote is changed only by a clear yes.
                let agreed = match &change {
                    Some(_) => questions.yes(&format!("Change {} like this?", place.display()))?,
                    None => questions.yes_unless(&format!("Write this to {}?", place.display()))?,
                };
                if !agreed {
                    return Ok(Became::NotWritten);
                }
            }
            None => {
                if let Some(change) = &change {
                    output::tell(&crate::runtime::redaction::redact(change));
                    if !self.args.replace {
                        return Ok(Became::Kept);
                    }
                }
            }
        }
        put(place, text)?;
        Ok(Became::Written)
    }

    /// Says how it ended, and what comes next.
    pub(super) fn told(
        &self,
        draft: &Draft,
        looked: &Looked<'_>,
        place: &Path,
        text: &str,
        became: Became,
    ) -> Result<Exit, Failure> {
        let exit = if became == Became::Kept { Exit::Wrong } else { Exit::Healthy };
        let mut trusted = false;
        if became == Became::Written && !self.args.yes {
            trusted = self.trust(place, text).is_ok();
        }
        let next = show::next(draft, became == Became::Written || became == Became::Same, trusted);
        if self.args.json {
            let document = json!({
                "recognised": looked.found,
                "logged_in": looked.tools,
                "containers": looked.docker.and_then(|docker| docker.containers.as_ref().ok()),
                "seen": self.seen,
                "path": place,
                "written": became == Became::Written,
                "exists": matches!(became, Became::Kept | Became::Same),
                "config": text,
                "next": next,
            });
            output::print(format!("{document:#}\n"))?;
            return Ok(exit);
        }
        if self.args.dry_run {
            output::print(text)?;
            return Ok(exit);
        }
        let mut told: String = self.seen.iter().map(|line| format!("{line}\n")).collect();
        told.push_str(&match became {
            Became::Written => format!("{} is written.\n", place.display()),
            Became::Same => format!("{} says this already. Nothing has changed.\n", place.display()),
            Became::NotWritten => "Nothing was written.\n".to_owned(),
            Became::Kept => format!("{} is there already. Nothing was written.\n", place.display()),
        });
        if became == Became::Kept {
            told.push_str("hint: add --replace to change it as shown above\n");
        }
        for line in next.iter().filter(|_| became != Became::NotWritten) {
            told.push_str(&format!("  {line}\n"));
        }
        output::print(crate::runtime::redaction::redact(&told).as_ref())?;
        Ok(exit)
    }

    /// The person has just read the file and said yes to it.
    fn trust(&self, place: &Path, text: &str) -> Result<(), Failure> {
        let store = config_file::state_dir(&self.cli.global, self.environment).map(TrustStore::new);
        let found = Found { shown: place.to_path_buf(), origin: Origin::Found };
        let file = ConfigFile::read(found, self.environment)?;
        if file.sha256 != trust_store::hash(text.as_bytes()) {
            return Err(Failure::usage(anyhow!("`{}` is not what was read", place.display())));
        }
        let effects = file.effects(self.environment).iter().map(ToString::to_string).collect();
        store.context("there is no place to keep approvals")?.approve(&file.path, &file.sha256, effects)?;
        Ok(())
    }
}

/// Writes a file that is there whole or not at all. Everybody in the project may read it: no secret stands in it.
fn put(place: &Path, text: &str) -> anyhow::Result<()> {
    write_file(place, text.as_bytes(), Existing::Replace)?;
    Ok(fs::set_permissions(place, fs::Permissions::from_mode(0o644))?)
}
