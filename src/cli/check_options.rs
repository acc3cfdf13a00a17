//! From the options of `crashcart check` to the one probe that they mean.

use std::time::Duration;

use super::args::CheckArgs;
use super::failure::Failure;
use crate::config::arguments::target;
use crate::config::build::{self, Pace};
use crate::config::{address, leaf};
use crate::model::check::{CheckSpec, DnsSpec, HttpSpec, ProbeSpec, TlsSpec};
use crate::model::id::ServiceId;

impl CheckArgs {
    /// Returns the check that the address and the options ask for, or says which option does not fit the address.
    pub fn spec(&self) -> Result<CheckSpec, Failure> {
        let target = target(&self.address).map_err(|error| Failure::usage(error.clone()).hint(error.help()))?;
        let mut probe = target.probe();
        let kind = probe.kind();
        let fits: &[&str] = match &mut probe {
            ProbeSpec::Http(http) => {
                self.set_http(http)?;
                let secure = http.url.starts_with("https:");
                if secure { &[SLOW, WARN, HTTP] } else { &[SLOW, HTTP] }
            }
            ProbeSpec::Tcp { slow, .. } => {
                *slow = self.slow;
                &[SLOW]
            }
            ProbeSpec::Tls(tls) => {
                self.set_tls(tls)?;
                &[WARN, TLS]
            }
            ProbeSpec::Dns(dns) => {
                self.set_dns(dns)?;
                &[DNS]
            }
            // No address asks for these.
            ProbeSpec::Heartbeat(_) | ProbeSpec::Command(_) => &[],
        };
        if let Some((option, belongs_to)) = self.given().into_iter().find(|(_, group)| !fits.contains(group)) {
            return Err(Failure::usage(anyhow::anyhow!("`{option}` does not fit {}", self.address))
                .hint(format!("it is for {belongs_to}; this is {kind}")));
        }
        // One probe: it may take as long as the user likes.
        let pace =
            Pace { every: self.timeout.map(|timeout| timeout.max(LONG)), timeout: self.timeout, ..Pace::default() };
        Ok(build::check(&ServiceId::new(target.host()), None, probe, pace))
    }

    fn set_http(&self, http: &mut HttpSpec) -> Result<(), Failure> {
        let wrong = |what: String, hint: &str| Err(Failure::usage(anyhow::anyhow!(what)).hint(hint));
        if let Some(method) = &self.method {
            http.method = method.to_ascii_uppercase();
        }
        http.headers.clone_from(&self.header);
        http.body.clone_from(&self.body);
        http.redirects = self.redirects.unwrap_or(http.redirects);
        http.slow = self.slow;
        http.insecure = self.insecure;
        http.certificate_warn = self.warn.or(http.certificate_warn);
        for text in self.expect_status.iter().flat_map(|text| text.split(',')) {
            match leaf::status_range(text) {
                Some(range) => http.expect.status.push(range),
                None => return wrong(format!("`{text}` is not a status code"), "write 200, 2xx or 200-399"),
            }
        }
        if let Some(Err(error)) = self.expect_match.as_ref().map(|pattern| regex::Regex::new(pattern)) {
            return Err(Failure::usage(
                anyhow::Error::new(error).context("--expect-match is not a regular expression"),
            ));
        }
        http.expect.body_contains.clone_from(&self.expect_body);
        http.expect.body_matches.clone_from(&self.expect_match);
        http.expect.json.clone_from(&self.expect_json);
        Ok(())
    }

    fn set_tls(&self, tls: &mut TlsSpec) -> Result<(), Failure> {
        if let Some(name) = &self.server_name {
            tls.server_name = address::host(name).map_err(|error| Failure::usage(error.clone()).hint(error.help()))?;
        }
        tls.warn = self.warn.unwrap_or(tls.warn.max(self.critical.unwrap_or_default()));
        tls.critical = self.critical.unwrap_or(tls.critical.min(tls.warn));
        if tls.critical > tls.warn {
            return Err(Failure::usage(anyhow::anyhow!("the check would fail before it warns"))
                .hint("make --warn longer than --critical"));
        }
        Ok(())
    }

