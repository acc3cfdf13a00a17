//! `crashcart run`: follows a runbook, step by step. What runs, runs in a worker; this only asks, shows and waits.

mod ask;
mod attach;
mod dry;
mod follow;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::anyhow;

use super::acting::{open_journal, state_dir};
use super::args::{ActingArgs, Cli, RunArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::runbooks::shelf;
use super::{Exit, actor, config_file, output};
use crate::clock::Clock;
use crate::desk::runs::command;
use crate::desk::start::Starter;
use crate::journal::Journal;
use crate::model::id::{RunId, ServiceId};
use crate::model::operation::Actor;
use crate::model::run::{Beginning, Purpose, RunCommand, RunEvent, StepVerdict};
use crate::model::secret::Secret;
use crate::model::text::Line;
use crate::runbook::links::{self, Link, Meaning};
use crate::runbook::run::{Run, StepStanding};
use crate::runbook::runs::Standing;
use crate::runbook::script::{self, Need};
use crate::ui::format;
pub(super) use ask::edit as edited;
use ask::{Answer, Asker};
use follow::Follower;

pub(super) fn run(cli: &Cli, args: &RunArgs, environment: &Environment) -> Result<Exit, Failure> {
    if args.dry_run {
        return dry::run(cli, args, environment);
    }
    if cli.global.read_only {
        return Err(Failure::usage(anyhow!("--read-only: nothing is run")).hint("--dry-run prints what would be"));
    }
    let state_dir = state_dir(cli, environment)?;
    let clock = Clock::system();
    let mut journal = open_journal(&state_dir, &clock)?;
    let by = actor::actor(environment);
    let config = config_file::used(&cli.global, environment)?;
    let starter = Starter { state_dir: state_dir.clone(), config };
    let asker = Asker::new(args.yes, environment);
    let id = match &args.resume {
        Some(wanted) => resume(&mut journal, wanted, args, &by, &clock)?,
        None => begin(cli, args, environment, &mut journal, &starter, &by, &clock)?,
    };
    let mut walk = Walk { cli, args, environment, journal, starter, state_dir, clock, by, id, asker };
    if !args.json {
        output::tell(&format!(
            "run {}; crashcart run --resume goes on with it anywhere on this machine\n",
            walk.id.short()
        ));
    }
    walk.walk()
}

/// Begins a run, or goes on with the one of the same runbook that is open.
fn begin(
    cli: &Cli,
    args: &RunArgs,
    environment: &Environment,
    journal: &mut Journal,
    starter: &Starter,
    by: &Actor,
    clock: &Clock,
) -> Result<RunId, Failure> {
    let found = shelf::find(cli, environment, args.name.as_deref().unwrap_or_default())?;
    if let Some(withheld) = &found.withheld {
        return Err(Failure::usage(anyhow!("{withheld}")));
    }
    if found.runbook.steps().next().is_none() {
        return Err(Failure::usage(anyhow!("{} has no steps: it can only be read", found.place())));
    }
    let mut values = script::defaults(&found.runbook);
    values.extend(told(args, &found.runbook)?);
    if let Some(service) = &args.service {
        values.entry("SERVICE".to_owned()).or_insert_with(|| service.clone());
    }
    let id = RunId::new(uuid::Uuid::now_v7().to_string());
    let beginning = Beginning {
        name: found.runbook.name.clone(),
        folder: found.folder().or_else(|| environment.current_dir.clone()),
        text: found.text,
        service: args.service.as_deref().map(ServiceId::new),
        by: by.clone(),
        values,
        parent: None,
        why: None,
    };
    let wanted = RunCommand::Begin { run: id.clone(), beginning: Box::new(beginning) };
    command(journal, starter, wanted, by, clock.now()).map_err(super::acting::failed)?;
    Ok(id)
}

/// Returns what the command line says of variables. A secret has no place there: others see it in the list of processes.
fn told(args: &RunArgs, runbook: &crate::runbook::Runbook) -> Result<BTreeMap<String, String>, Failure> {
    for (name, _) in &args.variables {
        if runbook.front.variables.iter().any(|variable| variable.secret && &variable.name == name) {
            return Err(Failure::usage(anyhow!(
                "{name} is a secret: everybody on this machine can read the command line"
            ))
            .hint(format!("set it in the environment: {name}=... crashcart run ...")));
        }
    }
    Ok(args.variables.iter().map(|(name, value)| (script::variable_of(name), value.clone())).collect())
}

fn resume(journal: &mut Journal, wanted: &str, args: &RunArgs, by: &Actor, clock: &Clock) -> Result<RunId, Failure> {
    let runs = journal.runs()?;
    let fits = |run: &&Run| match wanted {
        "last" => run.closed.is_none() && args.name.as_ref().is_none_or(|name| &run.beginning.name == name),
        _ => run.id.as_str() == wanted || wanted.len() >= 3 && run.id.as_str().ends_with(wanted),
    };
    let found = runs.latest_first().find(fits).ok_or_else(|| {
        Failure::usage(anyhow!("there is no open run to go on with")).hint("crashcart runbooks runs lists them")
    })?;
    if found.closed.is_some() {
        return Err(Failure::usage(anyhow!("run {} is closed", found.id.short()))
            .hint("begin a new one: crashcart run RUNBOOK"));
    }
    let service = found.beginning.service.clone();
    if !found.people.contains(by) {
        let joined = RunEvent::Joined { by: by.clone() };
        crate::desk::runs::write(journal, &found.id, &service, by, clock.now(), joined)
            .map_err(super::acting::failed)?;
    }
    for (name, value) in told(args, &found.runbook)? {
        let event = RunEvent::Told { name, value, by: by.clone() };
        crate::desk::runs::write(journal, &found.id, &service, by, clock.now(), event)
            .map_err(super::acting::failed)?;
    }
    Ok(found.id.clone())
}

/// One walk through a run, from this terminal.
struct Walk<'a> {
    cli: &'a Cli,
    args: &'a RunArgs,
    environment: &'a Environment,
    journal: Journal,
    starter: Starter,
    state_dir: PathBuf,
    clock: Clock,
    by: Actor,
    id: RunId,
    asker: Asker,
}

