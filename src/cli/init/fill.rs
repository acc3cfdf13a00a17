//! What is open is filled in: by asking platforms, addresses, and a person for the rest.

use std::sync::Arc;

use super::super::failure::Failure;
use super::super::output;
use super::Session;
use super::ask::Questions;
use super::look;
use super::show;
use crate::config;
use crate::recognise::draft::{Address, Draft, Missing, Person};

impl Session<'_> {
    /// Fills in what is open. A person is asked last, and only for what nobody else could tell.
    pub(super) fn fill(&mut self, draft: &mut Draft, mut questions: Option<&mut Questions<'_>>) -> Result<(), Failure> {
        if let Some(questions) = questions.as_deref_mut() {
            self.ask_tokens(draft, questions)?;
        }
        if !self.args.offline {
            let progress = self.progress("asking the platforms what they know");
            let engine = Arc::clone(&self.engine);
            let said = self.runtime.block_on(look::identities(draft, &self.kept, &engine));
            drop(progress);
            self.seen.extend(said.iter().filter_map(|(title, said)| show::said(title, said)));
        }
        self.tell(questions.as_deref_mut())?;
        self.discover(draft, questions.as_deref_mut())?;
        self.addresses(draft);
        self.tell(questions.as_deref_mut())?;
        if let Some(questions) = questions {
            self.ask_services(draft, questions)?;
            self.tell(Some(questions))?;
            draft.people.extend(self.person(questions)?);
        }
        Ok(())
    }

    /// Says what was seen as soon as it was, where somebody sits.
    fn tell(&mut self, questions: Option<&mut Questions<'_>>) -> Result<(), Failure> {
        let Some(questions) = questions else { return Ok(()) };
        for line in std::mem::take(&mut self.seen) {
            questions.tell(&line)?;
        }
        Ok(())
    }

    /// Asks the addresses that nobody has seen answer.
    fn addresses(&mut self, draft: &mut Draft) {
        if self.args.offline {
            return;
        }
        let progress = self.progress("looking which addresses answer");
        let seen = self.runtime.block_on(look::addresses(draft, &mut self.asked, &self.clock));
        drop(progress);
        self.seen.extend(seen);
    }

    pub(super) fn progress(&self, what: &str) -> Option<output::Progress> {
        self.environment.stderr_is_terminal.then(|| {
            let mut progress = output::Progress::default();
            progress.show(what);
            progress
        })
    }

    fn ask_services(&mut self, draft: &mut Draft, questions: &mut Questions<'_>) -> Result<(), Failure> {
        let mut asked = false;
        for service in &mut draft.services {
            let title = service.name.clone();
            for missing in std::mem::take(&mut service.missing) {
                match ask_for(&title, &missing, questions)? {
                    Some(value) => {
                        service.params.insert(missing.name, value);
                    }
                    None => service.missing.push(missing),
                }
            }
            let is_known = service.address.as_ref().is_some_and(|address| !address.guess);
            if is_known || service.is_private || service.is_store || service.unit.is_some() {
                continue;
            }
            let question = match &service.address {
                Some(guess) => format!("{title}: {} does not answer; where does it? (Enter: later)", guess.url),
                None => format!("{title}: where does it answer? https://... (Enter: later)"),
            };
            let Some(answer) = questions.line(&question)? else { continue };
            let url = if answer.contains("://") { answer } else { format!("https://{answer}") };
            if config::from_arguments(std::slice::from_ref(&url), Vec::new()).is_err() {
                questions.tell(&format!("{url} is no address that can be asked; it stays open."))?;
                continue;
            }
            service.address = Some(Address { url, evidence: "as you said".to_owned(), guess: false });
            asked = true;
        }
        if asked {
            self.addresses(draft);
        }
        for source in &mut draft.sources {
            let title = source.title.clone();
            for missing in std::mem::take(&mut source.missing) {
                match ask_for(&title, &missing, questions)? {
                    Some(value) => {
                        source.params.insert(missing.name, value);
                    }
                    None => source.missing.push(missing),
                }
            }
        }
        Ok(())
    }

    /// Asks whom to call. Whoever sits here is who it is, most often.
    fn person(&self, questions: &mut Questions<'_>) -> Result<Option<Person>, Failure> {
        let (known, address) = &self.git;
        let answer = match known {
            Some(known) => questions.line(&format!("Who is called first? (Enter: {known}; - for later)"))?,
            None => questions.line("Who is called first? A name (Enter: later)")?,
        };
        let name = match (answer, known) {
            (Some(answer), _) if answer == "-" => return Ok(None),
            (Some(answer), _) => answer,
            (None, Some(known)) => known.clone(),
            (None, None) => return Ok(None),
        };
        let is_number = |text: &String| text.chars().filter(char::is_ascii_digit).count() >= 5;
        let is_address =
            |text: &String| text.split_once('@').is_some_and(|(who, at)| !who.is_empty() && at.contains('.'));
        let phone = questions.line("Their telephone number, as in +49 30 901820 (Enter: none)")?;
        if phone.as_ref().is_some_and(|phone| !is_number(phone)) {
            questions.tell("That is no telephone number; it stays open.")?;
        }
        let email = if known.as_ref() == Some(&name) && address.is_some() {
            address.clone()
        } else {
            questions.line("Their e-mail address (Enter: none)")?
        };
        if email.as_ref().is_some_and(|email| !is_address(email)) {
            questions.tell("That is no e-mail address; it stays open.")?;
        }
        let (phone, email) = (phone.filter(is_number), email.filter(is_address));
        Ok(Some(Person { name, phone, email }))
    }
}

fn ask_for(title: &str, missing: &Missing, questions: &mut Questions<'_>) -> Result<Option<String>, Failure> {
    let question = format!("{title}: {}, as in {} (Enter: later)", missing.help, missing.example);
    Ok(questions.line(&question)?)
}
