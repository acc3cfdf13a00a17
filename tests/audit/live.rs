//! What the platforms say, made from text: the configuration, and answers in the words of provider definitions.

use crashcart::audit::live::{Answer, Live};
use crashcart::audit::tree::Tree;
use crashcart::config::{self, Place};
use crashcart::model::id::{ServiceId, SourceId};
use crashcart::model::source::Capability;
use crashcart::provider::definition::{Reading, read};
use crashcart::provider::registry::Registry;
use crashcart::provider::{feeds, map, offers};

/// A shop in two environments, of which everything is known that a configuration can say.
const SHOP: &str = r#"--- crashcart.toml
[environments.production]
[environments.staging]
[sources.render]
provider = "render"
token = { env = "T" }
[sources.sentry]
provider = "sentry"
organization = "acme"
token = { env = "T" }
[[services]]
name = "shop"
environment = "production"
runbooks = ["bad-deploy"]
release = { source = "render", service = "srv-1" }
errors = { source = "sentry", project = "shop" }
logs = [{ source = "render" }]
checks = [{ http = "https://shop.test/health" }]
[[services]]
name = "shop-staging"
environment = "staging"
runbooks = ["bad-deploy"]
release = { source = "render", service = "srv-2" }
errors = { source = "sentry", project = "shop" }
logs = [{ source = "render" }]
checks = [{ http = "https://staging.shop.test/health" }]
"#;

/// Returns the files and what the platforms say. Several files of one name are one.
pub fn world(text: &str) -> (Tree, Live) {
    let text = text.replace("{{SHOP}}", SHOP.trim_end());
    let mut tree = Tree::default();
    let mut live = Live::default();
    let mut config = String::new();
    for part in format!("\n{text}").split("\n--- ").skip(1) {
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        match head.trim().strip_prefix("live ") {
            Some(words) => live.answers.push(answer(words, body)),
            None if head.trim() == "crashcart.toml" => config.push_str(&format!("{}\n", body.trim_end())),
            None => tree.add(head.trim(), Some(format!("{}\n", body.trim_end()))),
        }
    }
    if !config.is_empty() {
        let loaded = config::load(&config, Place { directory: std::path::Path::new("/shop"), home: None });
        assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
        let mut catalog = loaded.catalog;
        let registry = Registry::new(Vec::new());
        let problems = feeds::derive(&mut catalog, |source| registry.of(source).map_err(|error| error.to_string()));
        assert!(problems.is_empty(), "{problems:?}");
        offers::derive(&mut catalog, |source| registry.of(source).map_err(|error| error.to_string()));
        tree.add("crashcart.toml", Some(config));
        live.catalog = Some(catalog);
    }
    (tree, live)
}

fn answer(words: &str, body: &str) -> Answer {
    let [source, service, capability] = words.split(' ').collect::<Vec<_>>()[..] else { panic!("{words}") };
    let capability = Capability::of(capability).unwrap();
    let value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{words}: {error}"));
    let mapped = map::read(capability, &reading(capability), &[value]);
    assert!(mapped.problems.is_empty(), "{words}: {:?}", mapped.problems);
    let service = (service != "-").then(|| ServiceId::new(service));
    Answer { source: SourceId::new(source), service, found: mapped.found }
}

/// A reading whose words are ours.
fn reading(capability: Capability) -> Reading {
    let text = format!(
        "[provider]\nname = \"own\"\ntitle = \"Own\"\nkind = \"hosting\"\nbase_url = \"https://own.test\"\n\
         [{capability}]\nget = \"/\"\nmap = \".\"\n"
    );
    read(&text).unwrap().0.readings.remove(&capability).unwrap()
}
