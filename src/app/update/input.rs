//! What the user pressed, and what that does.

use super::super::App;
use super::super::effect::{Effect, ProbeWhich, ReadRequest};
use super::super::event::{Input, Key, KeyCode, Mouse, MouseKind};
use super::super::layout::Room;
use super::super::world::Item;
use super::{acting, following, notice, reading, reassess, responding, settle};
use crate::action::{Action, Context, info};
use crate::modal::Modal;
use crate::modal::choose::Choice;
use crate::modal::detail::{DetailState, Subject};
use crate::modal::help::HelpState;
use crate::modal::operation::OperationState;
use crate::modal::palette::{PaletteState, Target};
use crate::modal::plan::PlanState;
use crate::modal::prompt::{Prompt, Purpose, Typed};
use crate::modal::things;
use crate::pane::PaneId;
use crate::pane::feeds::Kind;
use crate::pane::service::Spot;
use crate::pane::triage;

/// Takes in what came from the terminal.
pub fn input(app: &mut App, input: Input) -> Vec<Effect> {
    let before = app.selected();
    let mut effects = match input {
        Input::Key(key) => {
            let mut effects = responding::join(app);
            effects.extend(key_pressed(app, key));
            effects
        }
        Input::Paste(text) => {
            if let Some(prompt) = &mut app.prompt {
                prompt.input.paste(&text);
                typed(app)
            } else if let Some(effects) = following::terminal_paste(app, &text) {
                effects
            } else if following::step_paste(app, &text) {
                Vec::new()
            } else if let Some(Modal::Palette(palette)) = app.modals.last_mut() {
                palette.input.paste(&text);
                palette.selected = 0;
                Vec::new()
            } else if let Some(Modal::Ask(ask)) = app.modals.last_mut() {
                ask.input.paste(&text);
                Vec::new()
            } else if let Some(Modal::Opening(opening)) = app.modals.last_mut() {
                opening.input.paste(&text);
                Vec::new()
            } else {
                // Pasted text is never read as keys.
                notice(app, "pasted text was ignored: there is no field to paste into", false);
                Vec::new()
            }
        }
        Input::Resize { width, height } => {
            app.size = (width, height);
            following::resized(app)
        }
        Input::Mouse(mouse) => mouse_event(app, mouse),
        Input::Resumed => {
            reassess(app);
            vec![Effect::Redraw]
        }
    };
    let after = app.selected();
    if before != after {
        app.service.reset();
        app.releases.reset();
        app.errors.reset();
        effects.push(focus(app));
        app.logs.show_for(&app.world, after.as_ref());
    }
    settle(app);
    effects
}

/// What is looked at is asked more often than the rest.
fn focus(app: &App) -> Effect {
    let catalog = &app.world.catalog;
    let (checks, feeds) = match app.selected() {
        Some(Item::Service(service)) => (
            catalog.checks_of(&service).map(|check| check.id.clone()).collect(),
            catalog.feeds_of(&service).map(|feed| feed.id.clone()).collect(),
        ),
        Some(Item::Vendor(vendor)) => {
            let feeds = catalog.feeds.iter().filter(|feed| feed.vendor.as_ref() == Some(&vendor));
            (Vec::new(), feeds.map(|feed| feed.id.clone()).collect())
        }
        Some(Item::Host) | None => (Vec::new(), Vec::new()),
    };
    Effect::Focus { checks, feeds }
}

