//! Requests, their order, paging, and streams.

use std::ops::Range;

use super::super::shape::{FieldsShape, LogsShape, PagingShape, RequestShape};
use super::super::{
    AnswerFormat, Body, Capability, Definition, Fields, Frames, Paging, PagingWay, Reading, Request, Stream, Target,
    Vocabulary,
};
use super::{Builder, Names, answered, texts, twice};
use crate::config::document::At;

/// The words for what an answer is.
const ANSWERS: &[(&str, AnswerFormat)] = &[
    ("json", AnswerFormat::Json),
    ("lines", AnswerFormat::Lines),
    ("text", AnswerFormat::Text),
    ("xml", AnswerFormat::Xml),
    ("prometheus", AnswerFormat::Prometheus),
    ("docker", AnswerFormat::Docker),
];

/// The words for how messages of a stream are told apart.
const FRAMES: &[(&str, Frames)] = &[
    ("lines", Frames::Lines),
    ("json", Frames::Json),
    ("sse", Frames::ServerSentEvents),
    ("websocket", Frames::WebSocket),
    ("docker", Frames::Docker),
];

impl Builder<'_> {
    /// Reads one request, or several in their order, and returns the names that are known after them.
    pub(super) fn requests(
        &mut self,
        several: Option<&At<Vec<At<RequestShape>>>>,
        one: &RequestShape,
        span: &Range<usize>,
        mut names: Names,
    ) -> (Vec<Request>, Names) {
        let own = has_target(one);
        let list: Vec<(&RequestShape, &Range<usize>)> = match several {
            Some(several) => {
                let mut list: Vec<_> = several.value.iter().map(|request| (&request.value, &request.span)).collect();
                // What stands in the table itself comes last.
                if own {
                    list.push((one, span));
                }
                list
            }
            None => vec![(one, span)],
        };
        let mut requests = Vec::new();
        for (shape, span) in list {
            let Some(request) = self.request(shape, span, &names) else { continue };
            names.extend(request.bind.iter().map(|(name, _)| name.clone()));
            requests.push(request);
        }
        if let Some(name) = twice(&names) {
            self.problems.error(span, format!("`{name}` names two things here"), None);
        }
        (requests, names)
    }

    pub(super) fn request(&mut self, shape: &RequestShape, span: &Range<usize>, names: &Names) -> Option<Request> {
        let mut names = names.clone();
        let each = self.maybe(shape.each.as_ref(), &names);
        let when = self.maybe(shape.when.as_ref(), &names);
        if shape.each.is_some() {
            names.push("item".to_owned());
        }
        let target = self.target(shape, span, &names)?;
        let body = self.body(shape, span, &names);
        let after = answered(&names);
        let mut bind = Vec::new();
        for (name, program) in shape.bind.as_ref().map(|bind| bind.value.0.as_slice()).unwrap_or_default() {
            self.check_name(name);
            // What one request binds together may build on each other.
            let known: Names =
                after.iter().cloned().chain(bind.iter().map(|(name, _): &(String, _)| name.clone())).collect();
            if let Some(program) = self.program(&program.value.0, &program.span, &known) {
                bind.push((name.value.clone(), program));
            }
        }
        let answer = shape
            .answer
            .as_ref()
            .and_then(|answer| self.word(&answer.value.0, &answer.span, ANSWERS, "a kind of answer"))
            .unwrap_or_default();
        Some(Request {
            name: shape.name.as_ref().map(|name| name.value.0.clone()),
            target,
            query: self.fields(shape.query.as_ref(), &names),
            headers: self.fields(shape.headers.as_ref(), &names),
            body,
            content_type: shape.content_type.as_ref().map(|kind| kind.value.0.clone()),
            base: shape.base.as_ref().and_then(|base| self.template(&base.value.0, &base.span, &names)),
            bind,
            each,
            when,
            optional: flag(shape.optional.as_ref()),
            answer,
            accept: shape.accept.as_ref().map(|codes| codes.value.0.clone()).unwrap_or_default(),
            anonymous: flag(shape.anonymous.as_ref()),
            timeout: shape.timeout.as_ref().map(|timeout| timeout.value.0),
        })
    }

    fn target(&mut self, shape: &RequestShape, span: &Range<usize>, names: &Names) -> Option<Target> {
        let RequestShape { get, post, put, patch, delete, run, graphql, mail, .. } = shape;
        let methods = [("GET", get), ("POST", post), ("PUT", put), ("PATCH", patch), ("DELETE", delete)];
        let mut found = methods.iter().filter_map(|(method, path)| path.as_ref().map(|path| (*method, path)));
        let (first, second) = (found.next(), found.next());
        match (first, second, run) {
            (Some((method, path)), None, None) => {
                Some(Target::Http { method, path: self.template(&path.value, &path.span, names)? })
            }
            (None, None, Some(run)) => {
                let words: Vec<_> =
                    run.value.iter().filter_map(|word| self.template(&word.value, &word.span, names)).collect();
                if words.is_empty() {
                    self.problems.error(&run.span, "this runs nothing", None);
                }
                (words.len() == run.value.len()).then_some(Target::Run(words))
            }
            (None, None, None) if mail.is_some() => {
                let mail = mail.as_ref()?;
                Some(Target::Mail(self.program(&mail.value.0, &mail.span, names)?))
            }
            (None, None, None) if graphql.is_some() => {
                Some(Target::Http { method: "POST", path: self.template("", span, names)? })
            }
            (None, None, None) => {
                self.problems.error(
                    span,
                    "this asks nothing",
                    Some("add one of get, post, put, patch, delete, graphql, mail and run".to_owned()),
                );
                None
            }
            _ => {
                self.problems.error(span, "one request is one of get, post, put, patch, delete and run", None);
                None
            }
        }
    }

    fn body(&mut self, shape: &RequestShape, span: &Range<usize>, names: &Names) -> Body {
        let given = [shape.json.is_some(), shape.form.is_some(), shape.text.is_some(), shape.graphql.is_some()];
        if given.into_iter().filter(|given| *given).count() > 1 {
            self.problems.error(span, "a request has one of json, form, text and graphql", None);
        }
        if let Some(json) = &shape.json {
            return self.program(&json.value.0, &json.span, names).map_or(Body::None, Body::Json);
        }
        if shape.form.is_some() {
            return Body::Form(self.fields(shape.form.as_ref(), names));
        }
        if let Some(text) = &shape.text {
            return self.template(&text.value, &text.span, names).map_or(Body::None, Body::Text);
        }
        match &shape.graphql {
            Some(document) => Body::GraphQl {
                document: document.value.0.clone(),
                variables: self.maybe(shape.variables.as_ref(), names),
            },
            None => Body::None,
        }
    }

    pub(super) fn fields(&mut self, shape: Option<&At<FieldsShape>>, names: &Names) -> Fields {
        match shape {
            None => Fields::None,
            Some(At { value: FieldsShape::Program(program), span }) => {
                self.program(program, span, names).map_or(Fields::None, Fields::Program)
            }
            Some(At { value: FieldsShape::Table(table), .. }) => Fields::Table(
                table
                    .0
                    .iter()
                    .filter_map(|(name, text)| {
                        Some((name.value.clone(), self.template(&text.value, &text.span, names)?))
                    })
                    .collect(),
            ),
        }
    }

    pub(super) fn paging(&mut self, shape: &At<PagingShape>, names: &Names) -> Option<Paging> {
        let PagingShape { link, url, cursor, pages } = &shape.value;
        let link = flag(link.as_ref());
        if usize::from(link) + usize::from(url.is_some()) + usize::from(cursor.is_some()) != 1 {
            self.problems.error(&shape.span, "the next page is named by one of link, url and cursor", None);
            return None;
        }
        let names = answered(names);
        let way = match (url, cursor) {
            (Some(url), _) => PagingWay::Url(self.program(&url.value.0, &url.span, &names)?),
            (_, Some(cursor)) => PagingWay::Cursor(self.program(&cursor.value.0, &cursor.span, &names)?),
            _ => PagingWay::Link,
        };
        Some(Paging { way, pages: pages.as_ref().map_or(5, |pages| pages.value.0) })
    }

    pub(super) fn logs(&mut self, shape: At<LogsShape>, names: &Names, definition: &mut Definition) {
        let At { value: shape, span } = shape;
        let mut names = names.clone();
        names.extend(Capability::Logs.inputs().iter().map(|name| (*name).to_owned()));
        if let Some(stream) = &shape.stream {
            let (before, mut known) = match &stream.value.requests {
                Some(before) => {
                    let mut requests = Vec::new();
                    let mut known = names.clone();
                    for request in &before.value {
                        let Some(request) = self.request(&request.value, &request.span, &known) else { continue };
                        known.extend(request.bind.iter().map(|(name, _)| name.clone()));
                        requests.push(request);
                    }
                    (requests, known)
                }
                None => (Vec::new(), names.clone()),
            };
            let request = self.request(&stream.value.request, &stream.span, &known);
            let frames = stream
                .value
                .frames
                .as_ref()
                .and_then(|frames| self.word(&frames.value.0, &frames.span, FRAMES, "a kind of frames"));
            if stream.value.request.each.is_some() {
                known.push("item".to_owned());
            }
            let map = self.maybe(stream.value.map.as_ref(), &known);
            if let (Some(request), Some(frames), Some(map)) = (request, frames, map) {
                let subscribe = self.maybe(stream.value.subscribe.as_ref(), &known);
                let reply = self.maybe(stream.value.reply.as_ref(), &known);
                let protocol = stream.value.protocol.as_ref().map(|protocol| protocol.value.0.clone());
                definition.stream = Some(Stream { before, request, frames, map, subscribe, reply, protocol });
            }
        }
        let Some(map) = &shape.map else {
            if shape.stream.is_none() {
                self.problems.error(&span, "`map` is missing", None);
            }
            return;
        };
        if shape.paging.is_some() {
            names.extend(["page".to_owned(), "cursor".to_owned()]);
        }
        let (requests, names) = self.requests(shape.requests.as_ref(), &shape.request, &span, names);
        let Some(map) = self.program(&map.value.0, &map.span, &answered(&names)) else { return };
        let reading = Reading {
            requests,
            map,
            states: Vocabulary::default(),
            severities: Vocabulary::default(),
            paging: shape.paging.as_ref().and_then(|paging| self.paging(paging, &names)),
            every: shape.every.map(|every| every.value.0),
            caveats: texts(shape.caveats.as_ref()),
        };
        definition.readings.insert(Capability::Logs, reading);
    }

    fn word<T: Copy>(&mut self, word: &str, span: &Range<usize>, all: &[(&str, T)], what: &str) -> Option<T> {
        let found = all.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
            self.problems.error(
                span,
                format!("`{word}` is not {what}"),
                Some(format!("write one of {}", words.join(", "))),
            );
        }
        found
    }
}

fn has_target(shape: &RequestShape) -> bool {
    let RequestShape { get, post, put, patch, delete, run, graphql, .. } = shape;
    [get, post, put, patch, delete].into_iter().any(Option::is_some) || run.is_some() || graphql.is_some()
}

fn flag(value: Option<&At<bool>>) -> bool {
    value.is_some_and(|value| value.value)
}
