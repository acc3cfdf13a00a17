//! A database's port on every address of the host.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::dockerfile::image_parts;
use crate::audit::read::versions::of_image;
use crate::audit::read::yaml::{items, scalar};
use crate::audit::repo::Repo;
use crate::audit::tree::name;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.database-exposed",
    area: Area::Config,
    level: Level::High,
    title: "A database listens on every address of its host",
    why: "Docker opens the port past the host's firewall: the whole network can try passwords.",
    fix: "Take `ports:` away, containers reach each other without it; or bind it: `127.0.0.1:5432:5432`.",
    references: &["https://docs.docker.com/engine/network/packet-filtering-firewalls/"],
    check,
};

static OPEN: Pattern = Pattern::new(r#"^(\$\{[^}]*\}|\d+):(\d+)(/tcp)?$"#);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let store = |image: &str| {
        of_image(image).is_some_and(|(what, _)| !matches!(what, "node" | "python" | "ruby" | "go" | "php"))
            || matches!(
                name(image_parts(image).0),
                "postgres" | "mysql" | "mariadb" | "redis" | "mongo" | "elasticsearch" | "valkey"
            )
    };
    let mut all = Vec::new();
    for one in repo.production().filter(|one| store(&one.image)) {
        let open = items(&one.value["ports"]).filter_map(scalar).find(|port| OPEN.is_match(port));
        all.extend(open.map(|port| {
            Evidence::at(&one.path, repo.line_in(&one.path, &port), format!("`{}` listens on {port}", one.name))
        }));
    }
    all
}