fn key_pressed(app: &mut App, key: Key) -> Vec<Effect> {
    if app.prompt.is_some() {
        return prompt_key(app, key);
    }
    // While a name is typed, letters are letters.
    if let Some(Modal::Plan(state)) = app.modals.last_mut()
        && state.asks_for_name().is_some()
        && name_key(state, key)
    {
        return Vec::new();
    }
    if following::step_key(app, key) {
        return Vec::new();
    }
    match app.modals.last() {
        None => {}
        Some(Modal::Palette(_)) => return palette_key(app, key),
        Some(Modal::Ask(_)) => return ask_key(app, key),
        Some(Modal::Opening(_)) => return responding::opening_key(app, key),
        Some(Modal::Incident(_)) => {
            if let Some(effects) = responding::menu_key(app, key) {
                return effects;
            }
        }
        Some(Modal::Contact(_)) => {
            if let Some(effects) = responding::contact_key(app, key) {
                return effects;
            }
        }
        Some(Modal::Terminal(_)) => return following::terminal_key(app, key),
        Some(Modal::Operation(state)) if state.asking.is_some() => {
            let yes = app.keymap.keys(Action::Confirm).any(|confirms| confirms == key);
            return acting::answered(app, yes);
        }
        Some(_) => {}
    }
    let context = app.modals.last().map_or_else(|| app.focus.context(), Modal::context);
    match app.keymap.action(key, context) {
        Some(action) if app.modals.is_empty() => act(app, action, Some(key)),
        Some(action) => modal_action(app, action, Some(key)),
        None => Vec::new(),
    }
}

/// Types a service's name. Returns whether the key was a part of it.
fn name_key(state: &mut PlanState, key: Key) -> bool {
    match key.code {
        // A whole name and then the key that confirms: that is left to the plan.
        KeyCode::Char(_) if state.is_named() => false,
        KeyCode::Char(_) if !key.ctrl && !key.alt => {
            state.typed.key(key);
            true
        }
        // One too many must not close the plan: the letters that follow would be keys.
        KeyCode::Backspace => {
            state.typed.key(key);
            true
        }
        KeyCode::Char('u' | 'w') if key.ctrl => {
            state.typed.key(key);
            true
        }
        _ => false,
    }
}

/// Answers what an action asks beside its target.
fn ask_key(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(Modal::Ask(ask)) = app.modals.last_mut() else { return Vec::new() };
    if key.code == KeyCode::Tab {
        ask.next_value();
        return Vec::new();
    }
    match ask.input.key(key) {
        Typed::Cancelled => {
            app.modals.pop();
        }
        Typed::Done => {
            if ask.answered() {
                let (offer, target, values) = (ask.offer.clone(), ask.target.clone(), ask.values.clone());
                return acting::plan_for(app, &offer, target, values, Some(key));
            }
        }
        Typed::Changed | Typed::Nothing => {}
    }
    Vec::new()
}

