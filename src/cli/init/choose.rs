//! Which of the platforms run it: those that were named, those that a person chose, or those that most speaks for.

use std::collections::BTreeSet;

use super::super::args::InitArgs;
use super::super::failure::Failure;
use super::ask::Questions;
use super::look::LoggedIn;
use super::machine::{Docker, Unit};
use crate::provider::definition::Definition;
use crate::recognise::draft::{self, Draft, add_container, add_unit, likely, platforms};
use crate::recognise::{Recognised, What};

/// What one can choose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    /// A platform, by its provider's name.
    Platform(String),
    /// The containers that run here and that nothing in the repository starts.
    Containers,
    /// A unit of systemd on this machine.
    Unit(String),
}

/// What was seen that could be chosen.
pub(super) struct Seen<'a> {
    pub found: &'a [Recognised],
    pub tools: &'a [LoggedIn],
    pub docker: Option<&'a Docker>,
    pub units: &'a [Unit],
}

/// Returns what runs it.
pub(super) fn choose<'d>(
    args: &InitArgs,
    seen: &Seen<'_>,
    find: &impl Fn(&str) -> Option<&'d Definition>,
    questions: Option<&mut Questions<'_>>,
) -> Result<Vec<Choice>, Failure> {
    if !args.platform.is_empty() {
        return Ok(args.platform.iter().cloned().map(Choice::Platform).collect());
    }
    let rows = rows(seen, find);
    let marked = || rows.iter().filter(|(_, _, marked)| *marked).map(|(_, choice, _)| choice.clone()).collect();
    // One that is recognised needs no question; one that is only seen here does.
    let is_clear = rows.is_empty() || rows.len() == 1 && rows[0].2;
    let Some(questions) = questions.filter(|_| !is_clear) else { return Ok(marked()) };
    Ok(questions.some("Which of these run it in production?", &rows)?)
}

fn rows<'d>(seen: &Seen<'_>, find: &impl Fn(&str) -> Option<&'d Definition>) -> Vec<(String, Choice, bool)> {
    let all = platforms(seen.found);
    let marked = most_likely(seen);
    let mut rows: Vec<(String, Choice, bool)> = Vec::new();
    for (provider, evidence) in &all {
        let runs = if *provider == "docker" && runs_here(seen) { ", and its containers run here" } else { "" };
        let title = draft::title(provider, find);
        let is_marked = marked.contains(provider);
        rows.push((format!("{title}  {evidence}{runs}"), Choice::Platform((*provider).to_owned()), is_marked));
    }
    let mine = seen.units.iter().filter(|unit| unit.is_of_the_folder);
    rows.extend(mine.map(|unit| {
        let how = if unit.runs { "runs here" } else { "is here and does not run" };
        (format!("systemd  {} {how}", unit.name), Choice::Unit(unit.name.clone()), true)
    }));
    let others =
        seen.tools.iter().filter(|tool| tool.is_hosting && !all.iter().any(|(provider, _)| *provider == tool.provider));
    rows.extend(others.map(|tool| {
        let row = format!("{}  its tool is logged in here ({})", tool.title, tool.place);
        (row, Choice::Platform(tool.provider.clone()), false)
    }));
    // What else runs on this machine is offered where the folder itself says nothing: a server's home, most often.
    if all.is_empty() {
        let strangers = seen.docker.map(Docker::strangers).unwrap_or_default();
        if !strangers.is_empty() {
            let names: Vec<&str> = strangers.iter().take(6).copied().collect();
            let more = if strangers.len() > names.len() { ", ..." } else { "" };
            rows.push((format!("Docker  these run here: {}{more}", names.join(", ")), Choice::Containers, false));
        }
        let others = seen.units.iter().filter(|unit| !unit.is_of_the_folder);
        rows.extend(
            others.map(|unit| (format!("systemd  {} runs here", unit.name), Choice::Unit(unit.name.clone()), false)),
        );
    }
    rows
}

/// Returns the platforms that most speaks for: somebody is logged in there, or its containers run here; else those that
/// are no leftovers of another.
fn most_likely(seen: &Seen<'_>) -> BTreeSet<&'static str> {
    let all = platforms(seen.found);
    // A compose file is there for one's own desk as often as not: a login says more.
    let logged_in = |provider: &&'static str| {
        *provider != "docker"
            && (seen.tools.iter().any(|tool| tool.provider == **provider) || is_linked(seen, provider))
    };
    let known: BTreeSet<&'static str> = all.iter().map(|(provider, _)| *provider).filter(logged_in).collect();
    if !known.is_empty() {
        return known;
    }
    if runs_here(seen) {
        return ["docker"].into();
    }
    likely(seen.found).into_iter().collect()
}

/// Whether the folder is linked with something there, by the vendor's own tool.
fn is_linked(seen: &Seen<'_>, provider: &str) -> bool {
    seen.found.iter().any(|it| match &it.what {
        What::Platform { provider: other, params, .. } => {
            let linked = [".vercel/", ".netlify/", ".git/"].iter().any(|place| it.path.as_str().contains(place));
            *other == provider && linked && !params.is_empty()
        }
        _ => false,
    })
}

/// Whether something of the repository's compose files, beside its databases, has a container here.
fn runs_here(seen: &Seen<'_>) -> bool {
    let Some(docker) = seen.docker else { return false };
    seen.found.iter().any(|it| match &it.what {
        What::Platform { provider: "docker", params, .. } => {
            is_there(docker, params.get("project"), params.get("service"))
        }
        _ => false,
    })
}

fn is_there(docker: &Docker, project: Option<&String>, service: Option<&String>) -> bool {
    let services = project.and_then(|project| docker.projects.get(project));
    services.zip(service).is_some_and(|(services, service)| services.contains(service))
}

/// Adds what was chosen and has no trace in the repository, and takes away what a compose file names and nobody started.
pub(super) fn complete<'d>(
    draft: &mut Draft,
    chosen: &[Choice],
    seen: &Seen<'_>,
    find: &impl Fn(&str) -> Option<&'d Definition>,
) {
    for choice in chosen {
        match choice {
            Choice::Platform(provider) => {
                let known = draft.services.iter().any(|service| service.provider.as_deref() == Some(provider));
                if let Some(definition) = find(provider).filter(|_| !known) {
                    draft::add_platform(draft, definition, "--platform");
                }
            }
            Choice::Containers => {
                let containers = seen.docker.map(Docker::strangers).unwrap_or_default();
                for container in containers {
                    if let Some(definition) = find("docker") {
                        add_container(draft, definition, container);
                    }
                }
            }
            Choice::Unit(unit) => add_unit(draft, unit, "/etc/systemd/system"),
        }
    }
    let Some(docker) = seen.docker else { return };
    if let Some(source) = draft.sources.iter_mut().find(|source| source.provider == "docker") {
        source.url = Some(docker.url.clone()).filter(|url| *url != format!("unix://{}", super::machine::USUAL_SOCKET));
    }
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for service in std::mem::take(&mut draft.services) {
        let (project, name) = (service.params.get("project"), service.params.get("service"));
        let is_up = |project: &String| docker.projects.get(project).is_some_and(|services| !services.is_empty());
        let is_docker = service.provider.as_deref() == Some("docker");
        let absent = is_docker && project.is_some_and(is_up) && !is_there(docker, project, name);
        if absent { gone.push(service) } else { kept.push(service) }
    }
    draft.services = kept;
    for service in gone {
        draft.services.iter_mut().for_each(|other| other.needs.retain(|name| *name != service.name));
        draft.left_out.push((format!("{}, which has no container here", service.name), service.evidence));
    }
}
