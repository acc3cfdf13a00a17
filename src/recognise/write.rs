//! A draft as the text of a configuration that explains itself. What is open stands there as a comment to fill in.

mod own;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::apps;
use super::draft::{Draft, DraftService, DraftSource, Place};
use super::environment::PRODUCTION;
use crate::provider::definition::Kind;

/// Writes a configuration. It loads without a word, however much is open.
pub fn write(draft: &Draft) -> String {
    let mut text = String::from(
        "# What crashcart watches here, as `crashcart init` found it. `crashcart schema` prints a JSON Schema for your editor.\n\
         # Secrets never stand here: only where they are kept.\n\n",
    );
    let _ = write!(text, "[project]\nname = {}\n\n", quoted(&draft.project));
    text.push_str(
        "# How an action is confirmed here: \"key\" takes a second key, \"name\" wants the service's name typed.\n\
         [environments.production]\nconfirm = \"key\"\n",
    );
    let others: BTreeSet<&str> = draft.services.iter().map(|service| service.environment.as_str()).collect();
    for environment in others.into_iter().filter(|name| *name != PRODUCTION) {
        let _ = write!(text, "\n[environments.{environment}]\nconfirm = \"key\"\n");
    }
    if !draft.sources.is_empty() {
        text.push_str("\n# Hosting and monitoring systems. `crashcart providers show NAME` says what one needs.\n");
    }
    for source in &draft.sources {
        self::source(&mut text, source);
    }
    if !draft.left_out.is_empty() {
        let names: Vec<String> =
            draft.left_out.iter().map(|(title, evidence)| format!("{title} ({evidence})")).collect();
        let _ = write!(text, "\n# Also recognised, and left out: {}.\n", words(&names.join(", ")));
    }
    text.push_str("\n# The things that can be down.\n");
    for service in &draft.services {
        self::service(&mut text, service, draft);
    }
    databases(&mut text, draft);
    if !draft.vendors.is_empty() {
        text.push_str("\n# Somebody else's services that these depend on. Their status pages are read.\n");
    }
    for (vendor, evidence) in &draft.vendors {
        let _ = write!(text, "[[vendors]] # {}\nname = {}\n", words(evidence), quoted(&vendor.name));
        let page = vendor.page.as_ref().unwrap_or(&vendor.status);
        let _ = write!(text, "status = {}\n\n", quoted(page));
    }
    contacts(&mut text, draft);
    text
}

fn source(text: &mut String, source: &DraftSource) {
    let is_open = !source.missing.is_empty() || (source.needs_url && source.url.is_none());
    let logged_in = source.places.values().find_map(|place| match place {
        Place::Login(login) => Some(format!(" The login of its own tool is used: {}.", words(login))),
        Place::Written(_) => None,
    });
    let _ = write!(
        text,
        "\n# {}, from {}.{}\n",
        words(&source.title),
        words(&source.evidence),
        logged_in.unwrap_or_default()
    );
    if is_open {
        text.push_str("# Fill in what is open and take the first two characters of each line away.\n");
    }
    let mark = if is_open { "# " } else { "" };
    let _ = writeln!(text, "{mark}[sources.{}]", source.provider);
    let _ = writeln!(text, "{mark}provider = {}", quoted(&source.provider));
    match &source.url {
        Some(url) => {
            let _ = writeln!(text, "{mark}url = {}", quoted(url));
        }
        None if source.needs_url => {
            let _ =
                writeln!(text, "{mark}url = \"http://localhost:{}\" # where it answers", usual_port(&source.provider));
        }
        None => {}
    }
    for (name, value) in &source.params {
        let _ = writeln!(text, "{mark}{name} = {}", quoted(value));
    }
    for missing in &source.missing {
        let _ = writeln!(text, "{mark}{} = {} # {}", missing.name, quoted(&missing.example), words(&missing.help));
    }
    for (slot, help) in &source.secrets {
        let name = secret_name(&source.provider, slot);
        match source.places.get(slot) {
            Some(Place::Login(_)) => {}
            Some(Place::Written(place)) => {
                let _ = writeln!(text, "{mark}{slot} = {place}");
            }
            None => {
                let _ = writeln!(
                    text,
                    "# {slot} = {{ keyring = {} }} # crashcart secret set {name}: {}",
                    quoted(&name),
                    words(help)
                );
            }
        }
    }
}

