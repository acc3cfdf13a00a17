//! What came back: a status, headers and a body, decoded by what the definition says it is.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::provider::definition::AnswerFormat;

/// An answer as it came.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Answer {
    /// The HTTP status, or the exit code of a program plus nothing: 0 is success there.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Where it came from, for links that are relative.
    pub url: String,
    /// It is what a program printed.
    pub printed: bool,
}

impl Answer {
    /// Returns whether the status says success.
    pub fn is_success(&self, accept: &[(u16, u16)]) -> bool {
        if self.printed {
            return self.status == 0 || among(self.status, accept);
        }
        (200..300).contains(&self.status) || among(self.status, accept)
    }

    /// Returns a header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Returns what programs over an answer see of it.
    pub fn variable(&self, name: &str) -> Option<Value> {
        match name {
            "status" => Some(self.status.into()),
            "headers" => {
                let headers = self.headers.iter().map(|(name, value)| (name.clone(), Value::String(value.clone())));
                Some(Value::Object(headers.collect()))
            }
            _ => None,
        }
    }

    /// Returns the next page's address in the `Link` header (RFC 8288).
    ///
    /// Sentry always sends one, and says with `results="false"` that it leads nowhere.
    pub fn next_link(&self) -> Option<String> {
        let link = self.header("link")?;
        // Addresses may hold commas; the next one begins with its bracket.
        link.split('<').skip(1).find_map(|part| {
            let (target, parameters) = part.split_once('>')?;
            let parameters = parameters.trim_end().trim_end_matches(',');
            let has = |wanted: &str| parameters.split(';').any(|parameter| parameter.trim().replace('"', "") == wanted);
            (has("rel=next") && !has("results=false")).then(|| target.to_owned())
        })
    }
}

/// Returns whether a status is in one of the ranges.
pub fn among(status: u16, ranges: &[(u16, u16)]) -> bool {
    ranges.iter().any(|(first, last)| (*first..=*last).contains(&status))
}

/// Decodes a body.
///
/// # Errors
/// When it is not what it should be: one clause that says what it is instead.
pub fn decode(format: AnswerFormat, answer: &Answer) -> Result<Value, String> {
    if format == AnswerFormat::Docker {
        return Ok(docker(&answer.body));
    }
    let text = text(&answer.body);
    let trimmed = text.trim();
    match format {
        AnswerFormat::Text => Ok(Value::String(text)),
        _ if trimmed.is_empty() => Ok(Value::Null),
        AnswerFormat::Auto => match serde_json::from_str(trimmed) {
            Ok(value) => Ok(value),
            // It looks like JSON, or says that it is: then half of it is worse than none.
            Err(error) if trimmed.starts_with(['{', '[']) || is_json(answer) => Err(format!("it is not JSON: {error}")),
            Err(_) if is_page(trimmed) => Err("it is a web page, and not an answer".to_owned()),
            // A program that expects JSON finds nothing in it, and nothing would look like "all is well".
            Err(_) if is_xml(answer, trimmed) => Err("it is XML, and not JSON".to_owned()),
            Err(_) => Ok(Value::String(text)),
        },
        AnswerFormat::Json => serde_json::from_str(trimmed).map_err(|error| {
            if is_page(trimmed) {
                "it is a web page, and not JSON".to_owned()
            } else {
                format!("it is not JSON: {error}")
            }
        }),
        AnswerFormat::Lines => lines(trimmed),
        AnswerFormat::Xml => xml(trimmed),
        AnswerFormat::Prometheus => prometheus(trimmed),
        AnswerFormat::Docker => Ok(Value::Null),
    }
}

fn is_json(answer: &Answer) -> bool {
    answer.header("content-type").is_some_and(|kind| kind.contains("json"))
}

fn is_xml(answer: &Answer, text: &str) -> bool {
    let says_so = answer.header("content-type").is_some_and(|kind| kind.contains("xml"));
    text.starts_with("<?xml") || says_so && text.starts_with('<')
}

