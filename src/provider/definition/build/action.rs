//! Actions: what they act on, their steps with their undo, and how one sees that they are done.

use std::time::Duration;

use super::super::shape::{ActionShape, DoneShape, PermissionShape, StepShape};
use super::super::{Action, ActionTarget, Done, Means, Permission, Request, Step};
use super::{Builder, Names, answered, param, texts};
use crate::config::document::At;

/// How long an action may take when its definition does not say.
const WITHIN: Duration = Duration::from_secs(15 * 60);
/// The time between two looks when the definition does not say.
const EVERY: Duration = Duration::from_secs(3);

/// The words for what becomes of the environment.
const ENVIRONMENT: &[&str] = &["kept", "restored", "mixed"];
/// The words for what becomes of automatic deploys.
const AUTOMATIC_DEPLOYS: &[&str] = &["on", "off", "none"];
/// How far an action is.
const PROGRESS: &[&str] = &["running", "succeeded", "failed"];

impl Builder<'_> {
    pub(super) fn action(&mut self, name: &str, shape: At<ActionShape>, names: &Names) -> Option<Action> {
        let At { value: shape, span } = shape;
        let target = shape.target.as_ref()?;
        let target = self.one_of(
            &target.value.0,
            &target.span,
            ActionTarget::ALL,
            |target| target.word(),
            "something to act on",
        )?;
        let mut names = names.clone();
        names.extend(target.inputs().iter().map(|name| (*name).to_owned()));
        let mut inputs = Vec::new();
        for (name, input) in shape.inputs.map(|inputs| inputs.value.0).unwrap_or_default() {
            self.check_name(&name);
            names.push(name.value.clone());
            inputs.push(param(name.value, &input.value));
        }
        let means = shape
            .means
            .as_ref()
            .and_then(|means| self.one_of(&means.value.0, &means.span, Means::ALL, |means| means.word(), "a means"));
        if name == "roll_back" && shape.means.is_none() {
            self.problems.error(
                &span,
                "a rollback says by what means",
                Some("add means = \"reroute\", \"restart\" or \"rebuild\"".to_owned()),
            );
        }
        let environment = self.listed(shape.environment.as_ref(), ENVIRONMENT);
        let automatic_deploys = self.listed(shape.automatic_deploys.as_ref(), AUTOMATIC_DEPLOYS);
        let refuse = self.maybe(shape.refuse.as_ref(), &names);
        let permission = shape.permission.and_then(|permission| self.permission(permission, &names));
        let mut steps = Vec::new();
        for step in shape.steps.map(|steps| steps.value).unwrap_or_default() {
            let Some(step) = self.step(&step, &names) else { continue };
            names.extend(step.request.bind.iter().map(|(name, _)| name.clone()));
            steps.push(step);
        }
        if steps.iter().all(|step| step.reads) {
            self.problems.error(&span, "none of the steps does anything", None);
        }
        let done = shape.done.and_then(|done| self.done(done, &names));
        Some(Action {
            title: shape.title.map_or_else(|| name.replace('_', " "), |title| title.value.0),
            name: name.to_owned(),
            target,
            means,
            environment,
            automatic_deploys,
            caveats: texts(shape.caveats.as_ref()),
            inputs,
            refuse,
            steps,
            done,
            permission,
            max_length: shape.max_length.map(|most| most.value.0 as usize),
            deduplicates: shape.deduplicates.is_some_and(|deduplicates| deduplicates.value),
        })
    }

    fn listed(&mut self, word: Option<&At<crate::config::leaf::Filled>>, words: &[&'static str]) -> Option<String> {
        let word = word?;
        if words.contains(&word.value.0.as_str()) {
            return Some(word.value.0.clone());
        }
        self.problems.error(&word.span, format!("`{}` is not one of {}", word.value.0, words.join(", ")), None);
        None
    }

    fn step(&mut self, shape: &At<StepShape>, names: &Names) -> Option<Step> {
        let request = self.request(&shape.value.request, &shape.span, names)?;
        let known: Names = names.iter().cloned().chain(request.bind.iter().map(|(name, _)| name.clone())).collect();
        let undo: Option<Request> =
            shape.value.undo.as_ref().and_then(|undo| self.request(&undo.value, &undo.span, &known));
        let undone = shape.value.undo.as_ref().and_then(|undo| undo.value.each.as_ref());
        for each in shape.value.request.each.iter().chain(undone) {
            let hint = "name what it acts on in `inputs`, or use `run` with the vendor's own tool";
            self.problems.error(&each.span, "a step is one request: only readings have `each`", Some(hint.to_owned()));
        }
        if request.name.is_none() {
            self.problems.error(
                &shape.span,
                "a step has a name: what it does, in a few words",
                Some("add name = \"...\"".to_owned()),
            );
        }
        Some(Step {
            already_when: self.maybe(shape.value.already_when.as_ref(), &answered(names)),
            already: shape.value.already.as_ref().map(|codes| codes.value.0.clone()).unwrap_or_default(),
            reads: shape.value.reads.as_ref().is_some_and(|reads| reads.value),
            repeatable: shape.value.repeatable.as_ref().map(|repeatable| repeatable.value),
            releases_show: shape.value.releases_show.as_ref().map(|show| show.value),
            request,
            undo,
        })
    }

    /// What is acted on is not known yet, and where the system is may matter.
    fn permission(&mut self, shape: At<PermissionShape>, names: &Names) -> Option<Permission> {
        let At { value: shape, span } = shape;
        let names = names.iter().cloned().chain(["url".to_owned()]).collect();
        let (requests, names) = self.requests(shape.requests.as_ref(), &shape.request, &span, names);
        let map = shape.map.as_ref()?;
        Some(Permission { requests, map: self.program(&map.value.0, &map.span, &answered(&names))? })
    }

    fn done(&mut self, shape: At<DoneShape>, names: &Names) -> Option<Done> {
        let At { value: shape, span } = shape;
        let (requests, names) = self.requests(shape.requests.as_ref(), &shape.request, &span, names.clone());
        let map = shape.map.as_ref()?;
        Some(Done {
            requests,
            map: self.program(&map.value.0, &map.span, &answered(&names))?,
            states: self.vocabulary(shape.states.as_ref(), PROGRESS),
            every: shape.every.map_or(EVERY, |every| every.value.0),
            within: shape.within.map_or(WITHIN, |within| within.value.0),
        })
    }
}
