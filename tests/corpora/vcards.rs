//! Cards of other programs' own tests: phones, mail programs, address books, and the examples of the standards.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crashcart::contacts::vcard::{Version, read, write};
use crashcart::model::contact::Contact;

use super::{corpus, files};

fn cards() -> Option<Vec<(String, Vec<u8>)>> {
    let directory = corpus("vcards")?;
    let is_card = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.contains(".vcf") || name.contains("vcard")
    };
    let read =
        |path: PathBuf| (path.strip_prefix(&directory).unwrap().display().to_string(), std::fs::read(&path).unwrap());
    Some(files(&directory).into_iter().filter(is_card).map(read).collect())
}

/// What can be told of a number however it is written down.
fn key(text: &str) -> String {
    let text = text.trim().trim_start_matches("tel:").replace("\\n", " ");
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() { text } else { digits }
}

/// Finds the numbers of a file without knowing more of the format than its folding.
fn numbers(bytes: &[u8]) -> BTreeMap<String, usize> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let agents = text.lines().filter(|line| line.starts_with("AGENT:BEGIN")).map(|line| line.replace("\\n", "\n"));
    let text = agents.fold(text.clone(), |text, agent| text + "\n" + &agent);
    let line = regex::Regex::new(r#"(?im)^(?:[a-z0-9-]+\.)?(?:X-MS-)?TEL(?:[;](?:"[^"]*"|[^":])*)?:(.*)$"#).unwrap();
    let mut found = BTreeMap::new();
    for number in line.captures_iter(&text).map(|found| key(&found[1])).filter(|number| !number.is_empty()) {
        *found.entry(number).or_default() += 1;
    }
    found
}

fn imported(contacts: &[Contact]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for number in contacts.iter().flat_map(|contact| &contact.phones).map(|way| key(way.address.as_str())) {
        *found.entry(number).or_default() += 1;
    }
    found
}

#[test]
fn no_number_of_any_card_is_lost() {
    let Some(cards) = cards() else { return };
    let (mut contacts, mut total) = (0, 0);
    for (name, bytes) in &cards {
        if name.ends_with(".json") {
            continue;
        }
        let import = read(bytes);
        let wanted = numbers(bytes);
        assert_eq!(imported(&import.contacts), wanted, "{name}: {:#?}", import.problems);
        assert!(!import.contacts.is_empty(), "{name} has a card");
        for problem in &import.problems {
            println!("{name}:{}: {}", problem.line, problem.message);
        }
        contacts += import.contacts.len();
        total += wanted.values().sum::<usize>();
    }
    println!("{} files, {contacts} contacts, {total} numbers", cards.len());
    assert!(contacts >= 60 && total >= 90, "{contacts} contacts, {total} numbers");
}

#[test]
fn what_was_read_can_be_written_and_read_again() {
    let Some(cards) = cards() else { return };
    for (name, bytes) in &cards {
        let first = read(bytes).contacts;
        for version in [Version::V2, Version::V3, Version::V4] {
            let text = write(&first, version);
            let again = read(text.as_bytes());
            assert!(first.is_empty() || again.problems.is_empty(), "{name}: {:#?}\n{text}", again.problems);
            assert_eq!(imported(&again.contacts), imported(&first), "{name} as {version:?}\n{text}");
            let names = |contacts: &[Contact]| contacts.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
            assert_eq!(names(&again.contacts), names(&first), "{name} as {version:?}");
        }
    }
}

#[test]
fn what_was_read_can_be_kept_in_a_file_of_contacts() {
    let Some(cards) = cards() else { return };
    for (name, bytes) in &cards {
        let contacts = read(bytes).contacts;
        let text = crashcart::contacts::file::append("", &contacts);
        let (kept, diagnostics) = crashcart::config::contacts::load(&text);
        let serious: Vec<_> =
            diagnostics.iter().filter(|it| !it.message.as_str().contains("cannot be reached")).collect();
        assert!(serious.is_empty(), "{name}: {serious:#?}\n{text}");
        assert_eq!(kept, contacts, "{name}\n{text}");
    }
}

#[test]
fn what_is_no_card_is_said_and_not_believed() {
    let Some(cards) = cards() else { return };
    for (name, bytes) in cards.iter().filter(|(name, _)| name.ends_with(".json")) {
        let import = read(bytes);
        assert!(import.contacts.is_empty() && !import.problems.is_empty(), "{name}: {import:#?}");
    }
}

/// What a line that drops out, a disk that fills up or a careless editor leaves of a card.
#[test]
fn a_card_that_is_cut_or_scratched_never_stops_the_reader() {
    let Some(cards) = cards() else { return };
    let mut random = 1_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 33).unwrap() % below.max(1)
    };
    for (name, bytes) in &cards {
        let whole = read(bytes).contacts.len();
        for _ in 0..40 {
            let mut bytes = bytes[..next(bytes.len() + 1)].to_vec();
            let cut = read(&bytes);
            assert!(cut.contacts.len() <= whole.max(1) + 1, "{name}");
            for _ in 0..next(8) {
                let at = next(bytes.len());
                let scratch = [b'\n', b':', b';', b'"', b'=', b'\\', 0x1b, 0xff, 0][next(9)];
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = scratch;
                }
            }
            let scratched = read(&bytes).contacts;
            for version in [Version::V2, Version::V3, Version::V4] {
                let again = read(write(&scratched, version).as_bytes());
                assert_eq!(again.contacts.len(), scratched.len(), "{name} as {version:?}");
                assert_eq!(imported(&again.contacts), imported(&scratched), "{name} as {version:?}");
            }
        }
    }
}