fn is_page(text: &str) -> bool {
    let start: String = text.chars().take(15).collect::<String>().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

/// Decodes UTF-8, and UTF-16 with its mark (the AWS event feed is).
fn text(bytes: &[u8]) -> String {
    let wide = |rest: &[u8], order: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn lines(text: &str) -> Result<Value, String> {
    let documents = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(|(number, line)| {
        serde_json::from_str(line).map_err(|error| format!("line {} of it is not JSON: {error}", number + 1))
    });
    documents.collect::<Result<Vec<Value>, String>>().map(Value::Array)
}

/// Takes Docker's frames apart: eight bytes (stream, three zeros, size), then that much output. A container with a
/// terminal has no frames (<https://docs.docker.com/reference/api/engine/>, "Attach to a container").
fn docker(bytes: &[u8]) -> Value {
    let mut lines = Vec::new();
    let mut partial: [Vec<u8>; 3] = Default::default();
    let mut rest = bytes;
    let mut framed = false;
    while let [stream @ 0..=2, 0, 0, 0, a, b, c, d, after @ ..] = rest {
        framed = true;
        let size = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (output, next) = after.split_at(size.min(after.len()));
        let kept = &mut partial[usize::from(*stream)];
        kept.extend_from_slice(output);
        while let Some(end) = kept.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = kept.drain(..=end).collect();
            lines.push(docker_line(*stream, &line));
        }
        rest = next;
    }
    if framed {
        for (stream, kept) in (0..).zip(&partial) {
            if !kept.is_empty() {
                lines.push(docker_line(stream, kept));
            }
        }
    } else {
        lines
            .extend(rest.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| docker_line(1, line)));
    }
    Value::Array(lines)
}

fn docker_line(stream: u8, line: &[u8]) -> Value {
    let text = String::from_utf8_lossy(line);
    json!({ "stream": if stream == 2 { "stderr" } else { "stdout" }, "text": text.trim_end_matches(['\n', '\r']) })
}

/// Reads a document as `{name, attributes, text, children}`; namespaces stay in the names.
fn xml(text: &str) -> Result<Value, String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    let mut stack: Vec<Map<String, Value>> = vec![element("", Map::new())];
    loop {
        let event = reader.read_event().map_err(|error| format!("it is not XML: {error}"))?;
        match event {
            Event::Start(start) => stack.push(started(&start)),
            Event::Empty(start) => {
                let element = started(&start);
                adopt(&mut stack, element);
            }
            Event::End(_) => {
                if stack.len() > 1
                    && let Some(element) = stack.pop()
                {
                    adopt(&mut stack, element);
                }
            }
            Event::Text(found) => add_text(&mut stack, &found),
            Event::CData(found) => add_text(&mut stack, &found),
            Event::GeneralRef(found) => {
                let name: &str = &found;
                let character = found.resolve_char_ref().ok().flatten().map(String::from);
                let known = character.or_else(|| quick_xml::escape::resolve_predefined_entity(name).map(str::to_owned));
                add_text(&mut stack, &known.unwrap_or_else(|| format!("&{name};")));
            }
            Event::Eof => break,
            _ => {}
        }
        if stack.len() > 200 {
            return Err("it is nested too deeply".to_owned());
        }
    }
    if stack.len() != 1 {
        return Err("it ends in the middle of its XML".to_owned());
    }
    let children = stack.remove(0).remove("children");
    children.and_then(|children| children.get(0).cloned()).ok_or_else(|| "it holds no XML element".to_owned())
}

fn element(name: &str, attributes: Map<String, Value>) -> Map<String, Value> {
    let Value::Object(element) = json!({ "name": name, "attributes": attributes, "text": "", "children": [] }) else {
        return Map::new();
    };
    element
}

