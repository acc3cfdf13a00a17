//! In which order migrations run.

use std::collections::BTreeMap;

use crate::audit::read::Pattern;
use crate::audit::tree::Tree;
use crate::operation::migrations::Framework;

static REVISION: Pattern = Pattern::new(r#"(?m)^revision\b[^=\n]*=\s*["'](\w+)["']"#);
static DOWN: Pattern = Pattern::new(r"(?m)^down_revision\b[^=\n]*=\s*([^\n]*(?:\n\s+[^\n]*)*)");
static QUOTED: Pattern = Pattern::new(r#"["'](\w+)["']"#);

/// Sorts the migrations of a folder: by the numbers in their names, and Alembic's by what each says it follows.
pub fn sort(tree: &Tree, list: &mut [(String, Framework)]) {
    list.sort_by_cached_key(|(path, _)| natural(path));
    let alembic = list.iter().all(|(_, framework)| *framework == Framework::Alembic);
    if !alembic {
        return;
    }
    let mut above: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut own: BTreeMap<&str, String> = BTreeMap::new();
    for (path, _) in list.iter() {
        let Some(text) = tree.text(path) else { continue };
        let Some(revision) = REVISION.first(text) else { continue };
        let before = DOWN.first(text).map(|told| QUOTED.all(told)).unwrap_or_default();
        above.insert(revision.to_owned(), before.into_iter().map(str::to_owned).collect());
        own.insert(path.as_str(), revision.to_owned());
    }
    let depths = depths(&above);
    let depth_of: BTreeMap<String, usize> =
        own.iter().map(|(path, revision)| ((*path).to_owned(), depths.get(revision).copied().unwrap_or(0))).collect();
    list.sort_by_key(|(path, _)| depth_of.get(path).copied().unwrap_or(0));
}

/// Returns how many stand before each, at most: as often as there are revisions, since a circle has no end.
fn depths(above: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, usize> {
    let mut below: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut waits: BTreeMap<&str, usize> = BTreeMap::new();
    for (revision, before) in above {
        let known = before.iter().filter(|one| above.contains_key(*one));
        let mut count = 0;
        for one in known {
            below.entry(one).or_default().push(revision);
            count += 1;
        }
        waits.insert(revision, count);
    }
    let mut depths: BTreeMap<String, usize> = BTreeMap::new();
    let mut ready: Vec<&str> = waits.iter().filter(|(_, count)| **count == 0).map(|(revision, _)| *revision).collect();
    while let Some(revision) = ready.pop() {
        let depth = *depths.entry(revision.to_owned()).or_insert(0);
        for next in below.get(revision).into_iter().flatten() {
            let told = depths.entry((*next).to_owned()).or_insert(0);
            *told = (*told).max(depth + 1);
            if let Some(count) = waits.get_mut(next) {
                *count -= 1;
                if *count == 0 {
                    ready.push(next);
                }
            }
        }
    }
    depths
}

/// Puts numbers to one width: `V10` stands behind `V2`.
fn natural(path: &str) -> String {
    let mut key = String::new();
    let mut digits = String::new();
    for character in path.chars().chain(std::iter::once('\0')) {
        if character.is_ascii_digit() {
            digits.push(character);
            continue;
        }
        if !digits.is_empty() {
            key.push_str(&format!("{:0>20}", digits.trim_start_matches('0')));
            digits.clear();
        }
        key.push(character);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_numbers_and_alembics_chain_is_followed() {
        let mut list: Vec<(String, Framework)> =
            ["V10__c.sql", "V2__b.sql", "V1__a.sql"].map(|path| (path.to_owned(), Framework::Flyway)).into();
        sort(&Tree::default(), &mut list);
        assert_eq!(
            list.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            ["V1__a.sql", "V2__b.sql", "V10__c.sql"]
        );

        let mut tree = Tree::default();
        let write = |revision: &str, before: &str| format!("revision = '{revision}'\ndown_revision = {before}\n");
        tree.add("a.py", Some(write("c3", "(\n    'b2',\n    'b1',\n)")));
        tree.add("b.py", Some(write("a0", "None")));
        tree.add("c.py", Some(write("b2", "\"a0\"")));
        tree.add("d.py", Some(write("b1", "'a0'")));
        let mut list: Vec<(String, Framework)> =
            ["a.py", "b.py", "c.py", "d.py"].map(|path| (path.to_owned(), Framework::Alembic)).into();
        sort(&tree, &mut list);
        assert_eq!(list.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["b.py", "c.py", "d.py", "a.py"]);
    }
}
