//! `crashcart secret list`: which secrets there are, what uses them, and whether they can be had.
//!
//! With `--json` one object: `secrets` (each with `place`, `state`, `message`, `hint` and `used_by`), `keyring`
//! (`usable`, `reason`) and `store` (`path`, `exists`, `unlocked_until`, `reason`).

use std::fmt::Write as _;

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::args::Cli;
use super::super::config_file::{self, ConfigFile};
use super::super::environment::Environment;
use super::super::failure::Failure;
use super::super::trust_store::{Standing, TrustStore};
use super::super::{Exit, output};
use super::{configuration, wait};
use crate::clock::Clock;
use crate::config::duration;
use crate::model::secret::SecretRef;
use crate::model::text::Line;
use crate::model::text::measure;
use crate::model::time::Timestamp;
use crate::secret::{KEYRING_LIMIT, Keeper, KeyringTrouble, SecretError};

/// One place and what is known about it.
struct Row {
    place: SecretRef,
    used_by: Vec<String>,
    state: State,
}

enum State {
    Found,
    /// The file that names it is not trusted, so it was not asked for.
    NotAsked,
    Failed(SecretError),
}

/// Where crashcart itself keeps secrets.
struct Homes {
    keyring: Result<(), KeyringTrouble>,
    store: Store,
}

struct Store {
    path: Option<String>,
    exists: bool,
    open_until: Option<Timestamp>,
    reason: Option<String>,
}

pub(super) fn run(
    cli: &Cli,
    json: bool,
    keeper: &Keeper,
    clock: &Clock,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let file = configuration(cli, environment)?;
    let trusted = file.as_ref().is_none_or(|file| is_trusted(cli, file, environment));
    let now = clock.now();
    let (rows, homes) = wait(gather(file.as_ref(), trusted, keeper, now))?;
    if json {
        output::print(format!("{}\n", document(&rows, &homes)))?;
    } else {
        output::print(text(&rows, &homes, file.as_ref(), now))?;
    }
    Ok(verdict(&rows))
}

fn is_trusted(cli: &Cli, file: &ConfigFile, environment: &Environment) -> bool {
    let store = config_file::state_dir(&cli.global, environment).map(TrustStore::new);
    file.standing(store.as_ref()).is_ok_and(|standing| standing == Standing::Trusted)
}

async fn gather(file: Option<&ConfigFile>, trusted: bool, keeper: &Keeper, now: Timestamp) -> (Vec<Row>, Homes) {
    let mut places: Vec<(SecretRef, Vec<String>)> = Vec::new();
    for found in file.iter().flat_map(|file| &file.loaded.secrets) {
        match places.iter_mut().find(|(place, _)| *place == found.place) {
            Some((_, used_by)) => used_by.push(found.used_by.clone()),
            None => places.push((found.place.clone(), vec![found.used_by.clone()])),
        }
    }
    let in_config = places.len();
    let mut unused = |place: SecretRef| {
        if !places.iter().any(|(known, _)| *known == place) {
            places.push((place, Vec::new()));
        }
    };
    let keyring = keeper.names_in_keyring(KEYRING_LIMIT).await;
    let names = keyring.as_deref().unwrap_or_default();
    names.iter().for_each(|name| unused(SecretRef::Keyring(name.clone())));
    let passphrase = keeper.passphrase(now);
    if let Ok(Some((passphrase, _))) = &passphrase
        && let Ok(contents) = keeper.open(passphrase).await
    {
        contents.0.into_keys().for_each(|name| unused(SecretRef::Store(name)));
    }
    let store = Store {
        path: keeper.store_path().ok().map(|path| path.display().to_string()),
        exists: keeper.has_store().unwrap_or(true),
        open_until: passphrase.as_ref().ok().and_then(|found| found.as_ref()).map(|(_, until)| *until),
        reason: keeper
            .has_store()
            .err()
            .map(|error| error.to_string())
            .or(passphrase.err().map(|error| error.to_string())),
    };
    let states = join_all(places.iter().enumerate().map(async |(index, (place, _))| {
        if index < in_config && !trusted {
            return State::NotAsked;
        }
        match keeper.get(place, now).await {
            Ok(_) => State::Found,
            Err(error) => State::Failed(error),
        }
    }))
    .await;
    let rows = places.into_iter().zip(states).map(|((place, used_by), state)| Row { place, used_by, state });
    (rows.collect(), Homes { keyring: keyring.map(|_| ()), store })
}