/// Returns the port on which a server of one's own listens unless somebody says otherwise.
fn usual_port(provider: &str) -> u16 {
    match provider {
        "grafana" => 3000,
        "alertmanager" => 9093,
        "loki" => 3100,
        "uptime-kuma" => 3001,
        "gatus" => 8080,
        _ => 9090,
    }
}

/// Returns the name under which a secret of a source is kept.
pub fn secret_name(provider: &str, slot: &str) -> String {
    if slot == "token" { provider.to_owned() } else { format!("{provider}-{}", slot.replace('_', "-")) }
}

fn service(text: &mut String, service: &DraftService, draft: &Draft) {
    let from = if service.evidence.is_empty() { String::new() } else { format!(" # {}", words(&service.evidence)) };
    let _ = write!(
        text,
        "[[services]]{from}\nname = {}\nenvironment = {}\n",
        quoted(&service.name),
        quoted(&service.environment)
    );
    // A forge that only builds takes nothing down.
    let forges = ["github", "gitlab", "bitbucket"];
    let vendors = draft
        .vendors
        .iter()
        .filter(|(vendor, _)| {
            !service.is_store && !forges.contains(&vendor.name.as_str()) && serves(&vendor.name, service, draft)
        })
        .map(|(vendor, _)| &vendor.name);
    let depends: Vec<String> = service.needs.iter().chain(vendors).map(|name| quoted(name)).collect();
    if !depends.is_empty() {
        let _ = writeln!(text, "depends_on = [{}] # when one of these is down, this is a symptom", depends.join(", "));
    }
    if let Some(provider) = &service.provider {
        let mut parts = vec![format!("source = {}", quoted(provider))];
        parts.extend(service.params.iter().map(|(key, value)| format!("{key} = {}", quoted(value))));
        parts.extend(service.missing.iter().map(|missing| format!("{} = {}", missing.name, quoted(&missing.example))));
        let parts = parts.join(", ");
        let open = !service.missing.is_empty();
        let mark = if open { "# " } else { "" };
        for missing in &service.missing {
            let _ = writeln!(text, "# Fill in {}: {}.", missing.name, words(&missing.help));
        }
        let _ = writeln!(text, "{mark}release = {{ {parts} }}");
        if service.has_logs {
            let _ = writeln!(text, "{mark}logs = [{{ source = {} }}]", quoted(provider));
        }
    }
    if let Some(unit) = &service.unit {
        let _ =
            writeln!(text, "logs = [{{ command = {} }}]", quoted(&format!("journalctl -f -n 100 -o cat -u {unit}")));
    }
    let errors = draft.sources.iter().find(|source| source.kind == Kind::Errors);
    if let Some(source) = errors.filter(|_| !service.is_store) {
        let mark = if source.missing.is_empty() { "" } else { "# " };
        let _ = writeln!(text, "{mark}errors = {{ source = {} }}", quoted(&source.provider));
    }
    if !service.runbooks.is_empty() {
        let names: Vec<String> = service.runbooks.iter().map(|name| quoted(name)).collect();
        let _ = writeln!(text, "runbooks = [{}]", names.join(", "));
    }
    checks(text, service);
    own::write(text, service);
    text.push('\n');
}

/// Returns whether a vendor that is a platform is the one that this service runs on.
fn serves(vendor: &str, service: &DraftService, draft: &Draft) -> bool {
    let of = |provider: &str| provider == vendor || provider.starts_with(&format!("{vendor}-"));
    let runs_others = draft.sources.iter().any(|source| source.kind == Kind::Hosting && of(&source.provider));
    !runs_others || service.provider.as_deref().is_some_and(of)
}

