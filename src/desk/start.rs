//! Approving a plan, and starting the process that carries it out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::journal::{Approved, Journal, JournalError};
use crate::model::id::{OperationId, RunId};
use crate::model::journal::{Body, Draft, Entry};
use crate::model::operation::{Actor, Lease, OperationCommand, OperationEvent, Plan, Verdict};
use crate::model::run::RunEvent;
use crate::model::secret::Secret;
use crate::model::source::{FailureKind, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::operation::StepState;
use crate::runtime::redaction::redact;
use crate::worker::{lease_key, replay};

/// The hidden flag with which the program only starts a worker.
pub const DETACH: &str = "--detach";

/// The hidden flag that says that a configuration was found and not named.
pub const CONFIG_FOUND: &str = "--config-found";

/// How workers are started: as this program, with the same state and the same configuration.
#[derive(Clone, Debug)]
pub struct Starter {
    pub state_dir: PathBuf,
    /// The configuration that was used, if it was a file.
    pub config: Option<UsedConfig>,
}

/// A configuration file, and whether it was only found: then whoever reads it anew asks anew whether it is trusted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsedConfig {
    pub path: PathBuf,
    pub found: bool,
}

impl UsedConfig {
    /// Returns the arguments with which the program follows the same file, and follows it no further.
    pub fn arguments(&self) -> Vec<std::ffi::OsString> {
        let mut arguments = vec!["--config".into(), self.path.clone().into()];
        if self.found {
            arguments.push(CONFIG_FOUND.into());
        }
        arguments
    }
}

/// Writes a plan into the journal. From now on it will be carried out, whatever becomes of this process.
///
/// # Errors
/// When somebody else acts on the same thing, or the journal does not take it.
pub fn approve(journal: &mut Journal, plan: &Plan, by: &Actor, now: Timestamp) -> Result<Entry, Trouble> {
    let plan = without_secrets(plan.clone());
    let key = lease_key(&plan);
    let (plan_step, operation) = (plan.intent.step.clone(), plan.id.clone());
    let draft = Draft {
        at: now,
        by: by.clone(),
        service: plan.intent.service.clone(),
        operation: Some(plan.id.clone()),
        body: Body::Operation(OperationEvent::Approved { plan: Box::new(plan), by: by.clone() }),
    };
    match journal.approve(&draft, &key, now).map_err(|error| not_written(&error))? {
        Approved::Written(entry) => {
            if let Some((run, step)) = &plan_step {
                let event = RunEvent::Operated { step: *step, operation: operation.clone(), by: by.clone() };
                // The operation goes on in any case; that its step knows of it is a convenience.
                if let Err(error) = super::runs::write(journal, run, &entry.service, by, now, event) {
                    tracing::warn!("{}", error.message);
                }
            }
            Ok(entry)
        }
        Approved::Busy { by, operation } => Err(Trouble {
            kind: FailureKind::Refused,
            message: Line::from_text(&format!("{by} acts on the same thing (operation {})", operation.short())),
            hint: Line::from_text("wait for it, or cancel it: crashcart operations"),
        }),
    }
}

/// Turns what the journal says into what is shown.
pub fn not_written(error: &JournalError) -> Trouble {
    Trouble {
        kind: FailureKind::Refused,
        message: Line::from_text(&format!("nothing was done: {error}")),
        hint: Line::from_text(&error.hint()),
    }
}

/// A plan goes into a file. What probes send to show who they are stays out of it: the worker reads it anew.
fn without_secrets(mut plan: Plan) -> Plan {
    use crate::model::check::ProbeSpec;
    for check in &mut plan.verification.checks {
        if let ProbeSpec::Http(http) = &mut check.probe {
            http.headers.retain(|(name, value)| redact(&format!("{name}: {value}")) == format!("{name}: {value}"));
            if let Some(body) = &http.body
                && redact(body) != *body
            {
                http.body = None;
            }
        }
    }
    for step in &mut plan.steps {
        for line in &mut step.preview {
            *line = Line::from_text(&redact(line.as_str()));
        }
    }
    plan
}

/// Writes what somebody wants of an operation, and says whether a worker is to be started for it.
///
/// # Errors
/// When that is not possible as it stands, or the journal does not take it.
pub fn command(
    journal: &mut Journal,
    wanted: &OperationCommand,
    by: &Actor,
    leases: &[Lease],
    now: Timestamp,
) -> Result<bool, Trouble> {
    let operation = wanted.operation();
    let entries = journal.of_operation(operation).map_err(|error| not_written(&error))?;
    let state = replay(operation, &entries)
        .map_err(|error| refused(&error.to_string(), "look at it with crashcart operations"))?;
    let held = leases.iter().any(|lease| &lease.operation == operation && lease.is_live(now));
    let event = match wanted {
        OperationCommand::Cancel { why, .. } => {
            write(journal, &state, by, now, OperationEvent::CancelAsked { by: by.clone(), why: why.clone() })?;
            let under_way =
                state.steps.iter().any(|step| matches!(step, StepState::Started { .. } | StepState::Unknown { .. }));
            if held || under_way || state.next_step().is_none() {
                // Its worker stops between steps, and what is not known stays so until somebody closes it.
                return Ok(false);
            }
            let said = Line::from_text(&format!("{by} stopped it before it went on"));
            OperationEvent::Ended { verdict: Verdict::Cancelled, said }
        }
        OperationCommand::Resume { repeat, .. } => {
            if held {
                return Err(refused("it is being carried out", "watch it with crashcart operations show"));
            }
            write(journal, &state, by, now, OperationEvent::ResumeAsked { by: by.clone(), repeat: *repeat })?;
            return Ok(true);
        }
        OperationCommand::Close { .. } => {
            if held {
                return Err(refused("it is being carried out", "cancel it: it stops between steps"));
            }
            let failed =
                state.steps.iter().any(|step| matches!(step, StepState::Failed { .. } | StepState::NotDone { .. }));
            let doubt =
                state.steps.iter().any(|step| matches!(step, StepState::Started { .. } | StepState::Unknown { .. }));
            let verdict = match (doubt || state.next_step().is_none(), failed) {
                (true, _) => Verdict::Unknown,
                (false, true) => Verdict::Failed,
                (false, false) => {
                    if state.cancelled_by.is_none() {
                        write(journal, &state, by, now, OperationEvent::CancelAsked { by: by.clone(), why: None })?;
                    }
                    Verdict::Cancelled
                }
            };
            OperationEvent::Ended { verdict, said: Line::from_text(&format!("{by} closed it as it stood")) }
        }
    };
    write(journal, &state, by, now, event)?;
    Ok(false)
}

