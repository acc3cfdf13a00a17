//! `crashcart secret rm`: finds the one place that a secret is in, and takes it out.

use super::super::args::{Cli, SecretPlaceArgs};
use super::super::environment::Environment;
use super::super::failure::Failure;
use super::super::{Exit, output};
use super::{failed, keyring_failed, passphrase, store_failed, uses, wait, wrong};
use crate::clock::Clock;
use crate::model::secret::SecretRef;
use crate::secret::{KEYRING_LIMIT, Keeper, remove_file};

pub(super) fn run(
    cli: &Cli,
    name: &str,
    place: &SecretPlaceArgs,
    keeper: &Keeper,
    clock: &Clock,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let place = match place {
        SecretPlaceArgs { file: Some(path), .. } => SecretRef::File(path.clone()),
        SecretPlaceArgs { keyring: true, .. } => SecretRef::Keyring(name.to_owned()),
        SecretPlaceArgs { store: true, .. } => SecretRef::Store(name.to_owned()),
        _ => find(name, keeper, clock)?,
    };
    let (was_there, text) = match &place {
        SecretRef::File(path) => {
            let here = environment.current_dir.clone().unwrap_or_default();
            let expanded = path.to_str().and_then(|text| environment.surroundings.expand(text));
            let path = here.join(expanded.unwrap_or_else(|| path.clone()));
            remove_file(&path).map_err(|error| {
                let hint = error.hint();
                wrong(error).hint(hint)
            })?;
            (true, format!("The file {} is gone.\n", path.display()))
        }
        SecretRef::Keyring(_) => {
            let was_there = wait(keeper.remove_from_keyring(name, KEYRING_LIMIT))?.map_err(keyring_failed)?;
            (was_there, format!("{name} is no longer in the keyring.\n"))
        }
        _ => {
            if !keeper.has_store().map_err(store_failed)? {
                return Err(absent(name, "there is no store"));
            }
            let passphrase = passphrase(keeper, clock)?;
            let entry = name.to_owned();
            let removed = wait(keeper.change(&passphrase, move |store| store.0.remove(&entry)))?.map_err(failed)?;
            (removed.is_some(), format!("{name} is no longer in the store.\n"))
        }
    };
    if !was_there {
        return Err(absent(name, "nothing has changed"));
    }
    let mut text = text;
    for found in uses(cli, environment).iter().filter(|found| found.place == place) {
        text.push_str(&format!("{} still looks for it there.\n", found.used_by));
    }
    output::print(text)?;
    Ok(Exit::Healthy)
}

/// Looks where crashcart could have put it.
fn find(name: &str, keeper: &Keeper, clock: &Clock) -> Result<SecretRef, Failure> {
    let keyring = wait(keeper.names_in_keyring(KEYRING_LIMIT))?;
    let in_keyring = keyring.as_ref().is_ok_and(|names| names.iter().any(|found| found == name));
    let in_store = if !keeper.has_store().map_err(store_failed)? {
        false
    } else if in_keyring && !matches!(keeper.passphrase(clock.now()), Ok(Some(_))) {
        output::tell(&format!("The store is locked; whether {name} is in it too is not known.\n"));
        false
    } else {
        let passphrase = passphrase(keeper, clock)?;
        wait(keeper.open(&passphrase))?.map_err(failed)?.0.contains_key(name)
    };
    match (in_keyring, in_store) {
        (true, false) => Ok(SecretRef::Keyring(name.to_owned())),
        (false, true) => Ok(SecretRef::Store(name.to_owned())),
        (true, true) => Err(Failure::usage(anyhow::anyhow!("{name} is in the keyring and in the store"))
            .hint("say which: --keyring or --store")),
        (false, false) => Err(match keyring {
            Ok(_) => absent(name, "nothing has changed"),
            Err(trouble) => absent(name, &format!("the keyring was not looked at, because {trouble}")),
        }),
    }
}

fn absent(name: &str, and: &str) -> Failure {
    wrong(anyhow::anyhow!("there is no secret {name}; {and}")).hint("crashcart secret list shows which there are")
}
