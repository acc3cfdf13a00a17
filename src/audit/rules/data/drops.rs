//! A table, column or type that is taken away.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;
use crate::model::operation::MigrationKind;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.drops",
    area: Area::Data,
    level: Level::High,
    title: "A migration takes something away",
    why: "The release that is live, and the one you would roll back to, still read it: both fail from the moment the migration has run, and the data is gone.",
    fix: "First deploy code that no longer uses it; drop it in a later release, when nobody would go back that far, after a backup.",
    references: &[
        "https://github.com/ankane/strong_migrations#removing-a-column",
        "https://squawkhq.com/docs/ban-drop-column",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    super::says(repo, |kind, text| {
        let small = text.to_ascii_lowercase();
        // A view or a function is made anew; what a constraint or an index holds is no data.
        let harmless =
            ["drop view", "drop function", "drop procedure", "drop trigger", "drop extension", "drop sequence"]
                .iter()
                .any(|word| small.starts_with(word));
        (kind == MigrationKind::Drops && !harmless && !small.starts_with("truncate"))
            .then(|| "the release before this one may still need it".to_owned())
    })
}
