//! Tokens at a terminal: typed without echo, tried before they are kept, and asked for again when they are wrong.
//!
//! ```text
//!   typed --in memory--> asked whose it is, and whether it sees the service --> keyring or store --> crashcart.toml names it
//!     ^                                  |
//!     `---------- not accepted ----------'
//! ```

use std::collections::BTreeMap;

use anyhow::anyhow;

use super::super::args::{SecretPlaceArgs, SecretSetArgs};
use super::super::environment::Environment;
use super::super::failure::Failure;
use super::super::prompt::{Hidden, PromptError};
use super::super::{Exit, outside, secret};
use super::Session;
use super::ask::Questions;
use super::look::{self, Said};
use super::show;
use crate::model::secret::{Secret, SecretRef};
use crate::model::source::FailureKind;
use crate::recognise::draft::{Draft, DraftSource, Place};
use crate::recognise::write::secret_name;

/// Whoever mistypes it as often has the wrong page open.
const TRIES: usize = 3;

/// What became of one token.
enum Tried {
    /// It is to be kept.
    Good(Secret),
    /// It is wrong: another one may be typed.
    Wrong,
    /// Nobody wants to, now.
    Skipped,
}

impl Session<'_> {
    /// Asks for the credentials that are nowhere, tries each and keeps it.
    pub(super) fn ask_tokens(&mut self, draft: &mut Draft, questions: &mut Questions<'_>) -> Result<(), Failure> {
        let keeper = secret::keeper(self.environment);
        for index in 0..draft.sources.len() {
            let source = &draft.sources[index];
            let open: Vec<(String, String)> =
                source.secrets.iter().filter(|(slot, _)| !source.places.contains_key(slot)).cloned().collect();
            for (slot, help) in open {
                let source = &draft.sources[index];
                questions.tell(&format!("\n{} wants a credential: {help}", source.title))?;
                let name = secret_name(&source.provider, &slot);
                let Some(secret) = self.typed(draft, index, &slot, questions)? else {
                    questions.tell(&format!("Later: crashcart secret set {name}"))?;
                    continue;
                };
                let wanted =
                    SecretSetArgs { name, place: SecretPlaceArgs::default(), argument: Vec::new(), replace: false };
                match secret::set::keep(&wanted, Some(secret.clone()), &keeper, &self.clock, self.environment) {
                    Ok(place) => {
                        questions.tell(&format!("It is kept: {place}."))?;
                        let source = &mut draft.sources[index];
                        source.places.insert(slot.clone(), Place::Written(secret::set::written(&place)));
                        self.know(&source.provider, &slot, &secret);
                    }
                    // One token that cannot be kept is no reason to lose all answers.
                    Err(failure) => questions.tell(&format!("It was not kept: {:#}", failure.error))?,
                }
            }
        }
        Ok(())
    }

    /// Returns a token that was typed, once it is a right one or nobody can tell.
    fn typed(
        &self,
        draft: &Draft,
        index: usize,
        slot: &str,
        questions: &mut Questions<'_>,
    ) -> Result<Option<Secret>, Failure> {
        for _ in 0..TRIES {
            match self.attempt(draft, index, slot, questions)? {
                Tried::Good(secret) => return Ok(Some(secret)),
                Tried::Skipped => return Ok(None),
                Tried::Wrong => {}
            }
        }
        Ok(None)
    }

    fn attempt(
        &self,
        draft: &Draft,
        index: usize,
        slot: &str,
        questions: &mut Questions<'_>,
    ) -> Result<Tried, Failure> {
        // The terminal is given back before anything else is done: whatever ends us then leaves it as it was.
        let asked = Hidden::open().and_then(|mut hidden| hidden.ask_or_none("Paste or type it; Enter: later"));
        let secret = match asked {
            Ok(Some(secret)) => secret,
            Ok(None) => return Ok(Tried::Skipped),
            Err(PromptError::Cancelled) => {
                let mut failure = Failure::from(anyhow!("left; no configuration was written"));
                failure.exit = Exit::Wrong;
                return Err(failure);
            }
            Err(error @ (PromptError::Lines | PromptError::Unusable(_))) => {
                questions.tell(&format!("It was not taken: {error}"))?;
                return Ok(Tried::Wrong);
            }
            Err(error) => return Err(Failure::from(error)),
        };
        if self.args.offline {
            return Ok(Tried::Good(secret));
        }
        let source = &draft.sources[index];
        let said = self.try_out(draft, source, slot, &secret);
        match &said {
            // Another one is asked for at once: nobody needs to be told how else to bring it.
            Said::Refused(failure) if failure.kind == FailureKind::Unauthorised => {
                questions.tell(&format!("{}: {failure}", source.title))?;
            }
            said => {
                if let Some(line) = show::said(&source.title, said) {
                    questions.tell(&line)?;
                }
            }
        }
        Ok(match said {
            Said::Welcome(_) | Said::Answers(_) => Tried::Good(secret),
            Said::NotAsked => {
                questions.tell(&format!("{} is not asked whether it is right.", source.title))?;
                Tried::Good(secret)
            }
            Said::Refused(failure) => match failure.kind {
                FailureKind::Unauthorised | FailureKind::NoCredential => Tried::Wrong,
                // It may be right: whoever typed it knows better than a network that does not answer.
                _ if questions.yes("Keep it all the same?")? => Tried::Good(secret),
                _ => Tried::Wrong,
            },
            Said::Elsewhere { .. } if questions.yes("Keep it all the same?")? => Tried::Good(secret),
            Said::Elsewhere { .. } => Tried::Wrong,
        })
    }

    /// Asks the platform whose a credential is, and whether it sees what runs there. It lies nowhere yet.
    fn try_out(&self, draft: &Draft, source: &DraftSource, slot: &str, secret: &Secret) -> Said {
        let (environment, kept) = self.with(&source.provider, slot, secret);
        let engine = outside::engine(&environment, &self.clock, &[]);
        let progress = self.progress(&format!("asking {}", source.title));
        let said = self.runtime.block_on(look::identity(source, &draft.services, &kept, &engine));
        drop(progress);
        said
    }

    /// Has the engine use a credential from memory for the rest of this run.
    fn know(&mut self, provider: &str, slot: &str, secret: &Secret) {
        let (environment, kept) = self.with(provider, slot, secret);
        self.engine = outside::engine(&environment, &self.clock, &[]);
        (self.memory, self.kept) = (environment.surroundings.variables, kept);
    }

    /// Returns the surroundings of an engine that has one more credential: as a variable of this process's own picture of
    /// its environment, which no other process sees.
    fn with(
        &self,
        provider: &str,
        slot: &str,
        secret: &Secret,
    ) -> (Environment, BTreeMap<(String, String), SecretRef>) {
        let name = format!("CRASHCART_TYPED_{}", secret_name(provider, slot));
        let mut environment: Environment = self.environment.clone();
        environment.surroundings.variables.extend(self.memory.clone());
        environment.surroundings.variables.insert(name.clone(), secret.expose().to_owned());
        let mut kept = self.kept.clone();
        kept.insert((provider.to_owned(), slot.to_owned()), SecretRef::Env(name));
        (environment, kept)
    }
}
