//! One probe, explained: what was asked, what came, where the time went, what to try.
//!
//! The detail view and `crashcart check` say the same, because both say this.

use std::time::Duration;

use crate::model::check::{CertificateFacts, CheckSpec, Facts, HttpFacts, Outcome, ProbeResult, ProbeSpec, RecordType};
use crate::model::service::Health;
use crate::model::time::Timestamp;

/// One line of an explanation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// A word or two that names it; empty for a continuation of the line above.
    pub label: &'static str,
    pub text: String,
    pub tone: Tone,
}

/// How a fact is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    Plain,
    /// The verdict itself, or what caused it.
    Verdict(Health),
    /// What to try.
    Advice,
}

/// Explains the latest result of a check as of `now`.
pub fn explain(spec: &CheckSpec, result: &ProbeResult, now: Timestamp, zone: &jiff::tz::TimeZone) -> Vec<Fact> {
    let mut facts = Explanation(Vec::new());
    let (health, verdict) = match &result.outcome {
        Outcome::Pass => (Health::Healthy, "ok".to_owned()),
        Outcome::Warn(finding) => (Health::Degraded, format!("warning: {}", finding.message)),
        Outcome::Fail(finding) => (Health::Down, format!("failed: {}", finding.message)),
        Outcome::Unknown(finding) => (Health::Unknown, format!("could not tell: {}", finding.message)),
    };
    facts.add("verdict", verdict, Tone::Verdict(health));
    if let Some(hint) = result.outcome.finding().and_then(|finding| finding.hint.as_ref()) {
        facts.add("try", hint.to_string(), Tone::Advice);
    }
    facts.plain("asked", asked(&spec.probe));
    facts.plain(
        "at",
        format!("{} ({})", result.at.in_zone(zone).strftime("%Y-%m-%d %H:%M:%S %Z"), ago(now.since(result.at))),
    );
    match &result.facts {
        Facts::None => {}
        Facts::Http(http) => facts.http(http, result.took, now),
        Facts::Tcp(tcp) => {
            facts.some("from", tcp.remote);
            facts.phases(&[("dns", tcp.dns), ("connect", tcp.connect)], result.took);
        }
        Facts::Tls(tls) => {
            facts.some("from", tls.remote);
            facts.some("protocol", tls.protocol.as_ref());
            facts.phases(&[("handshake", tls.handshake)], result.took);
            if let Some(certificate) = &tls.certificate {
                facts.certificate(certificate, now);
            }
        }
        Facts::Dns(dns) => {
            for (index, answer) in dns.answers.iter().enumerate() {
                facts.plain(if index == 0 { "answers" } else { "" }, answer.to_string());
            }
            facts.some("resolver", dns.resolver.as_ref());
            facts.some("ttl", dns.ttl_secs.map(|secs| format!("{secs} s")));
            facts.phases(&[], result.took);
        }
        Facts::Heartbeat(beat) => {
            let seen = beat
                .last_beat
                .map(|at| format!("{} ({})", at.in_zone(zone).strftime("%Y-%m-%d %H:%M:%S %Z"), ago(now.since(at))));
            facts.plain("last beat", seen.unwrap_or_else(|| "none was ever seen".to_owned()));
        }
        Facts::Command(command) => {
            facts.some("exit code", command.exit_code);
            facts.some("signal", command.signal);
            facts.some("printed", command.output.as_ref());
            facts.phases(&[], result.took);
        }
    }
    facts.0
}

struct Explanation(Vec<Fact>);

impl Explanation {
    fn add(&mut self, label: &'static str, text: String, tone: Tone) {
        self.0.push(Fact { label, text, tone });
    }

    fn plain(&mut self, label: &'static str, text: String) {
        self.add(label, text, Tone::Plain);
    }