    fn set_dns(&self, dns: &mut DnsSpec) -> Result<(), Failure> {
        dns.record = self.record.unwrap_or(dns.record);
        if let Some(resolver) = &self.resolver {
            let resolver = address::resolver(resolver);
            dns.resolver = Some(resolver.map_err(|error| Failure::usage(error.clone()).hint(error.help()))?);
        }
        dns.expect.clone_from(&self.expect_answer);
        Ok(())
    }

    /// Returns the options that were given and the kinds of address that each is for.
    fn given(&self) -> Vec<(&'static str, &'static str)> {
        let rows = [
            ("--slow", SLOW, self.slow.is_some()),
            ("--method", HTTP, self.method.is_some()),
            ("--header", HTTP, !self.header.is_empty()),
            ("--body", HTTP, self.body.is_some()),
            ("--expect-status", HTTP, !self.expect_status.is_empty()),
            ("--expect-body", HTTP, self.expect_body.is_some()),
            ("--expect-match", HTTP, self.expect_match.is_some()),
            ("--expect-json", HTTP, !self.expect_json.is_empty()),
            ("--redirects", HTTP, self.redirects.is_some()),
            ("--insecure", HTTP, self.insecure),
            ("--warn", WARN, self.warn.is_some()),
            ("--critical", TLS, self.critical.is_some()),
            ("--server-name", TLS, self.server_name.is_some()),
            ("--record", DNS, self.record.is_some()),
            ("--resolver", DNS, self.resolver.is_some()),
            ("--expect-answer", DNS, !self.expect_answer.is_empty()),
        ];
        rows.into_iter().filter(|(.., given)| *given).map(|(option, group, _)| (option, group)).collect()
    }
}

/// Kinds of address that options are for, as a hint names them.
const HTTP: &str = "http:// and https://";
const TLS: &str = "tls://";
const DNS: &str = "dns://";
const SLOW: &str = "http://, https:// and tcp://";
const WARN: &str = "https:// and tls://";

/// An interval that no time-out of a single probe exceeds by accident.
const LONG: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Cli, Command};

    fn spec(arguments: &[&str]) -> Result<CheckSpec, String> {
        let cli = Cli::try_parse_from(["crashcart", "check"].iter().chain(arguments)).map_err(|e| e.to_string())?;
        let Some(Command::Check(args)) = cli.command else { unreachable!() };
        args.spec().map_err(|failure| format!("{:#} / {}", failure.error, failure.hint.unwrap_or_default()))
    }

    #[test]
    fn the_options_become_the_probe() {
        let check = spec(&[
            "app.example.com/health",
            "--expect-status=2xx,304",
            "--expect-json=/status=ok",
            "-H",
            "Accept: text/plain",
            "--slow=800ms",
            "--timeout=1m",
            "--warn=30d",
        ])
        .unwrap();
        assert_eq!(check.cadence.timeout, Duration::from_secs(60));
        let ProbeSpec::Http(http) = check.probe else { panic!("{:?}", check.probe) };
        assert_eq!(http.url, "https://app.example.com/health");
        assert_eq!(http.expect.status, [(200, 299), (304, 304)]);
        assert_eq!(http.expect.json, [("/status".to_owned(), "ok".into())]);
        assert_eq!(http.headers, [("Accept".to_owned(), "text/plain".to_owned())]);
        assert_eq!(http.slow, Some(Duration::from_millis(800)));
        assert_eq!(http.certificate_warn, Some(Duration::from_secs(30 * 86_400)));
    }

    #[test]
    fn an_option_that_does_not_fit_the_address_is_refused() {
        for (arguments, says) in [
            (
                &["tcp://a.example:1", "--insecure"][..],
                "`--insecure` does not fit tcp://a.example:1 / it is for http://",
            ),
            (
                &["http://a.example", "--warn=3d"],
                "`--warn` does not fit http://a.example / it is for https:// and tls://",
            ),
            (&["https://a.example", "--record=MX"], "`--record` does not fit"),
            (&["dns://a.example", "--slow=1s"], "`--slow` does not fit"),
            (&["tls://a.example", "--warn=1d", "--critical=2d"], "would fail before it warns"),
            (&["https://a.example", "--expect-match=("], "is not a regular expression"),
            (&["https://a.example", "--expect-status=2x"], "`2x` is not a status code"),
            (&["ftp://a.example"], "begins with `ftp:`"),
        ] {
            let told = spec(arguments).unwrap_err();
            assert!(told.contains(says), "{arguments:?}: {told}");
        }
    }
}
