//! By what it is proven that a definition is right: a real server, the vendor's own description, or less.
//!
//! The tests that prove it write `assets/providers/proven.json`, and fail when it says anything else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// A way in which something is shown to work, the strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Proof {
    /// A test asks the system itself.
    #[serde(rename = "real server")]
    RealServer,
    /// Every request and answer is judged by a description that the vendor publishes.
    #[serde(rename = "official description")]
    Description,
    /// Answers that others recorded from the system are read whole.
    #[serde(rename = "recorded answers")]
    Recorded,
    /// A test asks an imitation of the system.
    #[serde(rename = "emulation")]
    Emulation,
    /// Somebody else's description, or answers copied from the vendor's documentation.
    #[serde(rename = "documentation")]
    Documentation,
    /// Conversations that we wrote in the shape that the vendor documents.
    #[serde(rename = "fixtures")]
    Fixtures,
}

impl Proof {
    /// Every proof, the strongest first.
    pub const ALL: &[Self] =
        &[Self::RealServer, Self::Description, Self::Recorded, Self::Emulation, Self::Documentation, Self::Fixtures];

    /// Returns the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::RealServer => "real server",
            Self::Description => "official description",
            Self::Recorded => "recorded answers",
            Self::Emulation => "emulation",
            Self::Documentation => "documentation",
            Self::Fixtures => "fixtures",
        }
    }
}

/// What is proven of one provider: a capability's word, `send` or `actions.NAME`, and the proofs with where they are.
pub type Proven = BTreeMap<String, BTreeMap<Proof, String>>;

/// What is proven of the definitions that are built in, by their names.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Proofs(pub BTreeMap<String, Proven>);

impl Proofs {
    /// Returns what the tests have written down.
    pub fn built_in() -> Self {
        serde_json::from_str(include_str!("../../assets/providers/proven.json"))
            .expect("a test compares the file with what it writes")
    }

    /// Returns the strongest proof of anything that the provider can do.
    pub fn strongest(&self, provider: &str) -> Option<Proof> {
        self.0.get(provider)?.values().filter_map(|proofs| proofs.keys().next().copied()).min()
    }

    /// Returns the strongest proof of one thing that the provider can do.
    pub fn of(&self, provider: &str, what: &str) -> Option<Proof> {
        self.0.get(provider)?.get(what)?.keys().next().copied()
    }

    /// Draws a table with a row for each provider: everything that it can do stands under its strongest proof.
    pub fn markdown(&self) -> String {
        let mut text = "| provider |".to_owned();
        for proof in Proof::ALL {
            let _ = write!(text, " {} |", proof.words());
        }
        text.push_str("\n|---|");
        text.push_str(&"---|".repeat(Proof::ALL.len()));
        text.push('\n');
        for (provider, proven) in &self.0 {
            let mut columns: BTreeMap<Proof, BTreeSet<String>> = BTreeMap::new();
            for (what, proofs) in proven {
                if let Some(strongest) = proofs.keys().next() {
                    let what = what.trim_start_matches("actions.").replace('_', " ");
                    columns.entry(*strongest).or_default().insert(what);
                }
            }
            let _ = write!(text, "| {provider} |");
            for proof in Proof::ALL {
                let things: Vec<String> = columns.remove(proof).unwrap_or_default().into_iter().collect();
                let _ = write!(text, " {} |", things.join(", "));
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::registry::{BUILT_IN, from_text};

    #[test]
    fn everything_that_a_definition_can_do_is_proven_and_nothing_else_is_claimed() {
        let proofs = Proofs::built_in();
        let names: BTreeSet<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        let known: BTreeSet<String> = proofs.0.keys().cloned().collect();
        let differing: Vec<_> = known.symmetric_difference(&names).collect();
        assert!(differing.is_empty(), "{differing:?}; run {WRITES}");
        for (name, text) in BUILT_IN {
            let definition = from_text(name, text).unwrap().0;
            let able: BTreeSet<String> = definition.abilities().into_iter().collect();
            let proven: BTreeSet<String> = proofs.0[*name].keys().cloned().collect();
            assert_eq!(proven, able, "{name}; run {WRITES}");
            assert!(proofs.0[*name].values().all(|proofs| proofs.contains_key(&Proof::Fixtures)), "{name}");
        }
    }

    const WRITES: &str = "CRASHCART_UPDATE=1 cargo test --test conformance definitions_speak";

    #[test]
    fn the_strongest_proof_counts() {
        let alert = BTreeMap::from([(Proof::Fixtures, String::new()), (Proof::Recorded, String::new())]);
        let send = BTreeMap::from([(Proof::Fixtures, String::new())]);
        let proven = Proven::from([("alerts".to_owned(), alert), ("actions.roll_back".to_owned(), send)]);
        let proofs = Proofs(BTreeMap::from([("acme".to_owned(), proven)]));
        assert_eq!(proofs.strongest("acme"), Some(Proof::Recorded));
        assert_eq!(proofs.of("acme", "actions.roll_back"), Some(Proof::Fixtures));
        assert_eq!(proofs.of("acme", "logs"), None);
        assert!(proofs.markdown().ends_with("| acme |  |  | alerts |  |  | roll back |\n"), "{}", proofs.markdown());
    }
}
