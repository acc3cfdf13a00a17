//! The logs of one service.

use super::{Names, Place};
use crate::config::build;
use crate::config::diagnostic::Problems;
use crate::config::document::At;
use crate::config::log_argument::remote_tail;
use crate::config::shape::LogShape;
use crate::model::id::ServiceId;
use crate::model::log::{LogCommand, LogOrigin, LogSourceSpec};

/// Returns the logs of a service.
pub fn logs(
    service: &ServiceId,
    shapes: Vec<At<LogShape>>,
    place: Place<'_>,
    names: &Names,
    problems: &mut Problems,
) -> Vec<LogSourceSpec> {
    let mut logs: Vec<LogSourceSpec> = Vec::new();
    for At { value: shape, span } in shapes {
        let LogShape { file, command, ssh, source, title } = shape;
        if let Some(source) = &source {
            names.source(source, problems);
        }
        if source.is_some() && ssh.is_some() {
            problems.error(&span, "a source is not reached by ssh", None);
        }
        let ssh = ssh.map(|host| host.value.0);
        let origin = match (file, command, &source) {
            (Some(file), None, None) => match ssh {
                Some(_) if !file.value.0.starts_with('/') => {
                    problems.error(&file.span, "the path of a file on another host begins with a slash", None);
                    continue;
                }
                Some(host) => LogOrigin::Command(LogCommand { command: remote_tail(&file.value.0), ssh: Some(host) }),
                None => build::file_or_glob(place.path(&file.value.0)),
            },
            (None, Some(command), None) => LogOrigin::Command(LogCommand { command: command.value.0, ssh }),
            (None, None, Some(_)) => continue,
            (None, None, None) => {
                let help = "give it one of file, command, source".to_owned();
                problems.error(&span, "this log does not say where it is", Some(help));
                continue;
            }
            _ => {
                let help = "make two logs of it".to_owned();
                problems.error(&span, "this log is in two places", Some(help));
                continue;
            }
        };
        let log = build::log(Some(service), title.as_ref().map(|title| title.value.0.as_str()), origin);
        if logs.iter().any(|other| other.origin == log.origin) {
            problems.error(&span, "this log stands here twice", Some("take one out".to_owned()));
            continue;
        }
        logs.push(log);
    }
    logs
}
