//! What the tests prove of each definition, as `assets/providers/proven.json` says it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crashcart::provider::proof::{Proof, Proofs, Proven};
use crashcart::provider::registry::{BUILT_IN, from_text};

use super::real::ASKED;
use super::recorded;

/// Who judged something by which descriptions: provider, capability or action.
pub type Judged = BTreeMap<(String, String), (Proof, String)>;

/// Puts everything together. Fixtures are a test's of their own, which demands one for everything.
pub fn everything(judged: &Judged) -> Proofs {
    let recorded = from_answers();
    let mut proofs = Proofs::default();
    for (name, text) in BUILT_IN {
        let definition = from_text(name, text).unwrap_or_else(|error| panic!("{error}")).0;
        let mut proven = Proven::new();
        for what in definition.abilities() {
            let mut by = BTreeMap::from([(Proof::Fixtures, format!("{name}/{what}.json"))]);
            for asked in ASKED.iter().filter(|asked| asked.provider == *name && asked.what == what) {
                by.insert(asked.proof, asked.test.to_owned());
            }
            let key = ((*name).to_owned(), what.clone());
            for (proof, places) in recorded.get(&key).into_iter().flatten() {
                // An imitation that is asked proves more than one that was.
                by.entry(*proof).or_insert_with(|| places.iter().cloned().collect::<Vec<_>>().join(", "));
            }
            if let Some((proof, specs)) = judged.get(&key) {
                by.insert(*proof, specs.clone());
            }
            proven.insert(what, by);
        }
        proofs.0.insert((*name).to_owned(), proven);
    }
    proofs
}

/// What recorded answers show, and where they lie.
fn from_answers() -> BTreeMap<(String, String), BTreeMap<Proof, BTreeSet<String>>> {
    let mut found: BTreeMap<_, BTreeMap<Proof, BTreeSet<String>>> = BTreeMap::new();
    for row in recorded::TABLE {
        let Some((provider, what)) = row.means.tries() else { continue };
        if matches!(&row.means, recorded::Means::Reads(reads) if reads.translated) {
            continue;
        }
        let mut parts = row.files.split('/');
        let (kind, place) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let proof = match (kind, place) {
            ("documented", _) => Proof::Documentation,
            ("recorded", place) if place.starts_with("aws-moto") => Proof::Emulation,
            _ => Proof::Recorded,
        };
        let places = found.entry((provider.to_owned(), what)).or_default().entry(proof).or_default();
        places.insert(format!("{kind}/{place}"));
    }
    found
}

/// Draws the file.
pub fn drawn(proofs: &Proofs) -> String {
    serde_json::to_string_pretty(proofs).expect("it is plain JSON with text as keys") + "\n"
}

/// Returns what is wrong with what is said of real servers.
pub fn wrong_claims() -> Vec<String> {
    let mut wrong = Vec::new();
    for asked in ASKED {
        let Some((file, function)) = asked.test.split_once("::") else {
            wrong.push(format!("{} names no file and function", asked.test));
            continue;
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/real_servers/{file}.rs"));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        if !text.contains(&format!("#[test]\nfn {function}()")) {
            wrong.push(format!("{file}.rs has no test {function}"));
        }
        let word = format!("(\"{}\"", asked.what.trim_start_matches("actions."));
        if !text.contains(&format!("\"{}\"", asked.provider)) || !text.contains(&word) {
            wrong.push(format!("{file}.rs does not ask {} for {}", asked.provider, asked.what));
        }
    }
    wrong
}