    fn some(&mut self, label: &'static str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.plain(label, value.to_string());
        }
    }

    fn phases(&mut self, phases: &[(&str, Option<Duration>)], total: Duration) {
        let mut parts: Vec<_> = phases
            .iter()
            .filter_map(|(name, took)| took.map(|took| format!("{name} {}", milliseconds(took))))
            .collect();
        parts.push(format!("total {}", milliseconds(total)));
        self.plain("time", parts.join(" · "));
    }

    fn http(&mut self, http: &HttpFacts, took: Duration, now: Timestamp) {
        for (index, url) in http.redirects.iter().enumerate() {
            self.plain(if index == 0 { "redirects" } else { "" }, url.to_string());
        }
        if let Some(status) = http.status {
            let version = http.version.as_ref().map_or_else(String::new, |version| format!("{version} "));
            let kind = http.content_type.as_ref().map_or_else(String::new, |kind| format!(", {kind}"));
            self.plain("answer", format!("{version}{status}, {} bytes{kind}", http.body_bytes));
        }
        self.some("from", http.remote);
        let t = &http.timing;
        self.phases(
            &[("dns", t.dns), ("connect", t.connect), ("tls", t.tls), ("first byte", t.first_byte), ("body", t.body)],
            took,
        );
        self.some("body", http.excerpt.as_ref());
        if let Some(certificate) = &http.certificate {
            self.certificate(certificate, now);
        }
        if let Some(ahead) = http.clock_ahead_ms.filter(|ahead| ahead.abs() >= 2_000) {
            let side = if ahead > 0 { "ahead of" } else { "behind" };
            self.plain("clock", format!("the server's is {} s {side} this machine's", ahead.unsigned_abs() / 1_000));
        }
    }

    fn certificate(&mut self, certificate: &CertificateFacts, now: Timestamp) {
        self.plain("certificate", format!("{}, issued by {}", certificate.subject, certificate.issuer));
        let names: Vec<_> = certificate.names.iter().map(ToString::to_string).collect();
        if !names.is_empty() {
            self.plain("names", names.join(", "));
        }
        self.plain("expires", certificate.ends(now));
        if let Some(problem) = &certificate.problem {
            self.add("problem", problem.to_string(), Tone::Verdict(Health::Down));
        }
        self.plain(
            "chain",
            format!("{} certificates sent, sha256 {}", certificate.chain_length, certificate.fingerprint),
        );
    }
}

/// Returns the question in one line.
pub fn asked(probe: &ProbeSpec) -> String {
    match probe {
        ProbeSpec::Http(http) => format!("{} {}", http.method, without_credentials(&http.url)),
        ProbeSpec::Tcp { host, port, .. } => format!("TCP connection to {host}:{port}"),
        ProbeSpec::Tls(tls) => format!("TLS handshake with {}:{} as {}", tls.host, tls.port, tls.server_name),
        ProbeSpec::Dns(dns) => {
            let record = match dns.record {
                RecordType::Address => "A and AAAA".to_owned(),
                other => format!("{other:?}").to_uppercase(),
            };
            let by = dns.resolver.map_or_else(|| "the system's resolver".to_owned(), |server| server.to_string());
            format!("{} records of {} from {by}", record, dns.name)
        }
        ProbeSpec::Heartbeat(beat) => match &beat.place {
            crate::model::check::HeartbeatPlace::File(path) => format!("age of {}", path.display()),
            crate::model::check::HeartbeatPlace::Url(url) => format!("time stated by {}", without_credentials(url)),
        },
        ProbeSpec::Command(command) => command.argv.join(" "),
    }
}

/// A password in a URL is nobody's to read on a screen.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..host_end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

fn milliseconds(took: Duration) -> String {
    if took < Duration::from_millis(10) {
        format!("{:.1} ms", took.as_secs_f64() * 1_000.0)
    } else {
        format!("{} ms", took.as_millis())
    }
}

fn ago(age: Duration) -> String {
    match age.as_secs() {
        0 => "now".to_owned(),
        secs @ 1..60 => format!("{secs} s ago"),
        secs @ 60..3_600 => format!("{} min ago", secs / 60),
        secs => format!("{} h ago", secs / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_url_is_never_shown() {
        assert_eq!(without_credentials("https://kim:hunter2@acme.com/a@b"), "https://acme.com/a@b");
        assert_eq!(without_credentials("https://acme.com/mail@x"), "https://acme.com/mail@x");
    }
}
