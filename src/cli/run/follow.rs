//! Waits for what runs, and prints what it prints as the journal tells it.

use std::time::Duration;

use crate::cli::failure::Failure;
use crate::cli::output;
use crate::clock::Clock;
use crate::journal::Journal;
use crate::model::id::RunId;
use crate::model::journal::Body;
use crate::model::output::OutputLine;
use crate::model::run::{ProcessEnd, RunEvent, StepVerdict};
use crate::runbook::runs::Standing;
use crate::runbook::words;
use crate::ui::format;

/// Between two looks at the journal.
const LOOK: Duration = Duration::from_millis(100);
const AT_ONCE: u32 = 200;

/// What one waits with.
pub struct Follower<'a> {
    pub journal: &'a Journal,
    pub id: &'a RunId,
    pub clock: &'a Clock,
    pub json: bool,
    pub colour: bool,
}

impl Follower<'_> {
    /// Waits until what runs is over. Returns how it came out; nothing when nothing ran, or nobody carries it on.
    pub fn wait(&self) -> Result<Option<StepVerdict>, Failure> {
        let id = self.id.in_journal();
        let Some(run) = self.journal.run(self.id)? else { return Ok(None) };
        let Some((number, _)) = run.open() else {
            return Ok(run.executions.last().and_then(|last| Some(last.settled.as_ref()?.1)));
        };
        // From where this execution was asked for.
        let entries = self.journal.of_operation(&id)?;
        let asked = entries
            .iter()
            .rev()
            .find(|entry| matches!(&entry.body, Body::Run(RunEvent::Asked { execution, .. }) if *execution == number));
        let mut read = asked.map_or(0, |entry| entry.seq.saturating_sub(1));
        let mut seen_at = self.clock.now();
        loop {
            let entries = self.journal.since(read, AT_ONCE)?;
            for entry in &entries {
                read = entry.seq;
                if entry.operation.as_ref() != Some(&id) {
                    continue;
                }
                seen_at = self.clock.now();
                if self.json {
                    output::print(format!("{}\n", crate::cli::journal::document(entry)))?;
                }
                if let Body::Run(event) = &entry.body {
                    if !self.json {
                        self.print(event);
                    }
                    if let RunEvent::Settled { verdict, .. } = event {
                        return Ok(Some(*verdict));
                    }
                }
            }
            if entries.is_empty() {
                // Now and then: does anybody still carry it?
                if self.clock.now().since(seen_at) > Duration::from_secs(16) {
                    let runs = self.journal.runs()?;
                    let gone = runs
                        .get(self.id)
                        .is_some_and(|run| runs.standing(run, self.clock.now()) == Standing::Interrupted);
                    if gone {
                        output::tell("Its process has gone. crashcart run --resume finds out what became of it.\n");
                        return Ok(None);
                    }
                    seen_at = self.clock.now();
                }
                std::thread::park_timeout(LOOK);
            }
        }
    }

    fn print(&self, event: &RunEvent) {
        match event {
            RunEvent::Said { lines, left_out, .. } => {
                if *left_out > 0 {
                    output::tell(&format!("  ... {} not kept ...\n", format::bytes(*left_out)));
                }
                for line in lines {
                    output::tell(&format!("  {}\n", self.coloured(line)));
                }
            }
            RunEvent::Started { checks: true, attempt, .. } if *attempt == 1 => output::tell("  checking\n"),
            RunEvent::Finished { end, attempt, .. } if *end != ProcessEnd::Exited(0) => {
                output::tell(&format!("  try {attempt} {}\n", words::of_end(end)));
            }
            RunEvent::Settled { verdict, said, .. } => output::tell(&format!("  {}: {said}\n", verdict.word())),
            RunEvent::StopAsked { by, .. } => output::tell(&format!("  {by} stops it\n")),
            _ => {}
        }
    }

    fn coloured(&self, line: &OutputLine) -> String {
        let text = line.text.as_str();
        if !self.colour || line.inks.is_empty() {
            return text.to_owned();
        }
        let mut out = String::new();
        let mut at = 0;
        for inked in &line.inks {
            let (from, to) = (usize::from(inked.from), usize::from(inked.to));
            let (Some(plain), Some(piece)) = (text.get(at..from), text.get(from..to)) else { continue };
            let colour = inked.ink.colour.map(|colour| format!(";{}", 30 + u16::from(colour))).unwrap_or_default();
            let bold = if inked.ink.bold { ";1" } else { "" };
            out.push_str(&format!("{plain}\u{1b}[0{bold}{colour}m{piece}\u{1b}[0m"));
            at = to;
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }
}