/// Does what a key, a palette entry or a tap means.
fn act(app: &mut App, action: Action, key: Option<Key>) -> Vec<Effect> {
    match action {
        Action::Quit => return go_back(app, true),
        Action::Back => return go_back(app, false),
        Action::Help => app.modals.push(Modal::Help(HelpState::default())),
        Action::Palette => app.modals.push(Modal::Palette(PaletteState::default())),
        Action::Refresh => {
            if app.world.inert.is_some() {
                notice(app, "nothing is probed until the configuration is trusted: run crashcart trust", true);
                return Vec::new();
            }
            notice(app, "checking everything now", false);
            return vec![Effect::Probe(ProbeWhich::All)];
        }
        Action::Copy => return copy(app),
        Action::NextPane => step_pane(app, 1),
        Action::PreviousPane => step_pane(app, 2),
        Action::PaneTriage => app.focus = PaneId::Triage,
        Action::PaneService => app.focus = PaneId::Service,
        Action::PaneLogs | Action::ServiceLogs => app.focus = PaneId::Logs,
        Action::PaneReleases => app.focus = PaneId::Releases,
        Action::PaneErrors => app.focus = PaneId::Errors,
        Action::PaneAlerts => app.focus = PaneId::Alerts,
        Action::PaneOperations => app.focus = PaneId::Operations,
        Action::PaneTimeline => app.focus = PaneId::Timeline,
        Action::PaneContacts => app.focus = PaneId::Contacts,
        Action::PaneReadiness => app.focus = PaneId::Readiness,
        Action::Incident => return responding::incident(app),
        Action::Note => responding::note(app),
        Action::Page => return responding::page(app, key),
        Action::Pin => return responding::pin(app),
        Action::Correct | Action::Redact => responding::in_timeline(app, action),
        Action::Runbook => reading::open_best(app),
        Action::Draft if app.world.read_only => notice(app, "--read-only: nothing can be done from here", true),
        Action::Draft => {
            let service = match app.selected() {
                Some(Item::Service(service)) => Some(service),
                _ => None,
            };
            return vec![Effect::Draft(service)];
        }
        Action::RollBack => return acting::roll_back(app, key),
        Action::Actions => return acting::actions(app),
        Action::Stop | Action::GoOn | Action::Undo | Action::Close => return acting::operate(app, action, key),
        // Only a plan is confirmed, and only a runbook has steps.
        Action::Confirm
        | Action::Target
        | Action::Edit
        | Action::StepSkip
        | Action::StepMark
        | Action::StepStop
        | Action::StepUndo
        | Action::StepOutput
        | Action::StepTerminal
        | Action::StepGoOn
        | Action::RunClose
        | Action::CallLog
        | Action::CallPicture
        | Action::CallReveal
        | Action::Link
        | Action::FindNext
        | Action::FindPrevious => {}
        Action::Zoom => app.zoom = !app.zoom,
        Action::Theme => {
            app.look.theme = app.look.theme.next();
            let name = format!("theme {}", app.look.theme.name);
            notice(app, &name, false);
        }
        Action::Mouse => {
            app.mouse = !app.mouse;
            notice(app, if app.mouse { "mouse on" } else { "mouse off: the terminal selects text" }, false);
            return vec![Effect::SetMouse(app.mouse)];
        }
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Search => {
            let prompt = match app.focus {
                PaneId::Logs => Prompt::new(Purpose::Search, ""),
                PaneId::Timeline => Prompt::new(Purpose::Timeline, &app.timeline.filter),
                _ => {
                    app.focus = PaneId::Triage;
                    Prompt::new(Purpose::Services, &app.triage.filter)
                }
            };
            app.prompt = Some(prompt);
        }
        Action::Include => app.prompt = Some(Prompt::new(Purpose::Include, app.logs.filter_text())),
        Action::Exclude => app.prompt = Some(Prompt::new(Purpose::Exclude, "")),
        Action::Open => return open(app),
        Action::Up
        | Action::Down
        | Action::PageUp
        | Action::PageDown
        | Action::Top
        | Action::Bottom
        | Action::Left
        | Action::Right => {
            return move_in_pane(app, action);
        }
        // Without a search, the key of the next match is that of a note.
        Action::SearchNext if !app.logs.searches() => responding::note(app),
        Action::SearchNext
        | Action::SearchPrevious
        | Action::ErrorNext
        | Action::ErrorPrevious
        | Action::Level
        | Action::Pause
        | Action::Source
        | Action::Patterns
        | Action::ClearFilters => {
            if !app.world.catalog.logs.is_empty() {
                app.focus = PaneId::Logs;
            }
            return in_logs(app, action);
        }
    }
    Vec::new()
}

fn in_logs(app: &mut App, action: Action) -> Vec<Effect> {
    let outcome = app.logs.act(action, &mut app.world);
    if let Some((title, lines)) = outcome.show {
        app.modals.push(Modal::Detail(DetailState::new(Subject::Text { title, lines })));
    }
    outcome.effects
}

fn step_pane(app: &mut App, by: usize) {
    let panes: Vec<_> = PaneId::ALL.into_iter().filter(|pane| app.has(*pane)).collect();
    let here = panes.iter().position(|pane| *pane == app.focus).unwrap_or(0);
    // Two steps forward among three panes are one back.
    let by = if by == 1 { 1 } else { panes.len() - 1 };
    app.focus = panes[(here + by) % panes.len()];
}

