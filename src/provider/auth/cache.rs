//! Credentials that cost something to get, kept until shortly before they expire.
//!
//! Twenty sources ask for the same token at once: the first asks the vendor, the others wait for its answer, and share
//! its refusal as well, so that a broken login is not tried twenty times.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Token;
use super::aws::AwsCredentials;
use super::error::AuthError;
use super::kubeconfig::Cluster;
use super::login::Found;
use crate::clock::Clock;
use crate::model::time::Timestamp;

/// A request that starts now must still be answered with the credential that it carries.
const MARGIN: Duration = Duration::from_secs(60);
/// What states no end is looked for again after this: somebody may have logged in as somebody else.
const UNSTATED: Duration = Duration::from_secs(300);
/// A credential that seems expired when it is fresh means that a clock is wrong. It may well work.
const LEAST: Duration = Duration::from_secs(30);
/// How long a refusal answers others. Whoever logs in now does not want to wait longer than this.
const REFUSAL: Duration = Duration::from_secs(10);

/// A credential that may state its end.
pub trait Expiring {
    /// Returns when it ceases to be accepted, where that is known.
    fn expires(&self) -> Option<Timestamp>;
}

impl Expiring for Token {
    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }
}

impl Expiring for AwsCredentials {
    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }
}

impl Expiring for Cluster {
    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }
}

impl Expiring for Found {
    fn expires(&self) -> Option<Timestamp> {
        None
    }
}

/// Credentials of one kind by some name of what they are for.
pub struct Cache<V> {
    clock: Clock,
    slots: Mutex<BTreeMap<String, Arc<Slot<V>>>>,
}

type Slot<V> = tokio::sync::Mutex<Kept<V>>;

enum Kept<V> {
    Nothing,
    Value { value: V, until: Timestamp },
    Refusal { error: AuthError, at: Timestamp },
}

impl<V: Expiring + Clone + PartialEq> Cache<V> {
    /// Makes an empty cache.
    pub fn new(clock: Clock) -> Self {
        Self { clock, slots: Mutex::new(BTreeMap::new()) }
    }

    /// Returns what is kept under a name, or gets it. Only one gets it at a time; if that one goes away, the next does.
    pub async fn get<F>(&self, name: &str, get: impl FnOnce() -> F) -> Result<V, AuthError>
    where
        F: Future<Output = Result<V, AuthError>>,
    {
        let slot = self.slot(name);
        let mut kept = slot.lock().await;
        let now = self.clock.now();
        match &*kept {
            Kept::Value { value, until } if now < *until => return Ok(value.clone()),
            // A clock that was set back must not keep a refusal for hours.
            Kept::Refusal { error, at } if *at <= now && now.since(*at) < REFUSAL => return Err(error.clone()),
            _ => {}
        }
        let got = get().await;
        let now = self.clock.now();
        *kept = match &got {
            Ok(value) => Kept::Value { value: value.clone(), until: until(value.expires(), now) },
            Err(error) => Kept::Refusal { error: error.clone(), at: now },
        };
        got
    }

    /// Forgets a credential that was refused, so that the next asks for another. One that came after it stays.
    pub async fn forget(&self, name: &str, refused: &V) {
        let slot = self.slot(name);
        let mut kept = slot.lock().await;
        if matches!(&*kept, Kept::Value { value, .. } if value == refused) {
            *kept = Kept::Nothing;
        }
    }

    fn slot(&self, name: &str) -> Arc<Slot<V>> {
        // Nothing that happens under this lock can panic.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(tokio::sync::Mutex::new(Kept::Nothing));
        Arc::clone(slots.entry(name.to_owned()).or_insert_with(fresh))
    }
}

/// Returns until when a fresh credential is used.
fn until(expires: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let Some(expires) = expires else { return now + UNSTATED };
    if expires <= now {
        return now + LEAST;
    }
    // One that lives for a minute is used for most of it.
    expires - MARGIN.min(expires.since(now) / 4)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::model::secret::Secret;

    const START: Timestamp = Timestamp::from_secs(1_000_000);

    fn token(number: usize, lives: Option<u64>) -> Token {
        let expires = lives.map(|lives| START + Duration::from_secs(lives));
        Token { secret: Secret::new(number.to_string()), expires, from: String::new() }
    }

    struct Setting {
        clock: Clock,
        cache: Cache<Token>,
        asked: AtomicUsize,
    }

    impl Setting {
        fn new() -> Self {
            let clock = Clock::manual(START);
            Self { cache: Cache::new(clock.clone()), clock, asked: AtomicUsize::new(0) }
        }

        /// Returns the number of the token that is given out `after` seconds.
        async fn get(&self, after: u64, lives: Option<u64>) -> String {
            self.clock.set(START + Duration::from_secs(after));
            let get = || async {
                // Others get their turn while this one waits for its vendor.
                tokio::task::yield_now().await;
                Ok(token(self.asked.fetch_add(1, Ordering::SeqCst), lives))
            };
            self.cache.get("x", get).await.unwrap().secret.expose().to_owned()
        }

        async fn fail(&self, after: u64) -> Result<Token, AuthError> {
            self.clock.set(START + Duration::from_secs(after));
            let get = || async {
                tokio::task::yield_now().await;
                self.asked.fetch_add(1, Ordering::SeqCst);
                Err(AuthError::malformed("x", "y"))
            };
            self.cache.get("x", get).await
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn a_token_is_kept_until_shortly_before_its_end() {
        for (lives, last, first) in
            [(Some(3_600), 3_539, 3_540), (Some(40), 29, 30), (None, 299, 300), (Some(0), 29, 30)]
        {
            let setting = Setting::new();
            for (after, expected) in [(0, "0"), (last, "0"), (first, "1")] {
                assert_eq!(setting.get(after, lives).await, expected, "{lives:?} after {after} s");
            }
        }
    }

    #[tokio::test]
    async fn many_askers_cause_one_question_and_share_its_answer() {
        let setting = Setting::new();
        let all = futures_util::future::join_all((0..20).map(|_| setting.get(0, Some(3_600)))).await;
        assert!(all.iter().all(|token| token == "0") && setting.asked() == 1, "{all:?}");
        let setting = Setting::new();
        let all = futures_util::future::join_all((0..20).map(|_| setting.fail(0))).await;
        assert!(all.iter().all(Result::is_err) && setting.asked() == 1);
        assert!(setting.fail(9).await.is_err() && setting.asked() == 1);
        assert!(setting.fail(10).await.is_err() && setting.asked() == 2);
        assert_eq!(setting.get(25, None).await, "2");
    }

    #[tokio::test]
    async fn a_refused_token_is_forgotten_and_its_successor_is_not() {
        let setting = Setting::new();
        setting.get(0, Some(3_600)).await;
        setting.cache.forget("x", &token(0, Some(3_600))).await;
        assert_eq!(setting.get(0, Some(3_600)).await, "1");
        // A late refusal of the old one.
        setting.cache.forget("x", &token(0, Some(3_600))).await;
        setting.cache.forget("never", &token(0, None)).await;
        assert_eq!(setting.get(0, Some(3_600)).await, "1");
    }

    #[tokio::test]
    async fn one_who_goes_away_leaves_the_asking_to_the_next() {
        let setting = Setting::new();
        {
            let never = setting.cache.get("x", std::future::pending);
            tokio::pin!(never);
            assert!(futures_util::poll!(&mut never).is_pending());
        }
        assert_eq!(setting.get(0, None).await, "0");
    }
}
