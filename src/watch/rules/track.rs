//! Since when something is ill or well, and when that counts.
//!
//! What is down counts at once: its checks have been asked again already. Everything else has to hold for a while, and so does
//! being well again; longer for what turns again and again.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Standing, State, Subject, World, standing};
use crate::model::time::Timestamp;
use crate::model::watch::{Trouble, WatchRules};

/// Something that nobody can say anything about for so long is told of. A monitoring system is restarted faster.
const LOST: Duration = Duration::from_secs(10 * 60);
/// What turned ill so often within this time flaps.
const FLAPS: usize = 4;
const FLAP_WINDOW: Duration = Duration::from_secs(3_600);
/// What flaps must be well for so many times longer.
const DAMPING: u32 = 5;
/// More turns than this say nothing more.
const TURNS: usize = 16;

/// What is remembered of one thing.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tracked {
    /// What is wrong with it now, and since when that is so.
    pub trouble: Option<(Trouble, Timestamp)>,
    /// When it began, as far as its checks know.
    pub began_at: Option<Timestamp>,
    pub well_since: Option<Timestamp>,
    /// Since when it counts as ill.
    pub counts_since: Option<Timestamp>,
    /// When it began to count, lately.
    pub turns: VecDeque<Timestamp>,
}

impl Tracked {
    /// Whether it turns again and again.
    pub fn flaps(&self, now: Timestamp) -> bool {
        self.turns.iter().filter(|at| now.since(**at) < FLAP_WINDOW).count() >= FLAPS
    }

    /// Returns how long it must be well before that counts.
    pub fn settles_after(&self, rules: &WatchRules, now: Timestamp) -> Duration {
        if self.flaps(now) { rules.flap * DAMPING } else { rules.flap }
    }

    fn follow(&mut self, subject: &Subject, rules: &WatchRules, in_maintenance: bool, now: Timestamp) {
        // A clock that was set back must not hold anything for ever.
        for at in [&mut self.well_since, &mut self.counts_since].into_iter().flatten() {
            *at = (*at).min(now);
        }
        match standing(subject, rules) {
            Standing::Ill(trouble) => {
                self.well_since = None;
                if self.trouble.is_none() {
                    self.began_at = Some(subject.since.unwrap_or(now).min(now));
                }
                if self.trouble.is_none_or(|(before, _)| before != trouble) {
                    self.trouble = Some((trouble, now));
                }
                let held = self.trouble.map_or(Duration::ZERO, |(_, since)| now.since(since));
                if self.counts_since.is_none() && !in_maintenance && held >= hold(trouble, rules) {
                    self.counts_since = Some(now);
                    self.turns.push_back(now);
                    if self.turns.len() > TURNS {
                        self.turns.pop_front();
                    }
                }
            }
            Standing::Well => {
                self.trouble = None;
                let since = *self.well_since.get_or_insert(now);
                if self.counts_since.is_some() && now.since(since) >= self.settles_after(rules, now) {
                    self.counts_since = None;
                }
            }
            // What it was, it is until somebody knows better; but nothing is well because nobody looks.
            Standing::Unclear => self.well_since = None,
        }
    }
}

fn hold(trouble: Trouble, rules: &WatchRules) -> Duration {
    match trouble {
        Trouble::Down => Duration::ZERO,
        Trouble::Degraded | Trouble::Host => rules.flap,
        Trouble::Unknown => LOST.max(rules.flap),
    }
}

/// Takes in how everything is now.
pub(super) fn follow(state: &mut State, world: &World<'_>, rules: &WatchRules) {
    let now = world.time.now;
    let here = now.in_zone(&world.time.here);
    let key = |subject: &Subject| subject.who.as_ref().map(ToString::to_string).unwrap_or_default();
    // What is not configured any more is forgotten.
    state.subjects.retain(|known, _| world.subjects.iter().any(|subject| key(subject) == *known));
    for subject in &world.subjects {
        let in_maintenance =
            rules.maintenance.iter().any(|window| window.concerns(subject.who.as_ref()) && window.holds(&here));
        state.subjects.entry(key(subject)).or_default().follow(subject, rules, in_maintenance, now);
    }
}
