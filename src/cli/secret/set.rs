//! `crashcart secret set`: decides where, asks, writes, and says what to write in the configuration.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::args::{Cli, SecretSetArgs};
use super::super::environment::Environment;
use super::super::failure::Failure;
use super::super::prompt::Hidden;
use super::super::{Exit, output};
use super::{failed, keyring_failed, passphrase, piped, prompt_failed, store_failed, uses, wait, wrong};
use crate::clock::Clock;
use crate::config::SecretUse;
use crate::model::secret::{Secret, SecretRef};
use crate::secret::{Existing, KEYRING_LIMIT, Keeper, KeyringTrouble, write_file};

/// Somebody may have to go to the desktop and type the keyring's password there.
const PATIENCE: Duration = Duration::from_secs(60);
/// A shorter passphrase is guessed on one machine in an afternoon, whatever work each guess is.
const SHORTEST_PASSPHRASE: usize = 8;

/// Where a secret goes, and why there.
enum Target {
    Keyring,
    Store { because: Option<KeyringTrouble> },
    File(PathBuf),
}

pub(super) fn run(
    cli: &Cli,
    args: &SecretSetArgs,
    keeper: &Keeper,
    clock: &Clock,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let name = args.name.as_str();
    if !args.argument.is_empty() {
        return Err(Failure::usage(anyhow::anyhow!("a secret is never an argument: others may have seen it by now"))
            .hint(format!("change it, then run crashcart secret set {name} and type it there, or pipe it in")));
    }
    let place = keep(args, None, keeper, clock, environment)?;
    output::print(told(name, &place, keeper, clock, &uses(cli, environment)))?;
    Ok(Exit::Healthy)
}

/// Keeps a secret, and asks for it unless it is there: returns where.
pub(in crate::cli) fn keep(
    args: &SecretSetArgs,
    typed: Option<Secret>,
    keeper: &Keeper,
    clock: &Clock,
    environment: &Environment,
) -> Result<SecretRef, Failure> {
    let name = args.name.as_str();
    let target = target(args, keeper, environment)?;
    if let Target::Store { because: Some(trouble) } = &target {
        output::tell(&format!("The keyring cannot be used ({trouble}): {name} goes into the store.\n"));
    }
    let mut typed = typed;
    let mut asked = || typed.take().map_or_else(|| asked(name, environment), Ok);
    Ok(match target {
        Target::Keyring => {
            let secret = asked()?;
            wait(keeper.set_in_keyring(name, &secret, PATIENCE))?.map_err(keyring_failed)?;
            SecretRef::Keyring(name.to_owned())
        }
        Target::Store { because: _ } => {
            let is_new = !keeper.has_store().map_err(store_failed)?;
            let passphrase = if is_new {
                new_passphrase(&keeper.store_path().map_err(store_failed)?)?
            } else {
                passphrase(keeper, clock)?
            };
            let secret = asked()?;
            let entry = name.to_owned();
            wait(keeper.change(&passphrase, move |store| store.0.insert(entry, secret)))?.map_err(failed)?;
            SecretRef::Store(name.to_owned())
        }
        Target::File(path) => {
            if !args.replace && path.symlink_metadata().is_ok() {
                return Err(already(&path));
            }
            let secret = asked()?;
            let existing = if args.replace { Existing::Replace } else { Existing::Keep };
            write_file(&path, format!("{}\n", secret.expose()).as_bytes(), existing).map_err(|error| {
                let hint = error.hint();
                wrong(error).hint(hint)
            })?;
            SecretRef::File(path)
        }
    })
}

fn target(args: &SecretSetArgs, keeper: &Keeper, environment: &Environment) -> Result<Target, Failure> {
    let place = &args.place;
    if let Some(path) = &place.file {
        let expanded = path.to_str().and_then(|text| environment.surroundings.expand(text));
        let here = environment.current_dir.clone().unwrap_or_default();
        return Ok(Target::File(here.join(expanded.unwrap_or_else(|| path.clone()))));
    }
    if place.store {
        return Ok(Target::Store { because: None });
    }
    if place.keyring {
        if environment.stderr_is_terminal {
            output::tell("Asking the keyring; it may want its password on the desktop.\n");
        }
        wait(keeper.try_keyring(PATIENCE))?.map_err(keyring_failed)?;
        return Ok(Target::Keyring);
    }
    Ok(match wait(keeper.try_keyring(KEYRING_LIMIT))? {
        Ok(()) => Target::Keyring,
        Err(trouble) => Target::Store { because: Some(trouble) },
    })
}

fn asked(name: &str, environment: &Environment) -> Result<Secret, Failure> {
    if !environment.stdin_is_terminal {
        return piped("the secret");
    }
    Hidden::open().and_then(|mut hidden| hidden.ask(&format!("Secret {name}"))).map_err(prompt_failed)
}

