//! Whether this machine's clock is right, by what servers say the time is.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::model::readiness::{Area, Proof, Verdict};
use crate::model::time::Timestamp;
use crate::provider::run::Answer;
use crate::ui::format;

/// A difference that nobody minds: an answer takes its time, and servers' clocks are not exact either.
const BEARABLE: Duration = Duration::from_secs(30);
/// From here on signed requests are refused (AWS allows five minutes), and times in a timeline are lies.
const TOO_MUCH: Duration = Duration::from_secs(240);

/// What servers told of the time.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Vec<Differs>>);

/// By how much a server's clock is ahead of ours, or behind.
#[derive(Clone, Debug)]
struct Differs {
    by: Duration,
    ours_is_ahead: bool,
    who: String,
}

impl Told {
    /// Hears a server's answer.
    pub fn hear(&self, who: &str, answer: &Answer, now: Timestamp) {
        let Some(theirs) = answer.header("date").and_then(read) else { return };
        // A cache tells the time at which it was filled.
        if answer.header("age").is_some_and(|age| age.trim() != "0") {
            return;
        }
        let (by, ours_is_ahead) = if now > theirs { (now.since(theirs), true) } else { (theirs.since(now), false) };
        let differs = Differs { by, ours_is_ahead, who: who.to_owned() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(differs);
    }

    /// Returns what came of it. Of several servers the one that agrees most is believed: one may be wrong itself.
    pub fn proof(&self) -> Proof {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = |verdict, evidence: &str| Proof::new(Area::Clock, "this machine", verdict, evidence);
        let Some(least) = heard.iter().min_by_key(|differs| differs.by) else {
            return line(Verdict::Unproven, "no server told what time it is");
        };
        let direction = if least.ours_is_ahead { "ahead of" } else { "behind" };
        let evidence = format!("{} {direction} that of {}", format::age(least.by), least.who);
        let fix = "timedatectl set-ntp true";
        match least.by {
            by if by <= BEARABLE => line(Verdict::Ok, &format!("it agrees with that of {}", least.who)),
            by if by <= TOO_MUCH => line(Verdict::Warning, &evidence).fix(fix),
            _ => line(Verdict::Failure, &evidence).fix(fix),
        }
    }
}

fn read(date: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(date).ok()?;
    Timestamp::parse_rfc3339(&zoned.timestamp().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(dates: &[&str]) -> Proof {
        let told = Told::default();
        let now = Timestamp::parse_rfc3339("2026-05-01T12:00:00Z").unwrap();
        for date in dates {
            let headers = vec![("date".to_owned(), (*date).to_owned())];
            told.hear("x", &Answer { headers, ..Answer::default() }, now);
        }
        told.proof()
    }

    #[test]
    fn the_server_that_agrees_most_is_believed() {
        assert_eq!(told(&[]).verdict, Verdict::Unproven);
        assert_eq!(told(&["nonsense"]).verdict, Verdict::Unproven);
        assert_eq!(told(&["Fri, 01 May 2026 12:00:09 GMT"]).verdict, Verdict::Ok);
        let late = told(&["Fri, 01 May 2026 12:01:00 GMT"]);
        assert_eq!((late.verdict, late.evidence.as_str()), (Verdict::Warning, "1m behind that of x"));
        let wrong = told(&["Fri, 01 May 2026 11:00:00 GMT"]);
        assert_eq!(wrong.verdict, Verdict::Failure);
        assert!(wrong.evidence.as_str().contains("ahead of"), "{wrong:?}");
        assert_eq!(told(&["Fri, 01 May 2026 11:00:00 GMT", "Fri, 01 May 2026 12:00:00 GMT"]).verdict, Verdict::Ok);
    }
}
