//! GraphQL: the query and its variables against the schema, and data for what was selected.

use std::collections::BTreeSet;

use apollo_compiler::ast::Type;
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::response::JsonMap;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Map, Value, json};

use super::generate::{Hints, both, is_state, numbered};
use super::{Answer, Request, Target};

pub struct GraphQl {
    schema: Valid<Schema>,
    pub hints: Hints,
}

/// A request's document with the operation that is meant.
struct Asked {
    document: Valid<ExecutableDocument>,
    name: Option<String>,
}

impl Asked {
    fn operation(&self) -> Result<&Operation, String> {
        self.document
            .operations
            .get(self.name.as_deref())
            .map(|operation| &**operation)
            .map_err(|error| format!("query: {}", error.message()))
    }
}

impl GraphQl {
    pub fn read(text: &str) -> Result<Self, String> {
        // Apollo's types know the specification's own scalars and directives; schemas that repeat them are still read.
        let schema = Schema::parse_and_validate(text, "schema.graphql")
            .map_err(|error| format!("the schema is not valid: {}", error.errors))?;
        Ok(Self { schema, hints: Hints::new() })
    }

    fn asked(&self, request: &Request) -> Result<(Asked, Value), String> {
        let body: Value =
            serde_json::from_slice(&request.body).map_err(|error| format!("body: it is not JSON: {error}"))?;
        let query = body.get("query").and_then(Value::as_str).ok_or("body: query is missing")?;
        let document =
            ExecutableDocument::parse_and_validate(&self.schema, query, "query.graphql").map_err(|error| {
                format!("query: {}", error.errors.to_string().lines().map(str::trim).collect::<Vec<_>>().join(" "))
            })?;
        let name = body.get("operationName").and_then(Value::as_str).map(str::to_owned);
        Ok((Asked { document, name }, body))
    }

    pub fn check(&self, request: &Request, target: &Target) -> Vec<String> {
        let mut violations = Vec::new();
        if !target.is_root() {
            violations.push(format!("path: {} is not where queries are answered", target.path()));
        }
        if request.method != "POST" {
            violations.push(format!("method: {} carries no query, POST does", request.method));
        }
        violations
            .extend(target.query.iter().map(|(key, _)| format!("query: {key} is no parameter of a GraphQL request")));
        match request.media_type().as_deref() {
            Some("application/json" | "application/graphql-response+json") => {}
            other => {
                violations.push(format!("body: content type {} is not application/json", other.unwrap_or("(none)")))
            }
        }
        let (asked, body) = match self.asked(request) {
            Ok(asked) => asked,
            Err(violation) => return [violations, vec![violation]].concat(),
        };
        for name in body.as_object().into_iter().flat_map(Map::keys) {
            if !["query", "variables", "operationName", "extensions"].contains(&name.as_str()) {
                violations.push(format!("body: {name} is no member of a GraphQL request"));
            }
        }
        let operation = match asked.operation() {
            Ok(operation) => operation,
            Err(violation) => return [violations, vec![violation]].concat(),
        };
        let given =
            body.get("variables").filter(|variables| !variables.is_null()).cloned().unwrap_or_else(|| json!({}));
        match serde_json::from_value::<JsonMap>(given.clone()) {
            Ok(values) => {
                if let Err(error) = apollo_compiler::request::coerce_variable_values(&self.schema, operation, &values) {
                    violations.push(format!("variables: {}", error.message()));
                }
            }
            Err(error) => violations.push(format!("variables: {error}")),
        }
        // The specification lets variables pass that no one declared; a definition that gives one has misspelt it.
        let declared: BTreeSet<&str> = operation.variables.iter().map(|variable| variable.name.as_str()).collect();
        for name in given.as_object().into_iter().flat_map(Map::keys).filter(|name| !declared.contains(name.as_str())) {
            violations.push(format!("variables: {name} is not declared by the query"));
        }
        violations
    }

    pub fn operation(&self, request: &Request) -> Option<String> {
        let (asked, _) = self.asked(request).ok()?;
        let operation = asked.operation().ok()?;
        let fields: Vec<&str> = operation.root_fields(&asked.document).map(|field| field.name.as_str()).collect();
        Some(format!("{} {}", operation.operation_type.name(), fields.join(", ")))
    }

