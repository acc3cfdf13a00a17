//! An answer in which a program finds nothing because it is another answer.
//!
//! `.alerts[]?` gives an empty list for `{"alerts": []}` and for `{"message": "down for maintenance"}` alike. The first means
//! that all is well, and the second must not look so.

use serde_json::Value;

use crate::provider::definition::program::Program;
use crate::provider::definition::{AnswerFormat, PagingWay, Reading, Request};

/// Words of jq with which a program reads fields without naming them.
const ANY_FIELD: [&str; 8] =
    ["to_entries", "with_entries", "map_values", "keys", "paths", "leaf_paths", "recurse", "getpath"];
/// As many of the unknown fields are named.
const NAMED: usize = 5;

/// Returns whether a program has found nothing.
pub fn is_nothing(outputs: &[Value]) -> bool {
    outputs.iter().all(|output| match output {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    })
}

/// Returns what an answer has, when it is nothing that the reading could ever look at.
pub fn has_only_others(body: &Value, reading: &Reading, request: &Request) -> Option<String> {
    if request.each.is_some() || !matches!(request.answer, AnswerFormat::Auto | AnswerFormat::Json) {
        return None;
    }
    let object = match body {
        Value::Object(object) => object,
        // A list is read as one, or it has things of another kind in it.
        Value::Array(items) => items.first()?.as_object()?,
        Value::Null | Value::String(_) => return None,
        Value::Bool(_) | Value::Number(_) => return Some(format!("it is only {body}")),
    };
    if object.is_empty() {
        return None;
    }
    let cursor = reading.paging.as_ref().and_then(|paging| match &paging.way {
        PagingWay::Cursor(program) | PagingWay::Url(program) => Some(program),
        PagingWay::Link => None,
    });
    let programs: Vec<&str> = request
        .bind
        .iter()
        .map(|(_, program)| program)
        .chain([&reading.map])
        .chain(cursor)
        .map(Program::source)
        .collect();
    let things = body.is_object() && object.values().any(|value| value.is_object() || value.is_array());
    let any = |source: &str| {
        source.contains("..") || ANY_FIELD.iter().any(|word| names(source, word)) || (things && takes_values(source))
    };
    if programs.iter().any(|source| any(source) || object.keys().any(|key| names(source, key))) {
        return None;
    }
    let mut keys: Vec<String> = object.keys().take(NAMED).map(|key| format!("`{key}`")).collect();
    if object.len() > NAMED {
        keys.push("others".to_owned());
    }
    Some(format!("it has {}", keys.join(", ")))
}

/// Returns whether the text has the word, and not only as a part of another.
fn names(source: &str, word: &str) -> bool {
    let part = |char: char| char.is_alphanumeric() || char == '_';
    source.match_indices(word).any(|(at, _)| {
        !source[..at].chars().next_back().is_some_and(part)
            && !source[at + word.len()..].chars().next().is_some_and(part)
    })
}

/// Returns whether the program goes through the values of something, whatever their names: a `.[` that follows nothing.
fn takes_values(source: &str) -> bool {
    let whose = |char: char| char.is_alphanumeric() || "_])\"?".contains(char);
    source.match_indices(".[").any(|(at, _)| !source[..at].chars().next_back().is_some_and(whose))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::source::Capability;
    use crate::provider::definition::read;

    fn unknown(map: &str, body: &Value) -> Option<String> {
        let text = format!(
            "[provider]\nname = \"own\"\ntitle = \"Own\"\nkind = \"monitoring\"\nbase_url = \"https://own.test\"\n\
             [alerts]\nget = \"/alerts\"\nmap = '''{map}'''\npaging = {{ cursor = \".next\" }}\n"
        );
        let (definition, _) = read(&text).unwrap();
        let reading = &definition.readings[&Capability::Alerts];
        has_only_others(body, reading, reading.requests.last().unwrap())
    }

    #[test]
    fn nothing_is_read_only_where_the_answer_could_have_had_something() {
        let down = json!({"message": "down for maintenance", "code": 7});
        let said = Some("it has `code`, `message`".to_owned());
        for map in ["[.alerts[]? | {id}]", "[.data.alerts[]?]", "[.[]? | select(.id?)]", "[.codes, .my_message | .[]?]"]
        {
            assert_eq!(unknown(map, &down), said, "{map}");
            assert_eq!(unknown(map, &json!([down.clone()])), said, "{map}");
            assert_eq!(unknown(map, &json!(true)), Some("it is only true".to_owned()), "{map}");
            // Nothing at all, an empty list, a known field and the cursor are answers.
            for fine in [json!({}), json!([]), json!(null), json!(""), json!({"next": null})] {
                assert_eq!(unknown(map, &fine), None, "{map} {fine}");
            }
        }
        assert_eq!(unknown("[.alerts[]?]", &json!({"alerts": [], "code": 7})), None);
        for map in ["[to_entries[] | select(.value > 9)]", "[.. | .alert? | arrays | .[]]", "[.message?, .x? | arrays]"]
        {
            assert_eq!(unknown(map, &down), None, "{map}");
        }
        // A map of things by their names has any fields.
        assert_eq!(unknown("[.[]? | select(.bad?)]", &json!({"web": {"bad": false}})), None);
        let many = json!({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6});
        assert_eq!(unknown("[.x[]?]", &many), Some("it has `a`, `b`, `c`, `d`, `e`, others".to_owned()));
    }
}
