//! From keys to actions: the rows' defaults, overridden by the configuration, with clashes reported.

use std::collections::BTreeMap;
use std::fmt;

use super::{ACTIONS, Action, Context};
use crate::app::event::{Key, KeyCode};

/// Which key does what, where.
#[derive(Clone, PartialEq, Debug)]
pub struct Keymap {
    bindings: Vec<(Key, Context, Action)>,
}

/// A setting in `[keys]` that cannot be followed. The default stays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyProblem {
    /// The action's name as it was written.
    pub name: String,
    pub message: String,
}

impl Default for Keymap {
    fn default() -> Self {
        Self::new(&BTreeMap::new()).0
    }
}

impl Keymap {
    /// Builds the keymap from the defaults and the configuration's `[keys]`.
    pub fn new(overrides: &BTreeMap<String, String>) -> (Self, Vec<KeyProblem>) {
        let mut problems = Vec::new();
        let mut problem = |name: &str, message: String| problems.push(KeyProblem { name: name.to_owned(), message });
        let mut bindings = Vec::new();
        let mut chosen = Vec::new();
        for (name, key) in overrides {
            match (ACTIONS.iter().find(|row| row.name == name), parse(key)) {
                (Some(row), Some(key)) => chosen.push((key, row.context, row.action)),
                (Some(_), None) => problem(
                    name,
                    format!("`{key}` is not a key; write for example \"x\", \"ctrl-x\", \"enter\" or \"f5\""),
                ),
                (None, _) => problem(name, "there is no such action; docs/keys.md lists them".to_owned()),
            }
        }
        // Whoever opens a plan and presses once more must not have done it.
        let wanted = chosen.clone();
        chosen.retain(|(key, _, action)| {
            let safe = !confirms_what_it_opens(*key, *action, &wanted);
            if !safe {
                let message = format!("`{key}` would open plans and say yes to them; the default stays");
                problem(super::info(*action).name, message);
            }
            safe
        });
        for (index, (key, context, action)) in chosen.iter().enumerate() {
            for (other_key, other_context, other) in &chosen[..index] {
                if key == other_key && overlap(*context, *other_context) && !shares(*action, *other) {
                    let (name, first) = (super::info(*action).name, super::info(*other).name);
                    problem(name, format!("`{key}` already does `{first}`"));
                }
            }
        }
        bindings.extend(chosen.iter().copied());
        for row in ACTIONS {
            let rebound = chosen.iter().any(|(_, _, action)| *action == row.action);
            for key in row.keys.iter().filter(|_| !rebound).filter_map(|key| parse(key)) {
                let taken = chosen.iter().find(|(other, context, by)| {
                    *other == key && overlap(*context, row.context) && !shares(*by, row.action)
                });
                match taken {
                    Some((_, _, by)) => {
                        let by = super::info(*by).name;
                        problem(by, format!("`{key}` was `{}`, which has no other key now", row.name));
                    }
                    None => bindings.push((key, row.context, row.action)),
                }
            }
        }
        // A default that lost one of several keys is still reachable: that is no problem to tell of.
        problems.retain(|found| {
            !ACTIONS.iter().any(|row| {
                found.message.contains(&format!("was `{}`", row.name))
                    && bindings.iter().any(|(_, _, action)| *action == row.action)
            })
        });
        (Self { bindings }, problems)
    }

    /// Returns what `key` does in `context`: the context's own meaning first, then moving, then everywhere.
    pub fn action(&self, key: Key, context: Context) -> Option<Action> {
        [context, Context::Moving, Context::Everywhere].into_iter().find_map(|place| {
            self.bindings.iter().find(|(bound, at, _)| *bound == key && *at == place).map(|(_, _, action)| *action)
        })
    }

    /// Returns the key to show for an action: the first that is bound.
    pub fn key(&self, action: Action) -> Option<Key> {
        self.bindings.iter().find(|(_, _, bound)| *bound == action).map(|(key, _, _)| *key)
    }

    /// Returns all keys of an action.
    pub fn keys(&self, action: Action) -> impl Iterator<Item = Key> + '_ {
        self.bindings.iter().filter(move |(_, _, bound)| *bound == action).map(|(key, _, _)| *key)
    }
}

/// What leads to a plan.
const OPENS: [Action; 5] = [Action::RollBack, Action::Actions, Action::Undo, Action::Open, Action::Page];

/// Whether a key, bound to this, would open a plan and confirm it as well.
fn confirms_what_it_opens(key: Key, action: Action, chosen: &[(Key, Context, Action)]) -> bool {
    let has = |of: Action| {
        let own = chosen.iter().filter(|(_, _, action)| *action == of).map(|(key, ..)| *key);
        let own: Vec<Key> = own.collect();
        if own.is_empty() { super::info(of).keys.iter().filter_map(|key| parse(key)).collect() } else { own }
    };
    match action {
        Action::Confirm => key.code == KeyCode::Enter || OPENS.iter().any(|opens| has(*opens).contains(&key)),
        other => OPENS.contains(&other) && has(Action::Confirm).contains(&key),
    }
}

