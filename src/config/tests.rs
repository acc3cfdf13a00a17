//! What a configuration means, and what is said about one that means nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::check::{CheckSpec, HeartbeatPlace, ProbeSpec};
use crate::model::id::{ServiceId, VendorId};
use crate::model::log::{LogCommand, LogOrigin};
use crate::model::service::Dependency;

const EXAMPLE: &str = include_str!("../../assets/crashcart.toml");
const SCHEMA: &str = include_str!("../../assets/schema.json");

fn load(text: &str) -> Loaded {
    super::load(text, Place { directory: Path::new("/srv/acme"), home: Some(Path::new("/home/kim")) })
}

/// Reads a configuration that has nothing wrong with it.
fn sound(text: &str) -> Loaded {
    let loaded = load(text);
    let told: Vec<_> = loaded.diagnostics.iter().filter(|it| it.severity != Severity::Info).collect();
    assert!(told.is_empty(), "{}", diagnostic::render_all(&told, "crashcart.toml", text));
    loaded
}

/// Reads one check of one service, written as an inline table.
fn check(text: &str) -> CheckSpec {
    sound(&format!("[[services]]\nname = \"s\"\nchecks = [{text}]\n")).catalog.checks.remove(0)
}

/// Says what is wrong with a text: `line:column+length message / help`, one line each.
fn wrong(text: &str) -> String {
    let lines: Vec<String> = load(text)
        .diagnostics
        .iter()
        .map(|it| {
            let severity =
                if it.severity == Severity::Error { String::new() } else { format!("{}: ", it.severity.word()) };
            let help = it.help.as_ref().map(|help| format!(" / {help}")).unwrap_or_default();
            format!("{}:{}+{} {severity}{}{help}", it.line, it.column, it.length, it.message)
        })
        .collect();
    lines.join("\n")
}