fn checks(text: &mut String, service: &DraftService) {
    let Some(address) = &service.address else {
        if let Some(unit) = &service.unit {
            let argv = ["systemctl", "is-active", "--quiet", unit].map(quoted).join(", ");
            let _ = writeln!(text, "checks = [{{ command = [{argv}], every = \"30s\" }}]");
            return;
        }
        // How its containers and machines are is read from the platform.
        if service.is_private || service.is_store {
            return;
        }
        let (route, evidence) = service.routes.first().map_or(("", String::new()), |(route, evidence)| {
            (route.as_str(), format!(" {} names the path.", words(evidence)))
        });
        let _ = writeln!(
            text,
            "# Where does it answer?{evidence}\n# checks = [{{ http = {}, every = \"30s\" }}]",
            quoted(&format!("https://app.example.com{route}"))
        );
        return;
    };
    let mark = if address.guess { "# " } else { "" };
    if address.guess {
        let _ = writeln!(
            text,
            "# Nobody has seen this address answer: it follows from a name ({}).",
            words(&address.evidence)
        );
    }
    let _ = writeln!(text, "{mark}checks = [");
    let none = [(String::new(), address.evidence.clone())];
    let routes = if service.routes.is_empty() { &none[..] } else { &service.routes[..] };
    for (route, evidence) in routes {
        let url = format!("{}{route}", address.url.trim_end_matches('/'));
        let _ = writeln!(text, "{mark}  {{ http = {}, every = \"30s\" }}, # {}", quoted(&url), words(evidence));
    }
    let _ = writeln!(text, "{mark}]");
}

fn databases(text: &mut String, draft: &Draft) {
    if draft.databases.is_empty() {
        return;
    }
    let names: Vec<String> = draft.databases.iter().map(|(name, evidence)| format!("{name} ({evidence})")).collect();
    // A file is no server: there is no port to try.
    let server = draft.databases.iter().map(|(name, _)| *name).find(|name| !matches!(*name, "sqlite" | "d1"));
    let rest = if server.is_some() { " To see one of them go down before the services do:" } else { "" };
    let _ = writeln!(text, "# It also uses {}.{rest}", words(&names.join(", ")));
    let Some(name) = server else { return text.push('\n') };
    let port = match name {
        "postgres" => 5432,
        "mysql" => 3306,
        "redis" => 6379,
        "mongodb" => 27017,
        "rabbitmq" => 5672,
        "clickhouse" => 8123,
        "kafka" => 9092,
        "elasticsearch" => 9200,
        "minio" => 9000,
        _ => 443,
    };
    let _ = write!(
        text,
        "# [[services]]\n# name = {}\n# checks = [{{ tcp = \"db.internal:{port}\", every = \"30s\" }}]\n",
        quoted(name)
    );
}

fn contacts(text: &mut String, draft: &Draft) {
    text.push_str("# Whom to call, in this order. `crashcart contacts check` tells what is missing.\n");
    for person in &draft.people {
        let _ = write!(text, "[[contacts]]\nname = {}\n", quoted(&person.name));
        for (key, value) in [("phone", &person.phone), ("email", &person.email)] {
            if let Some(value) = value {
                let _ = writeln!(text, "{key} = {}", quoted(value));
            }
        }
        text.push_str("escalate_after = \"10m\"\n\n");
    }
    if draft.people.is_empty() {
        text.push_str(
            "# [[contacts]]\n# name = \"You\"\n# phone = \"+49 30 901820\"\n# escalate_after = \"10m\" # then the next one\n\n",
        );
    }
    for (vendor, _) in &draft.vendors {
        let Some(support) = &vendor.support else { continue };
        let _ =
            write!(text, "[[contacts]]\nname = {}\nkind = \"vendor\"\n", quoted(&format!("{} support", vendor.title)));
        if let Some(phone) = &vendor.phone {
            let _ = writeln!(text, "phone = {}", quoted(phone));
        }
        let _ = write!(text, "url = {}\nservices = [{}]\n\n", quoted(support), quoted(&vendor.name));
    }
    while text.ends_with("\n\n") {
        text.pop();
    }
}

/// Returns a text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// Returns foreign words for a comment: one line, whatever they hold.
fn words(text: &str) -> String {
    crate::model::text::Line::from_text(&text.replace(['\n', '\r'], " ")).to_string()
}
