//! crashcart: one terminal program for the next ten minutes of an outage.
//!
//! A tour, in reading order. `docs/architecture.md` has the invariants, `tests/architecture.rs` enforces them.
//!
//! **Words** ([`model`]). What there is: a [service](model::service), its [checks](model::check) and what they
//! [add up to](model::check_state), [observations with their age](model::observed), [this machine](model::host), log
//! lines, and [foreign text made harmless](model::text). The [`Snapshot`](model::snapshot::Snapshot) is the world as
//! last observed. Plain data: no clock, no files, no network, nothing of ours below it.
//!
//! **Knowledge** ([`audit`], [`config`], [`contacts`], [`diagnosis`], [`logs`], [`operation`], [`runbook`], [`incident`], [`postmortem`], [`paging`], the
//! pure half of [`provider`], the watcher's [rules](watch::rules)). Text and state in, meaning out: a configuration with located diagnostics; health, root causes,
//! explanations; levels, times, stack traces, filters; what a definition asks of a vendor and what the answer means; which
//! events of an [operation](operation::log) may follow which; whom to call [next](contacts::escalation); an incident's timeline
//! and the document that it becomes; what a [repository says](recognise) about itself. Pure functions.
//!
//! **Adapters** ([`clock`], [`probe`], [`secret`], [`tail`], [`journal`], [`repository`], the [engine](provider::engine) of
//! providers). Each talks to one outside thing, and never to another adapter.
//!
//! **The console** ([`action`], [`app`], [`pane`], [`modal`], [`ui`]). [`App::update`](app::App::update) is the only way
//! in which state changes, [`App::view`](app::App::view) draws it into a buffer. Pure as well, so that every screen is
//! a test and a recording replays.
//!
//! **The shell** ([`cli`], [`runtime`], [`desk`], [`worker`], [`watch`]). The [event loop](runtime::console), pollers, the terminal,
//! files, processes; one file a subcommand; where plans are made and approved, and the process that carries one out.
//!
//! ```text
//!   probes   this host   log tails   keys, resizes   clock
//!       \        |           |            |            /
//!        `-------+-----------+------------+-----------'
//!                            v
//!                   Event (one queue, recordable)
//!                            v
//!            App::update -> Vec<Effect> ----> runtime: does it, answers with an Event
//!                            v
//!            App::view -> Buffer -> the bytes that differ -> terminal
//! ```

// 1. Words.
pub mod model;

// 2. Knowledge: pure.
pub mod audit;
pub mod config;
pub mod contacts;
pub mod diagnosis;
pub mod incident;
pub mod logs;
pub mod operation;
pub mod paging;
pub mod postmortem;
pub mod recognise;
pub mod runbook;

// 3. Adapters: each talks to one outside thing.
pub mod clock;
pub mod journal;
pub mod probe;
pub mod process;
pub mod provider;
pub mod repository;
pub mod secret;
pub mod tail;

// 4. The console: pure.
pub mod action;
pub mod app;
pub mod modal;
pub mod pane;
pub mod ui;

// 5. The shell.
pub mod cli;
pub mod desk;
pub mod runtime;
pub mod watch;
pub mod worker;