/// Leaves what is innermost. Quitting from the services ends the program.
fn go_back(app: &mut App, quit: bool) -> Vec<Effect> {
    if app.logs.back(app.focus == PaneId::Logs) {
        return Vec::new();
    }
    if app.focus == PaneId::Timeline && !app.timeline.filter.is_empty() {
        app.timeline.filter.clear();
        return Vec::new();
    }
    if app.focus == PaneId::Triage && !app.triage.filter.is_empty() {
        app.triage.filter.clear();
        return Vec::new();
    }
    if app.zoom && app.map().room != Room::Phone {
        app.zoom = false;
        return Vec::new();
    }
    if app.focus != PaneId::Triage && !app.world.catalog.services.is_empty() {
        app.focus = PaneId::Triage;
        return Vec::new();
    }
    if quit {
        return vec![Effect::Quit];
    }
    app.triage.release();
    Vec::new()
}

fn open(app: &mut App) -> Vec<Effect> {
    match app.focus {
        PaneId::Triage => app.focus = PaneId::Service,
        PaneId::Service => {
            if let Some(Item::Service(service)) = app.selected() {
                let subject = match app.service.spot(&app.world, &service) {
                    Some(Spot::Check(check)) => Subject::Check(check),
                    Some(Spot::Metric(feed)) => Subject::Chart { service, feed },
                    Some(Spot::End) | None => return Vec::new(),
                };
                app.modals.push(Modal::Detail(DetailState::new(subject)));
            }
        }
        PaneId::Logs => {
            if let Some((title, lines)) = app.logs.entry() {
                app.modals.push(Modal::Detail(DetailState::new(Subject::Text { title, lines })));
            }
        }
        PaneId::Releases | PaneId::Errors | PaneId::Alerts => return open_thing(app),
        PaneId::Operations => {
            if let Some(operation) = app.operations.selected(&app.world).and_then(|id| app.world.operations.get(&id)) {
                let state = OperationState::new(operation.id().clone(), operation.plan.title.clone());
                app.modals.push(Modal::Operation(state));
            }
        }
        PaneId::Timeline => responding::open_moment(app),
        PaneId::Contacts => responding::open_contact(app),
        PaneId::Readiness => {}
    }
    Vec::new()
}

/// Opens what is selected in a list, and asks for what is not known of it yet.
fn open_thing(app: &mut App) -> Vec<Effect> {
    let (Some(kind), item) = (Kind::of(app.focus), app.selected()) else { return Vec::new() };
    let Some(key) = app.list(kind).selected(&app.world, kind, item.as_ref()) else { return Vec::new() };
    app.modals.push(Modal::Detail(DetailState::new(Subject::Thing { kind, key: key.clone() })));
    if kind == Kind::Errors
        && let Some(issue) = things::issue(&app.world, &key)
    {
        return vec![Effect::Read(ReadRequest::Issue { feed: key.feed, issue: Box::new(issue.clone()) })];
    }
    if kind == Kind::Releases
        && let Some((from, to)) = things::release_and_live(&app.world, &key)
    {
        return vec![Effect::Read(ReadRequest::Changes { feed: key.feed, from: Box::new(from), to: Box::new(to) })];
    }
    Vec::new()
}

fn move_in_pane(app: &mut App, action: Action) -> Vec<Effect> {
    let map = app.map();
    let page = |place: Option<ratatui::layout::Rect>| {
        isize::try_from(place.map_or(1, |place| place.height.saturating_sub(2).max(1))).unwrap_or(1)
    };
    match app.focus {
        PaneId::Triage => {
            let items = triage::items(&app.world, &app.triage.filter);
            app.triage.step(&items, amount(action, page(map.triage)));
        }
        PaneId::Service => {
            if let Some(Item::Service(service)) = app.selected() {
                // A page is more than the checks of most services.
                app.service.step(&app.world, &service, amount(action, 5));
            }
        }
        PaneId::Logs => return in_logs(app, action),
        PaneId::Timeline if matches!(action, Action::Left | Action::Right) => responding::in_timeline(app, action),
        PaneId::Timeline => {
            let by = amount(action, page(map.lower.map(|(_, place)| place)));
            app.timeline.step(by);
        }
        PaneId::Readiness => {
            if let Some((_, place)) = map.lower {
                app.readiness.scroll(amount(action, page(Some(place))), &app.world, place, &app.look);
            }
        }
        PaneId::Contacts => {
            // A contact takes two rows.
            let (selected, by) = (app.selected(), amount(action, (page(map.lower.map(|(_, place)| place)) / 2).max(1)));
            app.contacts.step(&app.world, selected.as_ref(), by);
        }
        PaneId::Operations => {
            // An operation takes two rows.
            let by = amount(action, (page(map.lower.map(|(_, place)| place)) / 2).max(1));
            app.operations.step(&app.world, by);
        }
        PaneId::Releases | PaneId::Errors | PaneId::Alerts => {
            if let Some(kind) = Kind::of(app.focus) {
                let (selected, by) = (app.selected(), amount(action, page(map.lower.map(|(_, place)| place))));
                let mut list = app.list(kind).clone();
                list.step(&app.world, kind, selected.as_ref(), by);
                *app.list_mut(kind) = list;
            }
        }
    }
    Vec::new()
}