fn new_passphrase(path: &Path) -> Result<Secret, Failure> {
    let mut hidden = Hidden::open().map_err(|error| match error {
        super::PromptError::NoTerminal => {
            Failure::usage(anyhow::anyhow!("there is no store yet, and no terminal to ask for a new passphrase"))
                .hint("make the store once in a terminal: crashcart secret set NAME --store")
        }
        other => prompt_failed(other),
    })?;
    let explained = format!(
        "There is no store yet. It will be {}, encrypted with a passphrase.\n\
         Without the passphrase nobody opens it, and nobody can bring it back.\n",
        path.display()
    );
    hidden.tell(&explained).map_err(prompt_failed)?;
    let first = hidden.ask("New passphrase").map_err(prompt_failed)?;
    if first.expose().chars().count() < SHORTEST_PASSPHRASE {
        let error = anyhow::anyhow!("a passphrase has at least {SHORTEST_PASSPHRASE} characters; nothing has changed");
        return Err(wrong(error).hint("a few words are easier to type than a few signs"));
    }
    let second = hidden.ask("The same again").map_err(prompt_failed)?;
    if first != second {
        return Err(wrong(anyhow::anyhow!("the two passphrases differ; nothing has changed")));
    }
    Ok(first)
}

fn already(path: &Path) -> Failure {
    wrong(anyhow::anyhow!("there is already something at `{}`", path.display()))
        .hint("add --replace if it is a file to be overwritten")
}

/// Says where the secret is now and how the configuration names that place.
fn told(name: &str, place: &SecretRef, keeper: &Keeper, clock: &Clock, uses: &[SecretUse]) -> String {
    let mut text = match place {
        SecretRef::Keyring(_) => format!("{name} is in the keyring.\n"),
        SecretRef::File(path) => format!("{name} is in {}, which only you may read.\n", path.display()),
        _ => {
            let path = keeper.store_path().map(|path| path.display().to_string()).unwrap_or_default();
            format!("{name} is in the encrypted store, {path}.\n")
        }
    };
    let used_by: Vec<&str> =
        uses.iter().filter(|found| found.place == *place).map(|found| found.used_by.as_str()).collect();
    if used_by.is_empty() {
        let _ = write!(text, "The configuration finds it with\n\n  token = {}\n\n", written(place));
    } else {
        let _ = writeln!(text, "It is used by {}.", used_by.join(", "));
    }
    // The same name in another place is what one looks for at 2 AM.
    for found in uses.iter().filter(|found| found.place != *place && named(&found.place) == Some(name)) {
        let _ = writeln!(text, "{} looks elsewhere: in the {}.", found.used_by, found.place);
    }
    if matches!(place, SecretRef::Store(_)) && !matches!(keeper.passphrase(clock.now()), Ok(Some(_))) {
        text.push_str("The store is locked. `crashcart secret unlock` opens it for a while.\n");
    }
    text
}

/// Returns a place as the configuration writes it.
pub(in crate::cli) fn written(place: &SecretRef) -> String {
    let text = |text: &str| toml::Value::from(text).to_string();
    match place {
        SecretRef::Env(name) => format!("{{ env = {} }}", text(name)),
        SecretRef::Keyring(name) => format!("{{ keyring = {} }}", text(name)),
        SecretRef::Store(name) => format!("{{ store = {} }}", text(name)),
        SecretRef::File(path) => format!("{{ file = {} }}", text(&path.to_string_lossy())),
        SecretRef::Command(argv) => format!("{{ command = {} }}", toml::Value::from(argv.clone())),
    }
}

fn named(place: &SecretRef) -> Option<&str> {
    match place {
        SecretRef::Env(name) | SecretRef::Keyring(name) | SecretRef::Store(name) => Some(name),
        SecretRef::Command(_) | SecretRef::File(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_the_configuration_reads_it() {
        for place in [
            SecretRef::Env("A".to_owned()),
            SecretRef::Keyring("fly".to_owned()),
            SecretRef::Store("fly".to_owned()),
            SecretRef::File("/a \"b\"/c".into()),
            SecretRef::Command(vec!["op".to_owned(), "read".to_owned(), "op://infra/fly".to_owned()]),
        ] {
            let text = format!("[sources.x]\nprovider = \"x\"\ntoken = {}\n", written(&place));
            let here = crate::config::Place { directory: Path::new("/"), home: None };
            let loaded = crate::config::load(&text, here);
            assert!(!loaded.has_errors(), "{text}");
            assert_eq!(loaded.secrets[0].place, place, "{text}");
        }
    }
}