/// Whether two may have one key: without a search, "next match" is a note.
fn shares(one: Action, other: Action) -> bool {
    matches!((one, other), (Action::SearchNext, Action::Note) | (Action::Note, Action::SearchNext))
}

/// Whether a key could mean both at once. A plan or a runbook hides everything that is not scrolling.
fn overlap(one: Context, other: Context) -> bool {
    let hides = |context| matches!(context, Context::Plan | Context::Runbook | Context::Contact);
    if hides(one) || hides(other) {
        return one == other || one == Context::Moving || other == Context::Moving;
    }
    let general = |context| matches!(context, Context::Everywhere | Context::Moving);
    one == other || general(one) || general(other)
}

/// Reads a key as people write it: `x`, `G`, `ctrl-x`, `alt-x`, `enter`, `space`, `f5`.
pub fn parse(text: &str) -> Option<Key> {
    let (mut ctrl, mut alt, mut rest) = (false, false, text);
    loop {
        if let Some(after) = rest.strip_prefix("ctrl-").filter(|after| !after.is_empty()) {
            (ctrl, rest) = (true, after);
        } else if let Some(after) = rest.strip_prefix("alt-").filter(|after| !after.is_empty()) {
            (alt, rest) = (true, after);
        } else {
            break;
        }
    }
    let mut chars = rest.chars();
    let code = match (chars.next()?, chars.next()) {
        (only, None) => KeyCode::Char(only),
        _ => *NAMED.iter().find_map(|(name, code)| (*name == rest).then_some(code))?,
    };
    Some(Key { code, ctrl, alt })
}

const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("shift-tab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("space", KeyCode::Char(' ')),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("f1", KeyCode::F(1)),
    ("f2", KeyCode::F(2)),
    ("f3", KeyCode::F(3)),
    ("f4", KeyCode::F(4)),
    ("f5", KeyCode::F(5)),
    ("f6", KeyCode::F(6)),
    ("f7", KeyCode::F(7)),
    ("f8", KeyCode::F(8)),
    ("f9", KeyCode::F(9)),
    ("f10", KeyCode::F(10)),
    ("f11", KeyCode::F(11)),
    ("f12", KeyCode::F(12)),
];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        if self.ctrl {
            text.push_str("ctrl-");
        }
        if self.alt {
            text.push_str("alt-");
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => text.push_str(name),
            (None, KeyCode::Char(c)) => text.push(c),
            (None, other) => text.push_str(&format!("{other:?}").to_lowercase()),
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, key)| ((*name).to_owned(), (*key).to_owned())).collect()
    }

    #[test]
    fn every_default_key_is_readable_and_no_two_clash() {
        for (index, row) in ACTIONS.iter().enumerate() {
            for key in row.keys {
                assert_eq!(parse(key).map(|key| key.to_string()).as_deref(), Some(*key));
                for other in &ACTIONS[index + 1..] {
                    let clash = overlap(row.context, other.context)
                        && other.keys.contains(key)
                        && !shares(row.action, other.action);
                    assert!(!clash, "{key} means {} and {}", row.name, other.name);
                }
            }
        }
    }

    #[test]
    fn a_key_can_be_changed_and_the_old_one_is_free() {
        let (keymap, problems) = Keymap::new(&overrides(&[("refresh", "f5")]));
        assert_eq!(problems, []);
        assert_eq!(keymap.action(parse("f5").unwrap(), Context::Triage), Some(Action::Refresh));
        assert_eq!(keymap.action(parse("r").unwrap(), Context::Triage), None);
    }

    #[test]
    fn what_opens_a_plan_never_confirms_it() {
        for key in ["R", "enter", "a", "U"] {
            let (keymap, problems) = Keymap::new(&overrides(&[("plan.confirm", key)]));
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(keymap.action(parse("y").unwrap(), Context::Plan), Some(Action::Confirm));
            assert_ne!(keymap.action(parse(key).unwrap(), Context::Plan), Some(Action::Confirm));
        }
        let (keymap, problems) = Keymap::new(&overrides(&[("roll-back", "y")]));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(keymap.key(Action::RollBack), parse("R"));
        let (keymap, problems) = Keymap::new(&overrides(&[("roll-back", "y"), ("plan.confirm", "Y"), ("copy", "f9")]));
        assert_eq!(problems, []);
        assert_eq!((keymap.key(Action::RollBack), keymap.key(Action::Confirm)), (parse("y"), parse("Y")));
    }

    #[test]
    fn a_clash_an_unknown_action_and_an_unreadable_key_are_each_named() {
        let (_, problems) = Keymap::new(&overrides(&[("refresh", "?"), ("fly", "f"), ("zoom", "f99")]));
        let told: Vec<_> = problems.iter().map(|p| format!("{}: {}", p.name, p.message)).collect();
        assert_eq!(
            told,
            [
                "fly: there is no such action; docs/keys.md lists them",
                "zoom: `f99` is not a key; write for example \"x\", \"ctrl-x\", \"enter\" or \"f5\"",
                "refresh: `?` was `help`, which has no other key now",
            ]
        );
    }
}
