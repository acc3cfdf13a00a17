//! What an action is told beside its target, one thing after the other.

use std::collections::BTreeMap;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use super::prompt::Input;
use crate::model::operation::{Offer, OfferInput, Target};
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role};

/// The questions, and the answers so far.
#[derive(Clone, PartialEq, Debug)]
pub struct AskState {
    pub offer: Offer,
    pub target: Target,
    pub values: BTreeMap<String, Value>,
    at: usize,
    pub input: Input,
    /// Why the last answer was not taken.
    trouble: Option<String>,
}

impl AskState {
    /// Opens the first question, if there is any.
    pub fn new(offer: Offer, target: Target) -> Option<Self> {
        let first = offer.inputs.first()?;
        let input = Input { text: text_of(&first.default) };
        Some(Self { offer, target, values: BTreeMap::new(), at: 0, input, trouble: None })
    }

    /// Takes the answer and goes on to the next question. Returns whether that was the last.
    pub fn answered(&mut self) -> bool {
        let Some(asked) = self.offer.inputs.get(self.at) else { return true };
        match value_of(asked, self.input.text.trim()) {
            Ok(value) => {
                if let Some(value) = value {
                    self.values.insert(asked.name.clone(), value);
                }
                self.trouble = None;
                self.at += 1;
            }
            Err(why) => {
                self.trouble = Some(why);
                return false;
            }
        }
        match self.offer.inputs.get(self.at) {
            Some(next) => {
                self.input = Input { text: text_of(&next.default) };
                false
            }
            None => true,
        }
    }

    /// Goes through the values that can be chosen from.
    pub fn next_value(&mut self) {
        let Some(asked) = self.offer.inputs.get(self.at).filter(|asked| !asked.one_of.is_empty()) else { return };
        let here = asked.one_of.iter().position(|value| *value == self.input.text);
        let next = here.map_or(0, |here| (here + 1) % asked.one_of.len());
        self.input.text.clone_from(&asked.one_of[next]);
    }

    /// Draws the modal.
    pub fn view(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let Some(asked) = self.offer.inputs.get(self.at) else { return };
        let name = self.target.name().map(|name| format!(" {name}")).unwrap_or_default();
        let title = format!("{}{name}: {} of {}", self.offer.title, self.at + 1, self.offer.inputs.len());
        let title = paint::cut(&title, usize::from(area.width.saturating_sub(8)), look).into_owned();
        let hint =
            if asked.one_of.is_empty() { "enter next  esc back" } else { "tab other value  enter next  esc back" };
        let inner = super::frame(&title, hint, area, buf, look);
        let mut rows = Vec::new();
        for line in paint::wrap(asked.help.as_str(), usize::from(inner.width)) {
            rows.push(Row::of(vec![piece(line, look.style(Role::Text))]));
        }
        if !asked.one_of.is_empty() {
            let text = format!("one of {}", asked.one_of.join(", "));
            rows.extend(
                paint::wrap(&text, usize::from(inner.width))
                    .into_iter()
                    .map(|line| Row::of(vec![piece(line, look.style(Role::Dim))])),
            );
        }
        if asked.optional {
            rows.push(Row::of(vec![piece("may be left empty", look.style(Role::Dim))]));
        }
        rows.push(Row::default());
        rows.push(Row::of(vec![
            piece(format!("{}: ", asked.name), look.style(Role::Accent)),
            piece(self.input.text.clone(), look.style(Role::Title)),
            piece(" ", look.style(Role::MatchHere)),
        ]));
        if let Some(trouble) = &self.trouble {
            rows.push(Row::of(vec![piece(trouble.clone(), look.style(Role::Degraded))]));
        }
        draw_rows(buf, inner, &rows, 0, true, look);
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Reads an answer: true, 3 and null are what they look like; everything else is a text.
fn value_of(asked: &OfferInput, text: &str) -> Result<Option<Value>, String> {
    if text.is_empty() {
        return if asked.optional { Ok(None) } else { Err(format!("{} is needed", asked.name)) };
    }
    if !asked.one_of.is_empty() && !asked.one_of.iter().any(|value| value == text) {
        return Err(format!("{text} is none of them"));
    }
    if asked.default.is_string() {
        return Ok(Some(Value::String(text.to_owned())));
    }
    Ok(Some(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))))
}