/// What comes next.
enum Next {
    GoOn,
    /// Nothing more is done from here; how it is.
    End(Exit),
}

impl Walk<'_> {
    fn walk(&mut self) -> Result<Exit, Failure> {
        let only = match &self.args.step {
            None => None,
            Some(wanted) => {
                let run = self.run_now()?;
                let step = script::find_step(&run.runbook, wanted).ok_or_else(|| {
                    let count = format::count(run.steps.len(), "step");
                    Failure::usage(anyhow!("there is no step `{wanted}`"))
                        .hint(format!("it has {count}: crashcart runbooks show {}", run.beginning.name))
                })?;
                if run.current != step {
                    self.do_it(RunCommand::GoTo { run: self.id.clone(), step, why: None })?;
                }
                Some(step)
            }
        };
        if let Next::End(exit) = self.left_behind()? {
            return Ok(exit);
        }
        let mut shown = None;
        loop {
            let run = self.run_now()?;
            if let Some(step) = only
                && (run.current != step || run.steps[step].standing.is_over())
                && shown.is_some()
            {
                return self.end(&run, Some(step));
            }
            if run.current >= run.steps.len() {
                self.do_it(RunCommand::Close {
                    run: self.id.clone(),
                    said: Some(Line::from_text("every step was come by")),
                })?;
                return self.end(&self.run_now()?, None);
            }
            if shown != Some(run.current) {
                self.show_step(&run)?;
                shown = Some(run.current);
            }
            if let Next::End(exit) = self.step(&run)? {
                return Ok(exit);
            }
        }
    }

    /// Waits for what runs already, and finds out about what nobody watches any more.
    fn left_behind(&mut self) -> Result<Next, Failure> {
        loop {
            let runs = self.journal.runs()?;
            let Some(run) = runs.get(&self.id) else { return Ok(Next::GoOn) };
            match runs.standing(run, self.clock.now()) {
                Standing::Running | Standing::Starting => {
                    let talks = run.open().is_some_and(|(_, open)| open.script.interactive);
                    self.tell("It runs still; this waits for it.\n");
                    if talks && self.asker.can_ask() && !self.attach()? {
                        return Ok(Next::End(Exit::CouldNotTell));
                    }
                    self.wait()?;
                }
                Standing::Interrupted => {
                    let step = run.open().map_or(0, |(_, open)| open.step);
                    self.tell(&format!(
                        "Step {} was interrupted: its process has gone. Finding out what became of it.\n",
                        step + 1
                    ));
                    self.do_it(RunCommand::FindOut { run: self.id.clone() })?;
                    let verdict = self.wait()?;
                    if verdict == Some(StepVerdict::Unknown) && !self.asker.can_ask() {
                        return Ok(Next::End(Exit::CouldNotTell));
                    }
                }
                Standing::Waits | Standing::Closed => return Ok(Next::GoOn),
            }
        }
    }

    /// Does the step at which the run is.
    fn step(&mut self, run: &Run) -> Result<Next, Failure> {
        let number = run.current;
        let state = &run.steps[number];
        let links = own_links(run, number);
        // What was begun from a link is waited for.
        if state.standing == StepStanding::Running
            && let Some(operation) = &state.operation
        {
            let zone = config_file::time_zone(None, &mut Vec::new());
            super::operations::wait(&self.journal, operation, &self.clock, &zone, self.args.json, None)?;
            return self.after_operation(number);
        }
        match (run.next_command(number), links.first()) {
            (Some(which), _) => self.run_command(run, number, which),
            (None, Some(link)) => self.follow_link(run, number, link),
            (None, None) => self.by_hand(number),
        }
    }

    fn run_command(&mut self, run: &Run, number: usize, which: usize) -> Result<Next, Failure> {
        let Some(command) = run.step(number).and_then(|step| step.commands.get(which)) else { return Ok(Next::GoOn) };
        let before = &run.steps[number];
        let failed_before =
            matches!(before.standing, StepStanding::Failed | StepStanding::Unknown | StepStanding::Stopped);
        if failed_before && !self.asker.can_ask() {
            return Ok(Next::End(if before.standing == StepStanding::Unknown {
                Exit::CouldNotTell
            } else {
                Exit::Wrong
            }));
        }
        let mut secrets = Vec::new();
        let mut values = run.values.clone();
        for need in script::needs(&run.runbook, command, &run.values) {
            let answer = self.answer(&need)?;
            if need.secret {
                secrets.push((need.name, answer));
            } else {
                let value = answer.expose().to_owned();
                self.do_it(RunCommand::Tell { run: self.id.clone(), name: need.name.clone(), value: value.clone() })?;
                values.insert(need.name, value);
            }
        }
        let mut edited: Option<String> = None;
        loop {
            let made = script::script(
                &run.runbook,
                command,
                Purpose::Do,
                edited.as_deref(),
                &values,
                run.beginning.folder.as_deref(),
            );
            let script = made.map_err(|error| Failure::usage(anyhow!("{error}")))?;
            let confirm = command.attributes.get("confirm");
            self.tell(&ask::preview(&script, confirm));
            let can_undo = command.attributes.get("undo").is_some() && failed_before;
            match self.asker.command(failed_before, can_undo)? {
                Answer::Run => {
                    let wanted = RunCommand::Ask {
                        run: self.id.clone(),
                        step: number,
                        command: which,
                        purpose: Purpose::Do,
                        script: Box::new(script.clone()),
                        edited: edited.is_some(),
                        secrets,
                    };
                    self.do_it(wanted)?;
                    if script.interactive && !self.attach()? {
                        return Ok(Next::End(Exit::CouldNotTell));
                    }
                    return self.came_out();
                }
                Answer::Undo => {
                    let made = script::script(
                        &run.runbook,
                        command,
                        Purpose::Undo,
                        None,
                        &values,
                        run.beginning.folder.as_deref(),
                    );
                    let script = made.map_err(|error| Failure::usage(anyhow!("{error}")))?;
                    let wanted = RunCommand::Ask {
                        run: self.id.clone(),
                        step: number,
                        command: which,
                        purpose: Purpose::Undo,
                        script: Box::new(script),
                        edited: false,
                        secrets,
                    };
                    self.do_it(wanted)?;
                    return self.came_out();
                }
                Answer::Edit => edited = Some(ask::edit(&script.text, self.environment)?),
                other => return self.other(number, other),
            }
        }
    }

    /// Puts this terminal through. Returns whether somebody is still there; what was left goes on.
    fn attach(&mut self) -> Result<bool, Failure> {
        let stays = attach::attach(&self.journal, &self.state_dir, &self.id, self.environment)?;
        if !stays {
            self.tell("It goes on; crashcart run --resume goes back to it.\n");
        }
        Ok(stays)
    }

    /// Waits for what runs. Where its process has gone, nothing is run again by itself.
    fn came_out(&mut self) -> Result<Next, Failure> {
        match self.wait()? {
            Some(_) => Ok(Next::GoOn),
            None if self.asker.can_ask() => self.left_behind(),
            None => Ok(Next::End(Exit::CouldNotTell)),
        }
    }

    /// What can be answered of every kind of step.
    fn other(&mut self, number: usize, answer: Answer) -> Result<Next, Failure> {
        match answer {
            Answer::Skip(why) => {
                self.do_it(RunCommand::Skip { run: self.id.clone(), step: number, why: Line::from_text(&why) })?;
            }
            Answer::Mark => self.do_it(RunCommand::Mark { run: self.id.clone(), step: number, note: None })?,
            Answer::Back => {
                let step = number.saturating_sub(1);
                self.do_it(RunCommand::GoTo { run: self.id.clone(), step, why: None })?;
            }
            Answer::Quit => {
                self.tell("The run stays open: crashcart run --resume goes on with it.\n");
                return Ok(Next::End(Exit::Wrong));
            }
            Answer::Run | Answer::Edit | Answer::Undo => {}
        }
        Ok(Next::GoOn)
    }

    fn by_hand(&mut self, number: usize) -> Result<Next, Failure> {
        let answer = self.asker.by_hand()?;
        self.other(number, answer)
    }

    /// Does what a link of the step says.
    fn follow_link(&mut self, run: &Run, number: usize, link: &Link) -> Result<Next, Failure> {
        let state = &run.steps[number];
        let failed = state.standing == StepStanding::Failed;
        if failed && !self.asker.can_ask() {
            return Ok(Next::End(Exit::Wrong));
        }
        match &link.meaning {
            Meaning::Act { action, service } => {
                let service = service.clone().or_else(|| run.beginning.service.as_ref().map(ToString::to_string));
                self.tell(&format!("  {} ({})\n", link.text, link.address));
                match self.asker.link(&link.text, failed)? {
                    Answer::Run => {}
                    other => return self.other(number, other),
                }
                self.act(action, service.as_deref(), number)?;
                self.after_operation(number)
            }
            Meaning::Wait(time) => {
                self.tell(&format!("  waiting {}\n", format::span(*time)));
                let until = self.clock.now() + *time;
                while self.clock.now() < until {
                    std::thread::park_timeout(
                        (until.since(self.clock.now())).min(std::time::Duration::from_millis(250)),
                    );
                }
                let note = Some(Line::from_text(&format!("waited {}", format::span(*time))));
                self.do_it(RunCommand::Mark { run: self.id.clone(), step: number, note })?;
                Ok(Next::GoOn)
            }
            Meaning::Runbook(name) => {
                self.tell(&format!("  its steps are in another runbook: crashcart run {name}\n"));
                self.by_hand(number)
            }
            _ => self.by_hand(number),
        }
    }

    fn act(&mut self, action: &str, service: Option<&str>, number: usize) -> Result<(), Failure> {
        let desk = super::acting::Desk::open(self.cli, self.environment)?;
        let only = match &desk.project.catalog.services[..] {
            [one] => Some(one.id.to_string()),
            _ => None,
        };
        let service = service.map(str::to_owned).or(only).ok_or_else(|| {
            Failure::usage(anyhow!("nothing says which service to {}", action.replace('_', " ")))
                .hint("name it: --service NAME")
        })?;
        let offer = desk.offer(&service, action)?;
        let (target, choose) = desk.target(&offer, None)?;
        let acting = ActingArgs { yes: self.args.yes, wait: true, json: self.args.json, ..ActingArgs::default() };
        let mut request = desk.request(&offer, target, choose, &acting)?;
        request.intent.step = Some((self.id.clone(), number));
        desk.act(&request, &acting)?;
        Ok(())
    }

    /// Says how an operation that was begun from a step came out, when that is not written yet.
    fn after_operation(&mut self, number: usize) -> Result<Next, Failure> {
        let run = self.run_now()?;
        let state = &run.steps[number];
        if state.standing == StepStanding::Running {
            // Its worker writes it a moment after the operation's own end.
            let until = self.clock.now() + std::time::Duration::from_secs(5);
            while self.run_now()?.steps[number].standing == StepStanding::Running && self.clock.now() < until {
                std::thread::park_timeout(std::time::Duration::from_millis(100));
            }
        }
        let run = self.run_now()?;
        match run.steps[number].standing {
            StepStanding::Failed if !self.asker.can_ask() => Ok(Next::End(Exit::Wrong)),
            // Nobody said yes, or it could not be told: a person decides.
            StepStanding::Waiting | StepStanding::Running if !self.asker.can_ask() => Ok(Next::End(Exit::CouldNotTell)),
            _ => Ok(Next::GoOn),
        }
    }

    /// Gets what a command needs: from the environment, from its default, from the person.
    fn answer(&self, need: &Need) -> Result<Secret, Failure> {
        if let Some(value) = self.environment.surroundings.variable(&need.name)
            && (need.secret || !self.asker.can_ask())
        {
            return Ok(Secret::new(value));
        }
        self.asker.value(need)
    }

    fn do_it(&mut self, wanted: RunCommand) -> Result<(), Failure> {
        command(&mut self.journal, &self.starter, wanted, &self.by, self.clock.now()).map_err(super::acting::failed)
    }

    fn run_now(&self) -> Result<Run, Failure> {
        let run = self.journal.run(&self.id)?;
        run.ok_or_else(|| Failure::from(anyhow!("the journal has no run {}", self.id)))
    }

    /// Waits for what runs, and prints what it prints.
    fn wait(&mut self) -> Result<Option<StepVerdict>, Failure> {
        Follower {
            journal: &self.journal,
            id: &self.id,
            clock: &self.clock,
            json: self.args.json,
            colour: self.colour(),
        }
        .wait()
    }

    fn colour(&self) -> bool {
        self.environment.stderr_is_terminal && !super::console::no_color(self.cli, self.environment)
    }

    fn tell(&self, text: &str) {
        if !self.args.json {
            output::tell(&crate::runtime::redaction::redact(text));
        }
    }

    fn show_step(&self, run: &Run) -> Result<(), Failure> {
        let Some(step) = run.step(run.current) else { return Ok(()) };
        let section = step.section.as_ref().map(|section| format!("{section}: ")).unwrap_or_default();
        let mut text = format!("\n[{}/{}] {section}{}\n", run.current + 1, run.steps.len(), step.title);
        for line in ask::prose(run, run.current) {
            text.push_str(&format!("  {line}\n"));
        }
        self.tell(&text);
        Ok(())
    }

    /// Says how it came out.
    fn end(&self, run: &Run, only: Option<usize>) -> Result<Exit, Failure> {
        let mut text = String::from("\n");
        for (number, (step, state)) in run.runbook.steps().zip(&run.steps).enumerate() {
            if only.is_none_or(|only| only == number) {
                let note = state.note.as_ref().map(|note| format!("  ({note})")).unwrap_or_default();
                text.push_str(&format!("{:>3}. {:<11} {}{note}\n", number + 1, state.standing.word(), step.title));
            }
        }
        self.tell(&text);
        let bad = |state: &crate::runbook::run::StepRun| {
            matches!(state.standing, StepStanding::Failed | StepStanding::Stopped)
        };
        let unknown = |state: &crate::runbook::run::StepRun| state.standing == StepStanding::Unknown;
        let mut looked = run
            .steps
            .iter()
            .enumerate()
            .filter(|(number, _)| only.is_none_or(|only| only == *number))
            .map(|(_, state)| state);
        Ok(if looked.clone().any(bad) {
            Exit::Wrong
        } else if looked.any(unknown) {
            Exit::CouldNotTell
        } else {
            Exit::Healthy
        })
    }
}

/// Returns the links of a step that do something here.
fn own_links(run: &Run, step: usize) -> Vec<Link> {
    let does = |link: &Link| matches!(link.meaning, Meaning::Act { .. } | Meaning::Wait(_) | Meaning::Runbook(_));
    links::links(run.runbook.step_text(&run.beginning.text, step)).into_iter().filter(does).collect()
}