fn amount(action: Action, page: isize) -> isize {
    match action {
        Action::Up => -1,
        Action::Down => 1,
        Action::PageUp => -page,
        Action::PageDown => page,
        Action::Top => isize::MIN / 2,
        Action::Bottom => isize::MAX / 2,
        _ => 0,
    }
}

fn modal_action(app: &mut App, action: Action, key: Option<Key>) -> Vec<Effect> {
    let (modal, full) = (app.map().modal, app.map().full);
    let inner = (modal.width.saturating_sub(4), modal.height.saturating_sub(2));
    let by = amount(action, isize::try_from(inner.1.max(2) - 1).unwrap_or(1));
    match action {
        // Enter chooses from a list, and never says yes to a plan.
        Action::Open => match app.modals.last() {
            Some(Modal::Choose(list)) => {
                if let Some(choice) = list.choices.get(list.selected).cloned() {
                    return acting::chosen(app, choice, key);
                }
            }
            Some(Modal::Plan(_)) => {
                let yes = app.keymap.key(Action::Confirm).map(|key| key.to_string()).unwrap_or_default();
                notice(app, &format!("enter never says yes: {yes} does"), false);
            }
            Some(Modal::Step(_) | Modal::Page(_)) => {
                let yes = app.keymap.key(Action::Confirm).map(|key| key.to_string()).unwrap_or_default();
                notice(app, &format!("enter never says yes: {yes} does"), false);
            }
            Some(Modal::Runbook(_)) => return following::act(app, action, key),
            Some(Modal::Contact(_)) => return responding::in_contact(app, action),
            _ => {
                app.modals.pop();
            }
        },
        Action::Edit => following::edit(app),
        _ if info(action).context == Context::Runbook => return following::act(app, action, key),
        _ if info(action).context == Context::Contact => return responding::in_contact(app, action),
        Action::Search if matches!(app.modals.last(), Some(Modal::Runbook(_))) => {
            return following::act(app, action, key);
        }
        Action::Quit | Action::Back | Action::Left => {
            app.modals.pop();
        }
        Action::Confirm if matches!(app.modals.last(), Some(Modal::Step(_))) => return following::confirm(app, key),
        Action::Confirm if matches!(app.modals.last(), Some(Modal::Page(_))) => return responding::send(app, key),
        Action::Page if matches!(app.modals.last(), Some(Modal::Contact(_))) => return responding::page(app, key),
        Action::Confirm => return acting::confirm(app, key),
        Action::Target => return acting::other_target(app),
        Action::NextPane if matches!(app.modals.last(), Some(Modal::Plan(_))) => return acting::other_target(app),
        Action::Stop | Action::GoOn | Action::Undo | Action::Close => return acting::operate(app, action, key),
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Help => match app.modals.last() {
            Some(Modal::Help(_)) => {
                app.modals.pop();
            }
            _ => app.modals.push(Modal::Help(HelpState::default())),
        },
        Action::Copy => return copy(app),
        _ => match app.modals.last_mut() {
            Some(Modal::Help(help)) => help.scroll(by, inner.1),
            Some(Modal::Detail(detail)) => detail.scroll(by, &app.world, inner, &app.look),
            Some(Modal::Choose(list)) => list.step(by),
            Some(Modal::Incident(menu)) => menu.step(by, &app.world),
            Some(Modal::Page(page)) => page.scroll(by, &app.world, inner, &app.look),
            Some(Modal::Contact(contact)) => contact.step(by, &app.world, inner, &app.look),
            Some(Modal::Plan(plan)) => plan.scroll(by, &app.world, full, &app.look),
            Some(Modal::Operation(operation)) => operation.scroll(by, &app.world, inner, &app.look),
            Some(Modal::Runbook(runbook)) => match action {
                Action::NextPane | Action::PreviousPane => {
                    runbook.step(action == Action::NextPane, &app.world, inner, &app.look);
                }
                _ => runbook.scroll(by, &app.world, inner, &app.look),
            },
            Some(Modal::Step(step)) => step.scroll(by, &app.world, inner, &app.look),
            Some(Modal::Palette(_) | Modal::Ask(_) | Modal::Opening(_) | Modal::Terminal(_)) | None => {}
        },
    }
    Vec::new()
}

