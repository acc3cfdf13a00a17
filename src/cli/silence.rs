//! `crashcart silence`: an alert that is known is heard no more for a while, wherever it fires.

use std::time::Duration;

use anyhow::anyhow;
use serde_json::json;

use super::acting::{Desk, Thing};
use super::args::{Cli, SilenceArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, output};
use crate::model::alert::{Alert, AlertState};
use crate::model::operation::{Offer, Target};

/// The action's name in every definition.
const SILENCE: &str = "silence";

/// An alert, and who can silence it.
#[derive(Clone)]
struct Heard {
    offer: Offer,
    thing: Thing,
}

impl Heard {
    fn alert(&self) -> Option<&Alert> {
        match &self.thing.target {
            Target::Alert(alert) => Some(alert),
            _ => None,
        }
    }

    fn is_loud(&self) -> bool {
        self.alert().is_some_and(|alert| {
            matches!(alert.state, AlertState::Firing | AlertState::Acknowledged | AlertState::Pending)
        })
    }
}

pub(super) fn run(cli: &Cli, args: &SilenceArgs, environment: &Environment) -> Result<Exit, Failure> {
    let desk = Desk::open(cli, environment)?;
    let all = heard(&desk, args)?;
    let Some(wanted) = &args.alert else { return list(&all, args) };
    let found = meant(&all, wanted)?;
    let mut acting = args.acting.clone();
    if let Some(length) = args.length {
        acting.set.push(input(&found.offer, length)?);
    }
    let request = desk.request(&found.offer, found.thing.target, false, &acting)?;
    desk.act(&request, &acting)
}

/// Asks every source that can silence for what it has to say.
fn heard(desk: &Desk, args: &SilenceArgs) -> Result<Vec<Heard>, Failure> {
    let is_wanted = |offer: &&Offer| {
        let source = args.source.as_ref().is_none_or(|source| offer.source.as_str() == source);
        offer.action == SILENCE && offer.target == "alert" && source
    };
    // Several services may read the same source: it is asked once, in the name of the first.
    let mut offers: Vec<&Offer> = Vec::new();
    for offer in desk.project.catalog.offers.iter().filter(is_wanted) {
        if !offers.iter().any(|other| other.source == offer.source && other.params == offer.params) {
            offers.push(offer);
        }
    }
    if offers.is_empty() {
        let hint = "`crashcart act` lists what can be done; `crashcart providers` says which systems can silence";
        return Err(Failure::usage(anyhow!("no source of this configuration can silence an alert")).hint(hint));
    }
    let asked = offers.iter().map(|offer| desk.things(offer));
    let answers = desk.runtime.block_on(futures_util::future::join_all(asked));
    let (mut all, mut silent) = (Vec::new(), Vec::new());
    for (offer, answer) in offers.into_iter().zip(answers) {
        match answer {
            Ok(things) => all.extend(things.into_iter().map(|thing| Heard { offer: offer.clone(), thing })),
            Err(failure) => silent.push((offer.source.to_string(), failure)),
        }
    }
    // One that does not answer hides what fires there; when nobody answers that is the answer.
    match silent.len() {
        0 => {}
        _ if all.is_empty() => return Err(silent.swap_remove(0).1),
        _ => silent.iter().for_each(|(source, why)| output::tell(&format!("{source}: {:#}\n", why.error))),
    }
    Ok(all)
}

/// Finds the alert that is meant: by its name or id, or by the beginning of one that only one has.
fn meant(all: &[Heard], wanted: &str) -> Result<Heard, Failure> {
    let names = |some: &[&Heard]| -> String {
        let names: Vec<String> =
            some.iter().map(|one| format!("{} ({})", one.thing.name(), one.offer.source)).collect();
        names.join(", ")
    };
    let of = |fits: &dyn Fn(&Heard) -> bool| all.iter().filter(|one| fits(one)).collect::<Vec<_>>();
    let loud = of(&|one| one.is_loud());
    let mut found = of(&|one| one.thing.is(wanted));
    if found.is_empty() {
        found = of(&|one| one.thing.begins_with(wanted));
    }
    if found.len() > 1 {
        // What is silenced already is hardly meant.
        found.retain(|one| one.is_loud());
    }
    let one = match found.as_slice() {
        [one] => *one,
        [] => {
            let hint =
                if loud.is_empty() { "nothing fires now".to_owned() } else { format!("what fires: {}", names(&loud)) };
            return Err(Failure::usage(anyhow!("there is no alert `{wanted}` to silence")).hint(hint));
        }
        several => {
            let ids: Vec<String> =
                several.iter().map(|one| format!("{} ({})", one.thing.id, one.offer.source)).collect();
            return Err(Failure::usage(anyhow!("`{wanted}` means {} alerts", several.len()))
                .hint(format!("name one by its id: {}", ids.join(", "))));
        }
    };
    Ok(one.clone())
}