fn refused(message: &str, hint: &str) -> Trouble {
    Trouble { kind: FailureKind::Refused, message: Line::from_text(message), hint: Line::from_text(hint) }
}

fn write(
    journal: &mut Journal,
    state: &crate::operation::Operation,
    by: &Actor,
    now: Timestamp,
    event: OperationEvent,
) -> Result<(), Trouble> {
    let draft = Draft {
        at: now,
        by: by.clone(),
        service: state.plan.intent.service.clone(),
        operation: Some(state.id().clone()),
        body: Body::Operation(event),
    };
    journal.append(&draft).map_err(|error| not_written(&error))?;
    if let (Some((run, step)), Body::Operation(OperationEvent::Ended { verdict, said })) =
        (&state.plan.intent.step, &draft.body)
    {
        let (operation, good) = (state.id().clone(), verdict.is_good());
        let ended = RunEvent::OperationEnded { step: *step, operation, good, said: said.clone() };
        super::runs::write(journal, run, &draft.service, by, now, ended)?;
    }
    Ok(())
}

/// What a worker is started for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Job {
    Operation(OperationId),
    /// A script of a runbook's step.
    Step {
        run: RunId,
        execution: u32,
    },
}

impl Starter {
    /// Starts a worker for an operation, which outlives this process.
    ///
    /// # Errors
    /// When no process can be started.
    pub fn start(&self, operation: &OperationId, take_over: Option<&str>) -> Result<(), Trouble> {
        self.start_job(&Job::Operation(operation.clone()), take_over, &[])
    }

    /// Starts a worker that outlives this process. Secrets go to it through a pipe, and stand nowhere.
    ///
    /// The process that is started here has a process group of its own from its first moment, so that a terminal that goes
    /// away now does not take it along; it starts the worker, which begins a session of its own, and ends.
    ///
    /// # Errors
    /// When no process can be started.
    pub fn start_job(&self, job: &Job, take_over: Option<&str>, secrets: &[(String, Secret)]) -> Result<(), Trouble> {
        use std::io::Write as _;
        use std::os::unix::process::CommandExt as _;
        let spawned = self.command(job, take_over).and_then(|mut command| {
            if !secrets.is_empty() {
                command.arg("--secrets").stdin(Stdio::piped());
            }
            let mut child = command.arg(DETACH).process_group(0).spawn()?;
            if let Some(mut pipe) = child.stdin.take() {
                pipe.write_all(&secrets_text(secrets))?;
            }
            child.wait()
        });
        match spawned {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(not_started(&format!("it ended with {status}"))),
            Err(error) => Err(not_started(&error.to_string())),
        }
    }

    /// Returns how the program is called as a worker, with its messages in a file.
    ///
    /// # Errors
    /// When this program or that file cannot be found.
    pub fn command(&self, job: &Job, take_over: Option<&str>) -> std::io::Result<Command> {
        let log = self.state_dir.join("worker.log");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log);
        let mut command = Command::new(program()?);
        command.arg("worker");
        match job {
            Job::Operation(operation) => command.arg(operation.as_str()),
            Job::Step { run, execution } => command.arg(run.as_str()).arg("--execution").arg(execution.to_string()),
        };
        command.arg("--state-dir").arg(&self.state_dir);
        if let Some(config) = &self.config {
            command.args(config.arguments());
        }
        if let Some(why) = take_over {
            command.arg("--take-over").arg(why);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(log.map_or_else(|_| Stdio::null(), Stdio::from));
        Ok(command)
    }
}

/// How secrets go through a pipe: names and values, each with a zero byte behind it, which no environment can hold.
pub fn secrets_text(secrets: &[(String, Secret)]) -> Vec<u8> {
    let mut text = Vec::new();
    for part in secrets.iter().flat_map(|(name, value)| [name.as_str(), value.expose()]) {
        text.extend_from_slice(part.as_bytes());
        text.push(0);
    }
    text
}

/// Reads what [`secrets_text`] wrote.
pub fn secrets_from(bytes: &[u8]) -> Vec<(String, Secret)> {
    let parts: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    parts.chunks_exact(2).map(|pair| (text(pair[0]), Secret::new(text(pair[1])))).collect()
}

/// Returns this program, also when its file was replaced by a newer one while it runs.
pub fn program() -> std::io::Result<PathBuf> {
    let own = Path::new("/proc/self/exe");
    if own.exists() { Ok(own.to_path_buf()) } else { std::env::current_exe() }
}

fn not_started(why: &str) -> Trouble {
    Trouble {
        kind: FailureKind::Unavailable,
        message: Line::from_text(&format!("it is approved, and no process could be started for it: {why}")),
        hint: Line::from_text("crashcart operations resume last starts it again"),
    }
}