fn started(start: &quick_xml::events::BytesStart<'_>) -> Map<String, Value> {
    let attributes = start.attributes().flatten().map(|attribute| {
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map(std::borrow::Cow::into_owned);
        (attribute.key.as_ref().to_owned(), Value::String(value.unwrap_or_default()))
    });
    element(start.name().as_ref(), attributes.collect())
}

fn adopt(stack: &mut [Map<String, Value>], mut element: Map<String, Value>) {
    // Only the whole text is trimmed: an entity ends one piece of it, and the space before it counts.
    if let Some(Value::String(text)) = element.get_mut("text") {
        *text = text.trim().to_owned();
    }
    if let Some(Value::Array(children)) = stack.last_mut().and_then(|parent| parent.get_mut("children")) {
        children.push(Value::Object(element));
    }
}

fn add_text(stack: &mut [Map<String, Value>], more: &str) {
    if let Some(Value::String(text)) = stack.last_mut().and_then(|element| element.get_mut("text")) {
        text.push_str(more);
    }
}

/// Reads Prometheus' text format into `[{name, labels, value}]`
/// (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
fn prometheus(text: &str) -> Result<Value, String> {
    let mut samples = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let sample = sample(line).ok_or_else(|| {
            let mut shown = String::new();
            let _ =
                write!(shown, "line {} of it is no sample: {}", number + 1, line.chars().take(60).collect::<String>());
            shown
        })?;
        samples.push(sample);
    }
    Ok(Value::Array(samples))
}

