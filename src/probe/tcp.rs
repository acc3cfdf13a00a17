//! Does a port take connections?

use std::time::{Duration, Instant};

use super::{Deadline, Found, Inner, connect, slow};
use crate::model::check::{Facts, Finding, Outcome, TcpFacts};

pub async fn probe(inner: &Inner, host: &str, port: u16, limit: Option<Duration>, deadline: Deadline) -> Found {
    let mut facts = TcpFacts::default();
    let result = ask(inner, host, port, deadline, &mut facts).await;
    let outcome = match result {
        Err(finding) => Outcome::Fail(finding),
        Ok(()) => slow(deadline.begun.elapsed(), limit).map_or(Outcome::Pass, Outcome::Warn),
    };
    Found { outcome, facts: Facts::Tcp(facts) }
}

async fn ask(inner: &Inner, host: &str, port: u16, deadline: Deadline, facts: &mut TcpFacts) -> Result<(), Finding> {
    let begun = Instant::now();
    let addresses = inner.addresses(host, port, deadline).await?;
    facts.dns = Some(begun.elapsed());
    facts.remote = addresses.first().copied();
    let begun = Instant::now();
    let connected = connect::connect(&addresses, deadline).await?;
    facts.connect = Some(begun.elapsed());
    facts.remote = Some(connected.address);
    facts.dead = connected.dead;
    Ok(())
}
