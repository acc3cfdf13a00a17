//! Each log: whether its lines can be read from here and by this user.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::mpsc::channel;
use tokio_util::sync::CancellationToken;

use super::{Look, Ward};
use crate::model::id::FeedId;
use crate::model::log::{LogOrigin, LogSourceSpec, LogSourceState};
use crate::model::readiness::{Area, Proof, Verdict};
use crate::model::source::{Capability, FailureKind};
use crate::provider::engine::Ask;
use crate::provider::run::{Failure, seconds};
use crate::tail::{self, Options, TailEvent};

/// A command that has neither failed nor ended after this long follows.
const HOLDS: Duration = Duration::from_secs(3);
/// As much of a platform's log is asked for.
const LOOK_BACK: Duration = Duration::from_secs(15 * 60);

/// Returns a look at every log.
pub(super) fn looks<'a>(ward: &'a Ward<'_>) -> Vec<Look<'a>> {
    let logs = ward.project.catalog.logs.iter().filter(|log| log.origin != LogOrigin::Stdin);
    logs.map(|log| Look {
        area: Area::Log,
        subject: subject(ward, log),
        work: async move { vec![look(ward, log).await] }.boxed(),
    })
    .collect()
}

fn subject(ward: &Ward<'_>, log: &LogSourceSpec) -> String {
    let service = log.service.as_ref().map(|service| format!("{service}: ")).unwrap_or_default();
    // A platform's lines are called like the service that writes them.
    let source = match &log.origin {
        LogOrigin::Feed(feed) => ward.project.catalog.feed(feed).map(|feed| feed.source.to_string()),
        _ => None,
    };
    format!("{service}{}", source.unwrap_or_else(|| log.title.to_string()))
}

async fn look(ward: &Ward<'_>, log: &LogSourceSpec) -> Proof {
    match &log.origin {
        LogOrigin::Feed(feed) => of_platform(ward, log, feed).await,
        _ => of_this_machine(ward, log).await,
    }
}

async fn of_this_machine(ward: &Ward<'_>, log: &LogSourceSpec) -> Proof {
    let subject = subject(ward, log);
    let told = |verdict, evidence: &str| Proof::new(Area::Log, &subject, verdict, evidence);
    let (sender, mut events) = channel(16);
    let cancel = CancellationToken::new();
    let options = Options { restart: None, backlog_bytes: 4_096, ..Options::default() };
    let followed = match tail::follow(vec![log.clone()], options, ward.clock.clone(), sender, cancel.clone()) {
        Ok(followed) => followed,
        Err(error) => return told(Verdict::Failure, &format!("it cannot be followed: {error}")),
    };
    let fix = match &log.origin {
        LogOrigin::File(path) => format!("ls -l {}", path.display()),
        LogOrigin::Glob(pattern) => format!("ls -l {pattern}"),
        LogOrigin::Command(command) => match &command.ssh {
            Some(host) => format!("ssh {host} {}", command.command),
            None => format!("run it by hand: {}", command.command),
        },
        _ => String::new(),
    };
    let is_command = matches!(log.origin, LogOrigin::Command(_));
    let mut lines = 0;
    let mut last: Option<LogSourceState> = None;
    let heard = async {
        while let Some(event) = events.recv().await {
            match event {
                TailEvent::Lines(batch) => {
                    lines += batch.lines.len();
                    break;
                }
                TailEvent::State(_, state) => {
                    let settled = match &state {
                        LogSourceState::Following { .. } => !is_command,
                        LogSourceState::Opening | LogSourceState::Rotated(_) => false,
                        LogSourceState::Waiting(_) | LogSourceState::Failed(_) | LogSourceState::Ended(_) => true,
                    };
                    last = Some(state);
                    if settled {
                        break;
                    }
                }
                TailEvent::Joined(_) | TailEvent::Left(_) => {}
            }
        }
    };
    let _ = tokio::time::timeout(HOLDS, heard).await;
    cancel.cancel();
    // A writer that waits for us must not keep its thread.
    drop(events);
    followed.ended().await;
    if lines > 0 {
        return told(Verdict::Ok, "its lines are read");
    }
    match last {
        Some(LogSourceState::Failed(why)) => told(Verdict::Failure, why.as_str()).fix(&fix),
        Some(LogSourceState::Waiting(why)) => told(Verdict::Warning, why.as_str()).fix(&fix),
        Some(LogSourceState::Ended(why)) => told(Verdict::Failure, why.as_str()).fix(&fix),
        Some(LogSourceState::Following { bytes: Some(bytes) }) => {
            told(Verdict::Ok, &format!("it is followed, {} so far", crate::ui::format::bytes(bytes)))
        }
        Some(_) => told(Verdict::Ok, "it is followed, and says nothing yet"),
        None => told(Verdict::Warning, "nothing was heard of it").fix(&fix),
    }
}

async fn of_platform(ward: &Ward<'_>, log: &LogSourceSpec, feed: &FeedId) -> Proof {
    let subject = subject(ward, log);
    let catalog = &ward.project.catalog;
    let found = catalog.feed(feed).and_then(|feed| Some((feed, catalog.source(&feed.source)?)));
    let Some((feed, source)) = found else {
        return Proof::new(Area::Log, &subject, Verdict::Failure, "its source is not known");
    };
    let now = ward.clock.now();
    let mut input = feed.input.clone();
    input.insert("since".to_owned(), seconds(now - LOOK_BACK).into());
    input.insert("until".to_owned(), seconds(now).into());
    input.insert("limit".to_owned(), 20.into());
    let reads = ward.engine.definition(source).is_ok_and(|it| it.readings.contains_key(&Capability::Logs));
    let none: BTreeMap<_, _> = feed.params.clone();
    let read: Result<String, Failure> = if reads {
        let ask = Ask { source, capability: Capability::Logs, params: &none, input: &input, now: true };
        ward.engine
            .read(&ask)
            .await
            .map(|mapped| format!("{} of the last 15 minutes", crate::ui::format::count(mapped.found.count(), "line")))
    } else {
        ward.engine.follow(source, &none).await.map(|_| "the stream begins".to_owned())
    };
    match read {
        Ok(evidence) => Proof::new(Area::Log, &subject, Verdict::Ok, &evidence),
        Err(failure) if failure.kind == FailureKind::NoCredential => {
            let evidence = format!("it cannot be read without the credential of {}", source.id);
            Proof::new(Area::Log, &subject, Verdict::Failure, &evidence)
                .fix(&format!("crashcart secret set {}", source.id))
        }
        Err(failure) => {
            Proof::new(Area::Log, &subject, Verdict::Failure, &failure.to_string()).fix(failure.kind.hint())
        }
    }
}