    pub fn answers(&self, request: &Request) -> Vec<Answer> {
        let Ok((asked, _)) = self.asked(request) else { return Vec::new() };
        let Ok(operation) = asked.operation() else { return Vec::new() };
        let make = |choice: usize| {
            let mut maker = Maker {
                hints: &self.hints,
                schema: &self.schema,
                document: &asked.document,
                choice,
                choices: 1,
                item: 0,
            };
            let data = maker.object(&operation.selection_set, operation.selection_set.ty.as_str());
            let body = serde_json::to_vec(&json!({ "data": data })).expect("JSON values can be written");
            (Answer::new(200, "application/json", body), maker.choices)
        };
        let (first, choices) = make(0);
        let mut answers = vec![first];
        answers.extend((1..choices).map(|choice| make(choice).0));
        answers
    }

    pub fn check_answer(&self, request: &Request, answer: &Answer) -> Vec<String> {
        let Ok((asked, _)) = self.asked(request) else { return vec!["the query is not valid".to_owned()] };
        let Ok(operation) = asked.operation() else { return vec!["no such operation".to_owned()] };
        let body: Value = match serde_json::from_slice(&answer.body) {
            Ok(body) => body,
            Err(error) => return vec![format!("it is not JSON: {error}")],
        };
        let mut violations = Vec::new();
        self.judge_object(&asked.document, &operation.selection_set, body.get("data"), "/data", &mut violations);
        violations
    }

    fn judge_object(
        &self,
        document: &ExecutableDocument,
        set: &SelectionSet,
        value: Option<&Value>,
        place: &str,
        out: &mut Vec<String>,
    ) {
        let Some(Value::Object(members)) = value else { return out.push(format!("{place}: there is no object")) };
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    let key = field.response_key().as_str();
                    let place = format!("{place}/{key}");
                    match members.get(key) {
                        None => out.push(format!("{place}: it was selected and is missing")),
                        Some(value) => self.judge(document, field.ty(), &field.selection_set, value, &place, out),
                    }
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.fragment_name)
                        && fragment.selection_set.ty == set.ty
                    {
                        self.judge_object(document, &fragment.selection_set, value, place, out);
                    }
                }
                // Whether it applies depends on the type that was chosen.
                Selection::InlineFragment(_) => {}
            }
        }
    }

    fn judge(
        &self,
        document: &ExecutableDocument,
        ty: &Type,
        set: &SelectionSet,
        value: &Value,
        place: &str,
        out: &mut Vec<String>,
    ) {
        if value.is_null() {
            if ty.is_non_null() {
                out.push(format!("{place}: null where the schema promises a value"));
            }
            return;
        }
        if ty.is_list() {
            let Some(items) = value.as_array() else { return out.push(format!("{place}: it is no list")) };
            for (index, item) in items.iter().enumerate() {
                self.judge(document, ty.item_type(), set, item, &format!("{place}/{index}"), out);
            }
            return;
        }
        let name = ty.inner_named_type();
        let fits = match (name.as_str(), self.schema.types.get(name)) {
            (_, Some(ExtendedType::Enum(words))) => value.as_str().is_some_and(|word| words.values.contains_key(word)),
            ("Int", _) => value.is_i64(),
            ("Float", _) => value.is_number(),
            ("Boolean", _) => value.is_boolean(),
            ("String" | "ID", _) => value.is_string(),
            (_, Some(ExtendedType::Scalar(_))) => true,
            _ => return self.judge_object(document, set, Some(value), place, out),
        };
        if !fits {
            out.push(format!("{place}: {value} is no {name}"));
        }
    }
}

/// Makes data for a selection.
struct Maker<'a> {
    hints: &'a Hints,
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    choice: usize,
    choices: usize,
    item: usize,
}