fn sample(line: &str) -> Option<Value> {
    let name_end = line.find(['{', ' ', '\t'])?;
    let (name, mut rest) = line.split_at(name_end);
    let mut labels = Map::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            rest = rest.trim_start_matches([',', ' ']);
            if let Some(after) = rest.strip_prefix('}') {
                rest = after;
                break;
            }
            let (label, after) = rest.split_once('=')?;
            let mut characters = after.trim_start().strip_prefix('"')?.char_indices();
            let quoted = after.trim_start().strip_prefix('"')?;
            let mut value = String::new();
            let mut end = None;
            while let Some((at, character)) = characters.next() {
                match character {
                    '"' => {
                        end = Some(at + 1);
                        break;
                    }
                    '\\' => match characters.next()?.1 {
                        'n' => value.push('\n'),
                        other => value.push(other),
                    },
                    other => value.push(other),
                }
            }
            labels.insert(label.trim().to_owned(), Value::String(value));
            rest = &quoted[end?..];
        }
    }
    let value = rest.split_whitespace().next()?;
    let number = value.parse::<f64>().ok()?;
    let value = serde_json::Number::from_f64(number).map_or_else(|| Value::String(value.to_owned()), Value::Number);
    Some(json!({ "name": name, "labels": labels, "value": value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &[u8]) -> Answer {
        Answer { status: 200, body: body.to_vec(), ..Answer::default() }
    }

    #[test]
    fn what_is_no_json_is_a_text_unless_it_looks_like_one() {
        let auto = |body: &str| decode(AnswerFormat::Auto, &answer(body.as_bytes()));
        assert_eq!(auto(" "), Ok(Value::Null));
        assert_eq!(auto("ok"), Ok(json!("ok")));
        assert_eq!(auto("{\"a\": 1}"), Ok(json!({ "a": 1 })));
        assert!(auto("{\"a\": ").unwrap_err().starts_with("it is not JSON: EOF"));
        assert_eq!(auto("<!DOCTYPE html><p>"), Err("it is a web page, and not an answer".to_owned()));
    }

    #[test]
    fn sixteen_bit_text_is_read() {
        let bytes: Vec<u8> = [0xff, 0xfe].into_iter().chain("[1]".encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(decode(AnswerFormat::Json, &answer(&bytes)), Ok(json!([1])));
    }

    #[test]
    fn a_line_is_a_document_and_a_broken_one_is_named() {
        let read = |body: &str| decode(AnswerFormat::Lines, &answer(body.as_bytes()));
        assert_eq!(read("{\"a\":1}\n\n{\"a\":2}\n"), Ok(json!([{ "a": 1 }, { "a": 2 }])));
        assert!(read("{\"a\":1}\n{oops").unwrap_err().starts_with("line 2 of it is not JSON"));
    }

    #[test]
    fn frames_are_joined_into_lines_for_each_stream() {
        let mut body = Vec::new();
        for (stream, output) in [(1_u8, "one\ntw"), (2, "bad\n"), (1, "o\n"), (1, "rest")] {
            body.extend([stream, 0, 0, 0]);
            body.extend(u32::try_from(output.len()).unwrap().to_be_bytes());
            body.extend(output.as_bytes());
        }
        let line = |stream: &str, text: &str| json!({ "stream": stream, "text": text });
        let expected =
            json!([line("stdout", "one"), line("stderr", "bad"), line("stdout", "two"), line("stdout", "rest")]);
        assert_eq!(decode(AnswerFormat::Docker, &answer(&body)), Ok(expected));
        let terminal = decode(AnswerFormat::Docker, &answer(b"one\r\ntwo\r\n"));
        assert_eq!(terminal, Ok(json!([line("stdout", "one"), line("stdout", "two")])));
        // Cut in the middle of a frame.
        assert_eq!(
            decode(AnswerFormat::Docker, &answer(b"\x01\0\0\0\0\0\0\x09abc")),
            Ok(json!([line("stdout", "abc")]))
        );
    }

    #[test]
    fn samples_are_read_with_their_labels() {
        let text = "# HELP up x\nup 1\nhttp{code=\"5\\\"0\",path=\"/a,b\"} 2.5 1700\nbad{a=\"b\"} NaN\n";
        let expected = json!([
            { "name": "up", "labels": {}, "value": 1.0 },
            { "name": "http", "labels": { "code": "5\"0", "path": "/a,b" }, "value": 2.5 },
            { "name": "bad", "labels": { "a": "b" }, "value": "NaN" },
        ]);
        assert_eq!(decode(AnswerFormat::Prometheus, &answer(text.as_bytes())), Ok(expected));
        let broken = decode(AnswerFormat::Prometheus, &answer(b"up 1\nwhat is this"));
        assert_eq!(broken, Err("line 2 of it is no sample: what is this".to_owned()));
    }

    #[test]
    fn xml_becomes_names_texts_and_children() {
        let text = "<?xml version=\"1.0\"?><rss v=\"2\"><item><title>A &amp; B</title><empty/></item></rss>";
        let expected = json!({ "name": "rss", "attributes": { "v": "2" }, "text": "", "children": [
            { "name": "item", "attributes": {}, "text": "", "children": [
                { "name": "title", "attributes": {}, "text": "A & B", "children": [] },
                { "name": "empty", "attributes": {}, "text": "", "children": [] },
            ] },
        ] });
        assert_eq!(decode(AnswerFormat::Xml, &answer(text.as_bytes())), Ok(expected));
        assert!(decode(AnswerFormat::Xml, &answer(b"<rss><item>")).is_err());
    }

    #[test]
    fn the_next_page_is_followed_only_where_there_is_one() {
        let link = |value: &str| {
            let headers = vec![("link".to_owned(), value.to_owned())];
            Answer { headers, ..Answer::default() }.next_link()
        };
        assert_eq!(
            link("<https://x/?page=2>; rel=\"next\", <https://x/?page=9>; rel=\"last\""),
            Some("https://x/?page=2".into())
        );
        assert_eq!(
            link(
                "<https://x/?c=0>; rel=\"previous\"; results=\"false\", <https://x/?c=1>; rel=\"next\"; results=\"false\""
            ),
            None
        );
        assert_eq!(
            link("<https://x/?c=1>; rel=\"next\"; results=\"true\"; cursor=\"0:100:0\""),
            Some("https://x/?c=1".into())
        );
    }
}