/// Only what is used can be wrong.
fn verdict(rows: &[Row]) -> Exit {
    let mut exit = Exit::Healthy;
    for row in rows.iter().filter(|row| !row.used_by.is_empty()) {
        match &row.state {
            State::Found => {}
            State::NotAsked | State::Failed(SecretError::Locked { .. } | SecretError::TimedOut { .. }) => {
                exit = Exit::CouldNotTell;
            }
            State::Failed(_) => return Exit::Wrong,
        }
    }
    exit
}

impl State {
    fn word(&self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotAsked => "not asked",
            Self::Failed(SecretError::Missing { .. }) => "missing",
            Self::Failed(SecretError::Locked { .. } | SecretError::NoKeyring(KeyringTrouble::Locked)) => "locked",
            Self::Failed(SecretError::Denied { .. }) => "refused",
            Self::Failed(SecretError::TimedOut { .. } | SecretError::NoKeyring(KeyringTrouble::Silent(_))) => {
                "no answer"
            }
            Self::Failed(_) => "failed",
        }
    }

    fn error(&self) -> Option<&SecretError> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Found | Self::NotAsked => None,
        }
    }
}

fn text(rows: &[Row], homes: &Homes, file: Option<&ConfigFile>, now: Timestamp) -> String {
    let mut text = String::new();
    let shown = |row: &Row| Line::from_text(&row.place.to_string()).to_string();
    let width = rows.iter().map(|row| measure::width(&shown(row))).max().unwrap_or(0);
    let mut hints: Vec<String> = Vec::new();
    for row in rows {
        let place = shown(row);
        let gap = " ".repeat(width - measure::width(&place));
        let used_by = if row.used_by.is_empty() { "nothing here uses it".to_owned() } else { row.used_by.join(", ") };
        let _ = writeln!(text, "{place}{gap}  {:<9}  {used_by}", row.state.word());
        if let Some(error) = row.state.error() {
            let _ = writeln!(text, "  {}", Line::from_text(&error.to_string()));
            let hint = error.hint();
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
    }
    if rows.is_empty() {
        text.push_str("There are no secrets here. `crashcart secret set NAME` keeps one.\n");
    }
    text.push('\n');
    if let (Some(file), true) = (file, rows.iter().any(|row| matches!(row.state, State::NotAsked))) {
        let _ = writeln!(
            text,
            "{} is not trusted: nothing that it names was asked for. `crashcart trust` shows what it would do.",
            file.shown.display()
        );
    }
    if let Err(trouble) = &homes.keyring {
        let _ = writeln!(text, "The keyring cannot be used: {trouble}.");
    }
    let Store { path, exists, open_until, reason } = &homes.store;
    if let (Some(path), true) = (path, exists) {
        let state = match (open_until, reason) {
            (Some(until), _) => format!("is open for another {}", duration::text(whole_minutes(until.since(now)))),
            (None, None) => "is locked: what else is in it is not shown".to_owned(),
            (None, Some(reason)) => format!("is locked: {reason}"),
        };
        let _ = writeln!(text, "The store, {path}, {state}.");
    }
    for hint in hints {
        let _ = writeln!(text, "hint: {}", Line::from_text(&hint));
    }
    text.trim_end().to_owned() + "\n"
}

/// Seconds say too much about an hour.
fn whole_minutes(left: std::time::Duration) -> std::time::Duration {
    let seconds = left.as_secs();
    std::time::Duration::from_secs(if seconds < 120 { seconds } else { seconds.div_ceil(60) * 60 })
}

fn document(rows: &[Row], homes: &Homes) -> Value {
    let secrets: Vec<Value> = rows
        .iter()
        .map(|row| {
            let error = row.state.error();
            json!({
                "place": row.place,
                "state": row.state.word(),
                "message": error.map(ToString::to_string),
                "hint": error.map(SecretError::hint),
                "used_by": row.used_by,
            })
        })
        .collect();
    let Store { path, exists, open_until, reason } = &homes.store;
    json!({
        "secrets": secrets,
        "keyring": { "usable": homes.keyring.is_ok(), "reason": homes.keyring.as_ref().err().map(ToString::to_string) },
        "store": { "path": path, "exists": exists, "unlocked_until": open_until, "reason": reason },
    })
}