fn prompt_key(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(prompt) = &mut app.prompt else { return Vec::new() };
    match prompt.input.key(key) {
        Typed::Changed => typed(app),
        Typed::Done => {
            let Some(prompt) = app.prompt.take() else { return Vec::new() };
            match prompt.purpose {
                Purpose::Services => Vec::new(),
                Purpose::Search => app.logs.search(&prompt.input.text, &mut app.world),
                Purpose::Include => {
                    app.logs.set_filter(&prompt.input.text, &mut app.world);
                    Vec::new()
                }
                Purpose::InRunbook => following::find_text(app, &prompt.input.text),
                Purpose::SkipBecause => following::skipped(app, &prompt.input.text),
                Purpose::Timeline => Vec::new(),
                Purpose::Note
                | Purpose::Update
                | Purpose::IncidentTitle
                | Purpose::IncidentServices
                | Purpose::IncidentRole
                | Purpose::Correct
                | Purpose::Redact => responding::typed(app, prompt.purpose, &prompt.input.text),
                Purpose::Exclude => {
                    app.logs.hide(&prompt.input.text, &mut app.world);
                    Vec::new()
                }
            }
        }
        Typed::Cancelled => {
            match app.prompt.take().map(|prompt| prompt.purpose) {
                Some(Purpose::Services) => app.triage.filter.clear(),
                Some(Purpose::Timeline) => app.timeline.filter.clear(),
                _ => {}
            }
            Vec::new()
        }
        Typed::Nothing => Vec::new(),
    }
}

/// Shows what the text so far would find.
fn typed(app: &mut App) -> Vec<Effect> {
    match &app.prompt {
        Some(prompt) if prompt.purpose == Purpose::Services => app.triage.filter.clone_from(&prompt.input.text),
        Some(prompt) if prompt.purpose == Purpose::Timeline => app.timeline.filter.clone_from(&prompt.input.text),
        _ => {}
    }
    Vec::new()
}