/// Says what is wrong with one check, without the place.
fn wrong_check(text: &str) -> String {
    let told = wrong(&format!("[[services]]\nname = \"s\"\nchecks = [{text}]\n"));
    told.lines().map(|line| line.split_once(' ').unwrap().1).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_example_has_nothing_wrong_with_it() {
    let loaded = sound(EXAMPLE);
    assert_eq!(loaded.catalog.services.len(), 3);
    assert_eq!(loaded.catalog.checks.len(), 8);
    assert_eq!(loaded.catalog.logs.len(), 3);
    assert_eq!(loaded.settings.time_zone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(loaded.settings.keys.get("refresh").map(String::as_str), Some("ctrl-r"));
}

#[test]
fn the_example_shows_every_key_that_the_schema_knows() {
    let schema: serde_json::Value = serde_json::from_str(&schema::text()).unwrap();
    let mut known = BTreeSet::new();
    collect_keys(&schema, &mut known);
    assert!(known.len() > 60, "only {} keys: {known:?}", known.len());
    let missing: Vec<_> = known.iter().filter(|key| !has_word(EXAMPLE, key)).collect();
    assert!(missing.is_empty(), "assets/crashcart.toml does not show {missing:?}");
}

fn collect_keys(schema: &serde_json::Value, keys: &mut BTreeSet<String>) {
    if let Some(properties) = schema.get("properties").and_then(serde_json::Value::as_object) {
        keys.extend(properties.keys().cloned());
    }
    match schema {
        serde_json::Value::Object(object) => object.values().for_each(|value| collect_keys(value, keys)),
        serde_json::Value::Array(array) => array.iter().for_each(|value| collect_keys(value, keys)),
        _ => {}
    }
}

/// Whether a key stands in a text as a key: before an equals sign or in a table's header. Comments do not count.
fn has_word(text: &str, key: &str) -> bool {
    let text: Vec<&str> = text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect();
    let pattern = regex::Regex::new(&format!(r"(^|[\s\{{,\[.]){key}(\s*=|[.\]])")).unwrap();
    text.iter().any(|line| pattern.is_match(line))
}

#[test]
#[expect(clippy::disallowed_methods, reason = "asks whether to write the file instead of comparing it")]
fn the_stored_schema_is_what_the_shapes_say() {
    let now = schema::text();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/schema.json"), &now).unwrap();
        return;
    }
    assert!(
        SCHEMA == now,
        "assets/schema.json is out of date: UPDATE=1 cargo test --lib config:: brings it up to date"
    );
}

#[test]
fn every_problem_is_told_at_once_each_at_its_place() {
    let text = r#"
[project]
nam = "acme"

[[services]]
name = "checkout"
environment = "producton"
depends_on = ["postgress", "stripe"]
checks = [{ http = "https://acme.com", slo = "800ms", every = 15 }, { tcp = "db" }]

[[services]]
name = "postgres"

[environments.production]
"#;
    assert_eq!(
        wrong(text),
        "3:1+3 unknown key `nam` / did you mean `name`?\n\
         7:15+11 there is no environment `producton` / did you mean `production`?\n\
         8:15+11 there is no service and no vendor `postgress` / did you mean `postgres`?\n\
         8:28+8 there is no service and no vendor `stripe` / add [[services]] or [[vendors]] with name = \"stripe\"\n\
         9:40+3 unknown key `slo` / did you mean `slow`?\n\
         9:63+2 a duration needs a unit / write it in quotes with its unit: \"15s\"\n\
         9:77+4 `db` names no port / add it: db:443"
    );
}

#[test]
fn a_diagnostic_is_drawn_as_compilers_draw_them() {
    let text = "[[services]]\nname = \"s\"\nchecks = [{ http = \"https://acme.com\", slo = \"1s\" }]\n";
    let loaded = load(text);
    assert_eq!(
        loaded.diagnostics[0].render("crashcart.toml", text),
        "\
error: unknown key `slo`
 --> crashcart.toml:3:40
  |
3 | checks = [{ http = \"https://acme.com\", slo = \"1s\" }]
  |                                        ^^^
  = help: did you mean `slow`?
"
    );
}

#[test]
fn a_value_of_the_wrong_kind_says_what_it_should_be() {
    for (text, expected) in [
        ("project = 3", "1:11+1 this is a number; it should be a table"),
        ("[project]\nname = true", "2:8+4 this is true or false; it should be a name in quotes"),
        ("[project]\nname = \" \"", "2:8+3 a name cannot be empty"),
        (
            "[project]\nname = \"a\\u001bb\"",
            "2:8+10 a name cannot hold control characters or text that is not shown as it is written",
        ),
        (
            "[services]\nname = \"x\"",
            "1:1+10 this is one table; it should be a list of them / write [[two brackets]] around the name of each entry, or [{ ... }] around inline tables",
        ),
        ("[[services]]\n", "1:1+12 `name` is missing"),
        ("[console]\nmouse = \"yes\"", "2:9+5 this is text; it should be true or false"),
        (
            "[console]\ntheme = \"drak\"",
            "2:9+6 `drak` is not known here / did you mean \"dark\"? It can be: dark, light, high-contrast, colour-blind, 16, mono",
        ),
        ("[environments.x]\nconfirm = \"maybe\"", "2:11+7 `maybe` is not known here / it can be: key, name"),
        ("[self_check]\nvantage = \"x\"", "2:11+3 `x` names no port / add it: x:443"),
        (
            "banana = 1",
            "1:1+6 unknown key `banana` / known here: project, environments, sources, services, vendors, contacts, senders, watch, console, keys, self_check, postmortem",
        ),
        (
            "[[vendors]]\nname = \"v\"\nstatus = \"stripe.com\"",
            "3:10+12 `stripe.com` is not a URL: relative URL without a base / a URL looks like https://app.example.com/health",
        ),
        (
            "[sources.fly]\nprovider = \"fly\"\ntoken = { env = \"A\", file = \"b\" }",
            "3:9+25 a secret is kept in exactly one place / write one of { env = \"NAME\" }, { keyring = \"name\" }, { command = \"...\" }, { file = \"path\" }, { store = \"name\" }",
        ),
        (
            "[sources.fly]\ntoken = \"fo1_secret\"",
            "1:1+13 `provider` is missing\n2:9+12 this is text; it should be a table",
        ),
        (
            "[[services]]\nname = \"s\"\nrelease = { source = \"fly\" }",
            "3:22+5 there is no source `fly` / add [sources.fly] with provider = \"...\"",
        ),
        (
            "[[contacts]]\nname = \"Kim\"\n[[contacts]]\nname = \"Kim\"\nphone = \"1\"",
            "2:8+5 warning: `Kim` cannot be reached / add phone, email, chat or url\n4:8+5 there is already a contact `Kim` / give one of them another name",
        ),
    ] {
        assert_eq!(wrong(text), expected, "{text}");
    }
}

#[test]
fn a_check_that_cannot_be_meant_is_explained() {
    for (text, expected) in [
        ("{}", "this check does not say what it probes / give it one of http, tcp, tls, dns, heartbeat, command"),
        ("{ htp = \"https://a.example\" }", "this check does not say what it probes / did you mean `http`?"),
        ("{ tcp = \"a:1\", dns = \"a\" }", "this check probes two things: `tcp` and `dns` / make two checks of it"),
        ("{ tcp = \"a:1\", record = \"A\" }", "unknown key `record` / it belongs to another kind of check: dns"),
        (
            "{ http = \"ftp://a\" }",
            "`ftp://a` begins with `ftp:`, which cannot be checked / use http://, https://, tcp://host:port, tls://host:port or dns://name",
        ),
        ("{ http = \"http://a\", cert_warn = \"3d\" }", "there is no certificate: the URL is not https"),
        ("{ http = \"http://a\", redirects = 21 }", "this should be a whole number from 0 to 20"),
        ("{ http = \"http://a\", redirects = -1 }", "this should be a whole number from 0 to 20"),
        ("{ http = \"http://a\", method = \"GET /\" }", "this is not a method of HTTP / write GET, HEAD, POST, ..."),
        ("{ http = \"http://a\", headers = { \"a b\" = \"x\" } }", "this is not the name of a header"),
        (
            "{ http = \"http://a\", headers = { a = \"x\\r\\nb: y\" } }",
            "a header's value cannot hold line breaks or control characters",
        ),
        (
            "{ http = \"http://a\", expect = { status = \"2x\" } }",
            "this is not a status code / write 200, \"2xx\", \"200-399\" or a list of them",
        ),
        (
            "{ http = \"http://a\", expect = { status = [200, 9] } }",
            "this is not a status code / write 200, \"2xx\", \"200-399\" or a list of them",
        ),
        ("{ http = \"http://a\", expect = { matches = \"(\" } }", "this is not a regular expression: unclosed group"),
        (
            "{ http = \"http://a\", expect = { json = { \"a.b\" = 1 } } }",
            "a JSON pointer begins with a slash / write \"/a/b\"",
        ),
        (
            "{ http = \"http://a\", every = \"soon\" }",
            "`soon` is not a duration; write for example `15s`, `1m30s` or `14d`",
        ),
        ("{ http = \"http://a\", every = \"10ms\" }", "a check cannot be probed more than once a second"),
        ("{ http = \"http://a\", timeout = \"0s\" }", "a time-out of nothing lets no probe pass"),
        (
            "{ http = \"http://a\", timeout = \"20s\" }",
            "this is longer than the time between two probes, 15s / make it 15s at most, or set every = \"...\" to something longer",
        ),
        (
            "{ tls = \"a\", warn = \"1d\", critical = \"2d\" }",
            "the check would fail before it warns / warn comes first: make it the longer of the two",
        ),
        (
            "{ dns = \"a\", resolver = \"dns.google\" }",
            "`dns.google` is not the address of a resolver / write an IP address, with a port if it is not 53: 1.1.1.1 or [::1]:5353",
        ),
        (
            "{ dns = \"a\", record = \"PTR\" }",
            "`PTR` is not known here / it can be: address, A, AAAA, CNAME, MX, NS, TXT, CAA, SOA",
        ),
        ("{ heartbeat = \"/x\" }", "`within` is missing"),
        (
            "{ heartbeat = \"ftp://x/y\", within = \"1h\" }",
            "`ftp://x/y` begins with `ftp:`, which cannot be checked / use http://, https://, tcp://host:port, tls://host:port or dns://name",
        ),
        ("{ command = [] }", "this command is empty"),
        ("{ command = \"true\", nagios = 1 }", "this is a number; it should be true or false"),
        ("3", "this is a number; it should be a table"),
    ] {
        assert_eq!(wrong_check(text), expected, "{text}");
    }
}

#[test]
fn names_are_taken_once_and_a_circle_is_shown_as_one() {
    let text = "services = [\n\
        { name = \"a\", depends_on = [\"b\"] },\n\
        { name = \"b\", depends_on = [\"c\", \"v\"] },\n\
        { name = \"c\", depends_on = [\"a\"] },\n\
        { name = \"d\", depends_on = [\"a\", \"d\"] },\n\
        { name = \"a\" },\n]\nvendors = [{ name = \"v\" }, { name = \"c\" }]\n";
    assert_eq!(
        wrong(text),
        "4:29+3 `a` depends on itself: a -> b -> c -> a / take one of these out: a cause cannot be its own symptom\n\
         5:34+3 `d` depends on itself: d -> d / take one of these out: a cause cannot be its own symptom\n\
         6:10+3 there is already a service `a` / give one of them another name\n\
         8:37+3 there is already a service `c` / give one of them another name"
    );
}

#[test]
fn behind_a_slip_of_the_pen_only_the_slip_is_told() {
    for (text, expected) in [
        (
            "[[services]]\nnam = 1\nname = \"x\ndepends_on = [\"y\"]\n",
            "2:1+3 unknown key `nam` / did you mean `name`?\n3:10+1 invalid basic string, expected `\"`",
        ),
        ("[project]\nname = \"a\"\nname = \"b\"\n", "3:1+4 duplicate key"),
        ("[[services]\nname = \"a\"\ncheks = 3", "1:12+1 unclosed array table, expected `]`"),
    ] {
        assert_eq!(wrong(text), expected, "{text}");
    }
}

#[test]
fn what_is_not_said_is_as_the_defaults_say() {
    let http = check("{ http = \"https://a.example/\" }");
    assert_eq!((http.cadence.every, http.cadence.timeout), (Duration::from_secs(15), Duration::from_secs(10)));
    assert_eq!((http.failures_to_down, http.passes_to_up), (2, 1));
    assert_eq!(http.probe, arguments::target("https://a.example/").unwrap().probe());
    let patient = check("{ tcp = \"a.example:1\", retries = 0, recover = 3, title = \"port\" }");
    assert_eq!((patient.failures_to_down, patient.passes_to_up), (1, 3));
    assert_eq!((patient.title.as_str(), patient.id.as_str()), ("port", "s/port"));
}

#[test]
fn a_certificate_that_has_its_own_check_does_not_warn_twice() {
    let warn = |checks: &str| match &check(checks).probe {
        ProbeSpec::Http(http) => http.certificate_warn,
        other => panic!("{other:?}"),
    };
    assert_eq!(warn("{ http = \"https://a.example\" }, { tls = \"a.example\" }"), None);
    assert_eq!(warn("{ http = \"https://a.example\" }, { tls = \"b.example\" }"), Some(defaults::CERTIFICATE_WARN));
    assert_eq!(
        warn("{ http = \"https://a.example\", cert_warn = \"3d\" }, { tls = \"a.example\" }"),
        Some(Duration::from_secs(3 * 86_400))
    );
}

#[test]
fn a_warning_shorter_than_the_usual_failure_moves_the_failure() {
    let (warn, critical) = match check("{ tls = \"a.example\", warn = \"1d\" }").probe {
        ProbeSpec::Tls(tls) => (tls.warn, tls.critical),
        other => panic!("{other:?}"),
    };
    assert!(critical <= warn);
}

#[test]
fn the_same_check_twice_is_two_checks() {
    let loaded = sound(
        "[[services]]\nname = \"s\"\nchecks = [{ dns = \"a\" }, { dns = \"a\", every = \"5m\", expect = \"1\" }]",
    );
    let ids: Vec<&str> = loaded.catalog.checks.iter().map(|check| check.id.as_str()).collect();
    assert_eq!(ids, ["s/a address", "s/a address (2)"]);
}

#[test]
fn relative_paths_begin_where_the_file_lies() {
    let place = |text: &str| match check(&format!("{{ heartbeat = \"{text}\", within = \"1h\" }}")).probe {
        ProbeSpec::Heartbeat(beat) => match beat.place {
            HeartbeatPlace::File(path) => path.display().to_string(),
            HeartbeatPlace::Url(url) => url,
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(place("beat"), "/srv/acme/beat");
    assert_eq!(place("~/beat"), "/home/kim/beat");
    assert_eq!(place("/run/beat"), "/run/beat");
    assert_eq!(place("https://a.example/beat"), "https://a.example/beat");
    match check("{ command = [\"./probe\"] }").probe {
        ProbeSpec::Command(command) => assert_eq!(command.directory.as_deref(), Some(Path::new("/srv/acme"))),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_is_a_file_a_pattern_or_a_command_here_or_elsewhere() {
    let log = |text: &str| {
        let loaded = sound(&format!("[[services]]\nname = \"s\"\nlogs = [{text}]\n"));
        loaded.catalog.logs[0].origin.clone()
    };
    let command = |command: &str, ssh: Option<&str>| {
        LogOrigin::Command(LogCommand { command: command.to_owned(), ssh: ssh.map(str::to_owned) })
    };
    assert_eq!(log("{ file = \"app.log\" }"), LogOrigin::File("/srv/acme/app.log".into()));
    assert_eq!(log("{ file = \"logs/*.log\" }"), LogOrigin::Glob("/srv/acme/logs/*.log".into()));
    assert_eq!(log("{ command = \"journalctl -f\" }"), command("journalctl -f", None));
    assert_eq!(log("{ command = \"x\", ssh = \"web1\" }"), command("x", Some("web1")));
    assert_eq!(
        log("{ file = \"/var/log/x.log\", ssh = \"kim@web1\" }"),
        command("tail -n 500 -q -F -- /var/log/x.log", Some("kim@web1"))
    );
    for (text, expected) in [
        ("{}", "this log does not say where it is / give it one of file, command, source"),
        ("{ file = \"a\", command = \"b\" }", "this log is in two places / make two logs of it"),
        ("{ file = \"a\", ssh = \"web1\" }", "the path of a file on another host begins with a slash"),
        (
            "{ command = \"a\", ssh = \"-oProxyCommand=x\" }",
            "`-oProxyCommand=x` is not a host for ssh / write a name, user@name, or an alias of ~/.ssh/config",
        ),
        ("{ file = \"a\" }, { file = \"a\" }", "this log stands here twice / take one out"),
    ] {
        let told = wrong(&format!("[[services]]\nname = \"s\"\nlogs = [{text}]\n"));
        assert_eq!(told.split_once(' ').unwrap().1, expected, "{text}");
    }
}

#[test]
fn an_action_of_ones_own_is_one_command_or_one_request() {
    for (text, expected) in [
        (
            "{ name = \"x\" }",
            "this does nothing: it has neither a command nor a request / add run = \"...\", or http = \"https://...\"",
        ),
        (
            "{ name = \"x\", run = \"a\", http = \"https://a.example\" }",
            "this is a command and a request at once / write two actions, or one script that does all of it",
        ),
        ("{ name = \"x\", run = \"a\", json = {} }", "`json` belongs to a request, and this is a command"),
        (
            "{ name = \"x\", http = \"https://a.example\", ssh = \"b\" }",
            "`ssh` belongs to a command, and this is a request",
        ),
        (
            "{ name = \"Roll back\", run = \"a\" }",
            "`Roll back` is no name for an action / letters, digits and _, beginning with a letter: it is typed on the command line",
        ),
        (
            "{ name = \"x\", run = [\"a\", \"{limt}\"], inputs = { limit = { help = \"h\" } } }",
            "nothing is called `limt` here / there are limit; a { that is meant as such is written twice",
        ),
        (
            "{ name = \"x\", run = \"a\", inputs = { token = { help = \"h\" } } }",
            "`token` is no name for an input / lower-case letters, digits and _, and none of service, release, current, reason, user, operation, now, token",
        ),
        (
            "{ name = \"x\", http = \"https://{host}/\", inputs = { host = { help = \"h\" } } }",
            "the host of an address is no input / write https://host/path",
        ),
        ("{ name = \"x\", http = \"ftp://a.example\" }", "nothing is asked over `ftp` / write https://host/path"),
        (
            "{ name = \"x\", run = \"a\", ssh = \"b\", undo = { run = \"c\" } }",
            "it is done on ssh://b, and taken back on this machine / both happen in one place; write `ssh` into both, or into neither",
        ),
        (
            "{ name = \"x\", run = \"a\", ssh = \"-oProxyCommand=x\" }",
            "`-oProxyCommand=x` is not a host for ssh / write a name, user@name, or an alias of ~/.ssh/config",
        ),
        ("{ name = \"x\", run = \"a\" }, { name = \"x\", run = \"b\" }", "s has two actions of this name"),
        (
            "{ name = \"x\", run = \"a\", confirm = \"nme\" }",
            "`nme` is not known here / did you mean \"name\"? It can be: none, key, name",
        ),
    ] {
        let told = wrong(&format!("[[services]]\nname = \"s\"\nactions = [{text}]\n"));
        assert_eq!(told.split_once(' ').unwrap().1, expected, "{text}");
    }
    let loaded = sound("[[services]]\nname = \"s\"\nactions = [{ name = \"x\", run = \"a \\\"{b}\\\" ${C}\" }]\n");
    let own = loaded.catalog.sources[0].own.as_ref().unwrap();
    assert!(own.definition.contains("{{b}"), "braces in a shell's text are the shell's: {}", own.definition);
}

#[test]
fn dependencies_are_services_or_vendors() {
    let loaded = sound(
        "services = [{ name = \"a\", depends_on = [\"b\", \"v\"] }, { name = \"b\" }]\nvendors = [{ name = \"v\" }]",
    );
    assert_eq!(
        loaded.catalog.services[0].depends_on,
        [Dependency::Service(ServiceId::new("b")), Dependency::Vendor(VendorId::new("v"))]
    );
}

#[test]
fn senders_and_the_watchers_rules_say_what_is_wrong_with_them() {
    let text = "[sources.chat]\nprovider = \"ntfy\"\n[[senders]]\nsource = \"chta\"\n[[senders]]\nsource = \"chat\"\nreaches = \"fone\"\n\
                [[senders]]\nsource = \"chat\"\n[watch]\npage = \"sev9\"\n[[watch.maintenance]]\nservices = [\"shop\"]\n\
                from = \"2026-12-01T02:00Z\"\n";
    let told: Vec<String> = load(text).diagnostics.iter().map(|it| it.message.to_string()).collect();
    assert_eq!(
        told,
        [
            "there is no source `chta`",
            "`fone` is not known here",
            "there is already a sender `chat`",
            "`sev9` is not known here",
            "this maintenance has no end",
            "there is no service `shop`",
            "this is not a day and a time",
        ]
    );
}

#[test]
fn what_a_file_would_do_is_listed_once_and_worst_first() {
    let loaded = sound(EXAMPLE);
    let items: Vec<String> = effects_of(&loaded.catalog, &loaded.settings, &loaded.secrets, |_| None)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        items,
        [
            "run     /bin/sh -c 'pg_isready -h db.internal | grep -q accepting' (in /srv/acme)",
            "run     check_postgres --action=locks (in /opt/checks)",
            "run     pass show sentry (for sources.sentry.token)",
            "ssh     deploy@web2: tail -n 500 -q -F -- /var/log/acme/app.log",
            "ssh     web1: journalctl -fu acme -o cat",
            "ssh     worker1: ./ops/drain --limit \"$LIMIT\" (action checkout/drain)",
            "ssh     worker1: ./ops/undrain (action checkout/drain)",
            "contact 1.1.1.1:53",
            "contact 1.1.1.1:53, asked for acme.com MX",
            "contact 203.0.113.7:8443 as acme.com",
            "contact GET https://backup.acme.com/last-success",
            "contact GET https://hc-ping.com/00000000-0000-0000-0000-000000000000 (sign of life of crashcart watch)",
            "contact GET https://www.stripestatus.com/ (status of stripe)",
            "contact POST https://acme.com/health, with Accept, with a body: {\"ping\": true}",
            "contact POST https://cdn.example.com/v1/zones/{zone}/purge (action checkout/purge)",
            "contact db.internal:5432",
            "contact email smtps://smtp.acme.com (source mail)",
            "contact fly at its own address (source fly)",
            "contact grafana https://grafana.acme.com (source grafana)",
            "contact messages through chat to acme-x7k2",
            "contact messages through mail",
            "contact messages through sms",
            "contact ntfy at its own address (source chat)",
            "contact prometheus http://10.0.0.5:9090 (source prom)",
            "contact prometheus https://metrics.backup.acme.com (source backup)",
            "contact sentry at its own address (source sentry)",
            "contact twilio-sms at its own address (source sms)",
            "contact uptimerobot at its own address (source uptime)",
            "read    /home/kim/.config/acme/backup-token (for sources.backup.token)",
            "read    /srv/acme/acme-ca.pem (authorities of source backup)",
            "read    /srv/acme/postmortem.md (template of postmortems)",
            "read    /var/backups/acme/last-success",
            "read    /var/log/acme/*.log",
            "read    environment variable PROMETHEUS_TOKEN (for sources.prom.token)",
            "read    keyring entry cdn (for services.checkout.actions.purge.token)",
            "read    keyring entry fly (for sources.fly.token)",
            "read    keyring entry twilio (for sources.sms.token)",
            "read    keyring entry uptimerobot (for sources.uptime.token)",
            "read    store entry grafana (for sources.grafana.token)",
            "change  the key of refresh is ctrl-r",
            "change  whom you are told to call: Kim, +49 30 901820, kim@acme.com",
            "change  whom you are told to call: Sam, +1 415 555 2671, +1 415 555 2672, #ops, sam@acme.com, \
             https://acme.com/people/sam",
            "change  whom you are told to call: Stripe support, https://support.stripe.com/",
        ]
    );
}

#[test]
fn where_secrets_are_kept_is_found_wherever_a_source_says_so() {
    let loaded = load(
        "[sources.a]\nprovider = \"x\"\ntoken = { store = \"a\" }\nsecret_key = { env = \"B\" }\nkey = { file = \"key.pem\" }\n\
         pass = { command = \"pass show c\" }\nregion = \"eu\"\nlimits = { env = \"D\", other = 1 }\n",
    );
    let found: Vec<String> =
        loaded.secrets.iter().map(|secret| format!("{} {}", secret.used_by, secret.place)).collect();
    assert_eq!(
        found,
        [
            "sources.a.token store entry a",
            "sources.a.key file /srv/acme/key.pem",
            "sources.a.pass command /bin/sh -c pass show c",
            "sources.a.secret_key environment variable B",
        ]
    );
}

#[test]
fn the_names_of_themes_are_those_of_the_screen() {
    let known: Vec<&str> = crate::ui::theme::THEMES.iter().map(|theme| theme.name).collect();
    assert_eq!(shape::THEMES, known);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_at_all_makes_it_panic(text in any::<String>()) {
        for diagnostic in load(&text).diagnostics {
            diagnostic.render("x.toml", &text);
        }
    }

    #[test]
    fn no_change_to_a_good_file_makes_it_panic(
        at in 0..EXAMPLE.len(),
        length in 0..40_usize,
        insert in prop_oneof![
            "[\\[\\]{}=\"',.#\n\\\\ a-z0-9-]{0,8}",
            any::<String>(),
            Just("[[services]]\n".to_owned()),
            Just("\"\"\"".to_owned()),
            Just("= 1979-05-27T07:32:00Z\n".to_owned()),
        ],
    ) {
        let from = (0..=at).rev().find(|&at| EXAMPLE.is_char_boundary(at)).unwrap();
        let to = ((at + length).min(EXAMPLE.len())..=EXAMPLE.len()).find(|&at| EXAMPLE.is_char_boundary(at)).unwrap();
        let text = format!("{}{insert}{}", &EXAMPLE[..from], &EXAMPLE[to..]);
        let loaded = load(&text);
        for diagnostic in &loaded.diagnostics {
            diagnostic.render("x.toml", &text);
        }
        effects_of(&loaded.catalog, &loaded.settings, &loaded.secrets, |_| None);
    }
}