impl Maker<'_> {
    fn object(&mut self, set: &SelectionSet, concrete: &str) -> Value {
        let mut out = Map::new();
        self.fill(set, concrete, &mut out);
        Value::Object(out)
    }

    fn fill(&mut self, set: &SelectionSet, concrete: &str, out: &mut Map<String, Value>) {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) if field.name == "__typename" => {
                    out.insert(field.response_key().to_string(), json!(concrete));
                }
                Selection::Field(field) => {
                    let value = self.value(field.ty(), field.name.as_str(), &field.selection_set);
                    let key = field.response_key().to_string();
                    match (out.get_mut(&key), value) {
                        // The same field selected twice: both selections count.
                        (Some(Value::Object(mine)), Value::Object(theirs)) => mine.extend(theirs),
                        (_, value) => {
                            out.insert(key, value);
                        }
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let document = self.document;
                    if let Some(fragment) = document.fragments.get(&spread.fragment_name)
                        && self.applies(fragment.selection_set.ty.as_str(), concrete)
                    {
                        self.fill(&fragment.selection_set, concrete, out);
                    }
                }
                Selection::InlineFragment(inline) => {
                    if inline.type_condition.as_ref().is_none_or(|condition| self.applies(condition.as_str(), concrete))
                    {
                        self.fill(&inline.selection_set, concrete, out);
                    }
                }
            }
        }
    }

    fn applies(&self, condition: &str, concrete: &str) -> bool {
        condition == concrete || self.schema.is_subtype(condition, concrete)
    }

    fn value(&mut self, ty: &Type, name: &str, set: &SelectionSet) -> Value {
        if ty.is_list() {
            let outer = self.item;
            let items = (0..2)
                .map(|index| {
                    self.item = index;
                    self.value(ty.item_type(), name, set)
                })
                .collect();
            self.item = outer;
            return Value::Array(items);
        }
        let named = ty.inner_named_type();
        let item = self.item + 1;
        let leaf = matches!(self.schema.types.get(named), Some(ExtendedType::Scalar(_)));
        if let Some(hint) = self.hints.get(name).filter(|_| leaf) {
            return match hint {
                Value::Array(words) if !words.is_empty() => {
                    self.choices = both(self.choices, words.len());
                    words[self.choice % words.len()].clone()
                }
                hint => numbered(hint, item),
            };
        }
        let minute = 59 - self.item.min(59);
        match (named.as_str(), self.schema.types.get(named)) {
            (_, Some(ExtendedType::Enum(words))) => {
                let words: Vec<&str> = words.values.keys().map(|word| word.as_str()).collect();
                if is_state(name) {
                    self.choices = both(self.choices, words.len());
                    json!(words[self.choice % words.len()])
                } else {
                    json!(words.first())
                }
            }
            (_, Some(ExtendedType::Object(_))) => self.object(set, named.as_str()),
            (_, Some(ExtendedType::Interface(_) | ExtendedType::Union(_))) => {
                let concrete = self.concrete(named.as_str(), set);
                self.object(set, &concrete)
            }
            ("Int", _) => json!(item),
            ("Float", _) => json!(item),
            // A page without an end would be asked for without an end.
            ("Boolean", _) => json!(!["hasNextPage", "hasPreviousPage"].contains(&name)),
            ("String" | "ID", _) if name.ends_with("At") || name == "timestamp" => {
                json!(format!("2026-03-01T12:{minute:02}:00Z"))
            }
            ("String" | "ID", _) if name.to_ascii_lowercase().ends_with("url") => {
                json!(format!("https://example.com/{name}/{item}"))
            }
            ("String" | "ID", _) => json!(format!("{name}-{item}")),
            (scalar, _) if scalar.contains("Time") || scalar.contains("ISO8601") || scalar.contains("Date") => {
                json!(format!("2026-03-01T12:{minute:02}:00Z"))
            }
            (scalar, _) if scalar.contains("JSON") || scalar.contains("Meta") || scalar.contains("Map") => {
                json!({ "key": format!("{name}-{item}") })
            }
            (scalar, _) if scalar.contains("Int") => json!(item.to_string()),
            _ => json!(format!("{name}-{item}")),
        }
    }

    /// Returns the object type that a selection on an interface or union speaks of, else the first that there is.
    fn concrete(&self, ty: &str, set: &SelectionSet) -> String {
        let wanted = set.selections.iter().find_map(|selection| match selection {
            Selection::InlineFragment(inline) => inline.type_condition.as_ref().map(|condition| condition.to_string()),
            Selection::FragmentSpread(spread) => {
                self.document.fragments.get(&spread.fragment_name).map(|fragment| fragment.selection_set.ty.to_string())
            }
            Selection::Field(_) => None,
        });
        let is_object = |name: &str| matches!(self.schema.types.get(name), Some(ExtendedType::Object(_)));
        if let Some(wanted) = wanted.filter(|wanted| is_object(wanted)) {
            return wanted;
        }
        self.schema
            .types
            .keys()
            .map(|name| name.as_str())
            .find(|name| is_object(name) && self.schema.is_subtype(ty, name))
            .unwrap_or(ty)
            .to_owned()
    }
}