/// Says a length in the words of whoever silences.
fn input(offer: &Offer, length: Duration) -> Result<(String, String), Failure> {
    let whole = |unit: u64| length.as_secs().div_ceil(unit).max(1);
    let known = |name: &str| offer.inputs.iter().any(|input| input.name == name);
    let value = if known("duration") {
        ("duration", format!("{}m", whole(60)))
    } else if known("minutes") {
        ("minutes", whole(60).to_string())
    } else if known("hours") {
        ("hours", whole(3_600).to_string())
    } else {
        let names: Vec<&str> = offer.inputs.iter().map(|input| input.name.as_str()).collect();
        let hint = match names.as_slice() {
            [] => "leave --for out, and take the silence back with `crashcart operations undo`".to_owned(),
            names => format!("say it with --set: it is told {}", names.join(", ")),
        };
        return Err(Failure::usage(anyhow!("{} is not told how long", offer.source)).hint(hint));
    };
    Ok((value.0.to_owned(), value.1))
}

/// Prints what fires and can be silenced.
fn list(all: &[Heard], args: &SilenceArgs) -> Result<Exit, Failure> {
    let loud: Vec<&Heard> = all.iter().filter(|one| one.is_loud()).collect();
    if args.acting.json {
        let value: Vec<_> = loud
            .iter()
            .map(|one| json!({ "source": one.offer.source, "id": one.thing.id, "title": one.thing.name(), "alert": one.alert() }))
            .collect();
        output::print(format!("{:#}\n", json!(value)))?;
        return Ok(Exit::Healthy);
    }
    if loud.is_empty() {
        output::print("Nothing fires that could be silenced.\n")?;
        return Ok(Exit::Healthy);
    }
    let width = loud.iter().map(|one| one.thing.name().chars().count()).max().unwrap_or(0);
    let text: String = loud
        .iter()
        .map(|one| format!("{:width$}  {}  {}\n", one.thing.name(), one.offer.source, one.thing.id))
        .collect();
    output::print(text)?;
    output::tell("crashcart silence NAME --for 2h --reason TEXT silences one\n");
    Ok(Exit::Healthy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::SourceId;
    use crate::model::operation::{ConfirmLevel, OfferInput};
    use crate::model::text::Line;

    fn offer(input: &str) -> Offer {
        let input = OfferInput {
            name: input.to_owned(),
            help: Line::default(),
            default: serde_json::Value::Null,
            optional: false,
            one_of: Vec::new(),
        };
        Offer {
            service: None,
            source: SourceId::new("pager"),
            action: SILENCE.to_owned(),
            title: Line::from_text("silence"),
            target: "alert".to_owned(),
            params: std::collections::BTreeMap::new(),
            inputs: vec![input],
            confirm: ConfirmLevel::Key,
        }
    }

    #[test]
    fn a_length_is_never_shortened_and_said_in_the_words_of_each_system() {
        let says = |name: &str, seconds| {
            input(&offer(name), Duration::from_secs(seconds)).map(|(name, value)| name + "=" + &value)
        };
        assert_eq!(says("duration", 7_200).unwrap(), "duration=120m");
        assert_eq!(says("minutes", 61).unwrap(), "minutes=2");
        assert_eq!(says("hours", 5_400).unwrap(), "hours=2");
        let failure = says("period", 60).unwrap_err();
        assert!(failure.hint.unwrap_or_default().contains("it is told period"));
    }
}