fn palette_key(app: &mut App, key: Key) -> Vec<Effect> {
    let Some(Modal::Palette(palette)) = app.modals.last_mut() else { return Vec::new() };
    let matches = palette.matches(&app.world, &app.keymap);
    match (key.code, key.ctrl) {
        (KeyCode::Up | KeyCode::BackTab, _) | (KeyCode::Char('p' | 'k'), true) => palette.step(-1, matches.len()),
        (KeyCode::Down | KeyCode::Tab, _) | (KeyCode::Char('n' | 'j'), true) => palette.step(1, matches.len()),
        _ => match palette.input.key(key) {
            Typed::Changed => palette.selected = 0,
            Typed::Cancelled => {
                app.modals.pop();
            }
            Typed::Done => {
                let chosen = matches.get(palette.selected).map(|entry| entry.target.clone());
                app.modals.pop();
                return match chosen {
                    Some(Target::Item(item)) => {
                        app.triage.filter.clear();
                        app.triage.select(item);
                        app.focus = PaneId::Service;
                        Vec::new()
                    }
                    Some(Target::Log(log)) => {
                        app.focus = PaneId::Logs;
                        app.logs.only(&log);
                        Vec::new()
                    }
                    Some(Target::Action(action)) => act(app, action, None),
                    Some(Target::Runbook(name)) => {
                        following::open(app, &name, None);
                        Vec::new()
                    }
                    Some(Target::Offer(offer)) => acting::chosen(app, Choice { offer, target: None }, None),
                    None => Vec::new(),
                };
            }
            Typed::Nothing => {}
        },
    }
    Vec::new()
}

fn copy(app: &mut App) -> Vec<Effect> {
    let text = match app.modals.last() {
        Some(Modal::Detail(detail)) => Some(detail.text(&app.world)),
        Some(Modal::Operation(operation)) => Some(operation.text(&app.world)),
        Some(Modal::Runbook(runbook)) => Some(runbook.text(&app.world)),
        Some(Modal::Contact(contact)) => contact.way(&app.world).map(|way| way.address.to_string()),
        _ => match (app.focus, app.selected()) {
            (PaneId::Timeline, _) => {
                app.timeline.selected().map(|moment| crate::pane::timeline::tell(moment, &app.world).join("\n"))
            }
            (PaneId::Contacts, item) => app.contacts.selected(&app.world, item.as_ref()).and_then(|contact| {
                let moment = crate::pane::contacts::moment(&app.world);
                crate::pane::contacts::best_way(contact, &moment).map(|way| way.address.to_string())
            }),
            (PaneId::Logs, _) => app.logs.entry().map(|(_, lines)| lines.join("\n")),
            (_, Some(Item::Service(service))) => app.world.assessment.service(&service).map(|found| {
                let why = found.reasons.first().map_or_else(String::new, |reason| format!(": {}", reason.text));
                let (word, since) = triage::verdict(&app.world, found);
                format!("{service} {word} {since}{why}")
            }),
            (_, Some(Item::Vendor(id))) => app
                .world
                .catalog
                .vendors
                .iter()
                .find(|vendor| vendor.id == id)
                .and_then(|vendor| vendor.status_url.clone()),
            (_, Some(Item::Host) | None) => None,
        },
    };
    match text {
        Some(text) => vec![Effect::Copy(text)],
        None => {
            notice(app, "there is nothing here to copy", false);
            Vec::new()
        }
    }
}

fn mouse_event(app: &mut App, mouse: Mouse) -> Vec<Effect> {
    let at = ratatui::layout::Position { x: mouse.column, y: mouse.row };
    let map = app.map();
    let lower = map.lower.map(|(pane, place)| (pane, Some(place)));
    let places = [(PaneId::Triage, map.triage), (PaneId::Service, map.service)].into_iter().chain(lower);
    let pane = places
        .into_iter()
        .find_map(|(pane, place)| place.filter(|place| place.contains(at)).map(|place| (pane, place)));
    match mouse.kind {
        MouseKind::ScrollUp | MouseKind::ScrollDown => {
            let action = if mouse.kind == MouseKind::ScrollUp { Action::Up } else { Action::Down };
            if !app.modals.is_empty() {
                return modal_action(app, action, None);
            }
            if let Some((pane, _)) = pane {
                app.focus = pane;
            }
            move_in_pane(app, action)
        }
        MouseKind::Press => {
            if !app.modals.is_empty() {
                if !map.modal.contains(at) {
                    app.modals.pop();
                }
                return Vec::new();
            }
            if let Some((pane, place)) = pane {
                app.focus = pane;
                if pane == PaneId::Triage
                    && let Some(item) = app.triage.item_at(&app.world, place, mouse.row)
                {
                    app.triage.select(item);
                }
            }
            Vec::new()
        }
    }
}
