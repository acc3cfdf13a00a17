use std::os::unix::fs::{PermissionsExt as _, symlink};

use proptest::prelude::*;

use super::*;

fn store() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::with_little_work(directory.path().join("config/secrets.age"));
    (directory, store)
}

fn passphrase() -> Secret {
    Secret::new("correct horse")
}

fn put(store: &Store, name: &str, secret: &str) -> Result<(), StoreError> {
    let (name, secret) = (name.to_owned(), Secret::new(secret));
    store.change(&passphrase(), |contents| {
        contents.0.insert(name, secret);
    })
}

/// An age file as somebody else would make it.
fn encrypted(plain: &str, work: u8) -> Vec<u8> {
    let mut recipient = scrypt::Recipient::new(words(&passphrase()));
    recipient.set_work_factor(work);
    age::encrypt(&recipient, plain.as_bytes()).unwrap()
}

/// Asserts what is said about a file, on reading and on writing, and that it stays.
#[track_caller]
fn refused(store: &Store, bytes: &[u8], says: &str) {
    fs::create_dir_all(store.path.parent().unwrap()).unwrap();
    fs::write(&store.path, bytes).unwrap();
    for error in [store.open(&passphrase()).unwrap_err(), put(store, "fly", "x").unwrap_err()] {
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(fs::read(&store.path).unwrap(), bytes);
}

#[test]
fn what_was_put_in_comes_out_and_only_with_the_passphrase() {
    let (_directory, store) = store();
    assert_eq!(store.open(&passphrase()), Err(StoreError::Absent { path: store.path.clone() }));
    put(&store, "fly", "fo1_abcdef").unwrap();
    put(&store, "sentry", "sntrys_x").unwrap();
    let contents = store.open(&passphrase()).unwrap();
    assert_eq!(contents.0.keys().collect::<Vec<_>>(), ["fly", "sentry"]);
    assert_eq!(contents.0["fly"].expose(), "fo1_abcdef");
    let wrong = store.open(&Secret::new("Correct horse"));
    assert_eq!(wrong, Err(StoreError::WrongPassphrase { path: store.path.clone() }));
    let bytes = fs::read(&store.path).unwrap();
    assert!(!bytes.windows(4).any(|window| window == b"fo1_" || window == b"fly\""), "names and values are encrypted");
    assert_eq!(fs::metadata(&store.path).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn it_is_an_age_file_with_plain_json_in_it() {
    let (_directory, store) = store();
    put(&store, "fly", "fo1_abcdef").unwrap();
    let identity = scrypt::Identity::new(words(&passphrase()));
    let plain = age::decrypt(&identity, &fs::read(&store.path).unwrap()).unwrap();
    assert_eq!(String::from_utf8(plain).unwrap(), r#"{"version":1,"secrets":{"fly":"fo1_abcdef"}}"#);
    // And the other way round: what somebody has edited with the age tool is read.
    fs::write(&store.path, encrypted("{\"version\": 1,\n \"secrets\": {\"fly\": \"new\"}}\n", 3)).unwrap();
    assert_eq!(store.open(&passphrase()).unwrap().0["fly"].expose(), "new");
}

#[test]
fn what_is_no_store_of_ours_is_named_and_never_overwritten() {
    let (_directory, store) = store();
    refused(&store, b"fly=fo1_abcdef\n", "is not a store of crashcart: it is no age file");
    refused(&store, b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", "it is no age file");
    refused(&store, &encrypted("hello", 2), "something else is encrypted in it");
    refused(&store, &encrypted("{\"version\": 1}", 2), "something else is encrypted in it");
    refused(&store, &encrypted("{\"version\": 2, \"new\": []}", 2), "was written by a newer crashcart");
    let key = age::x25519::Identity::generate().to_public();
    refused(&store, &age::encrypt(&key, b"{}").unwrap(), "encrypted with a key instead of a passphrase");
    refused(&store, &vec![b'x'; LARGEST as usize + 1], "it is too large");
}

#[test]
fn a_file_that_was_cut_short_anywhere_is_damaged() {
    let (_directory, store) = store();
    let whole = encrypted(&format!("{{\"version\": 1, \"secrets\": {{\"a\": \"{}\"}}}}", "x".repeat(300)), 2);
    for length in [0, 1, 10, INTRODUCTION.len(), 30, 60, 100, 150, 180, whole.len() - 200, whole.len() - 1] {
        refused(&store, &whole[..length], "is cut short or damaged");
    }
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    refused(&store, &flipped, "is cut short or damaged");
    refused(&store, &[whole, b"more".to_vec()].concat(), "is cut short or damaged");
}

#[test]
fn a_file_that_would_take_the_machine_down_is_not_tried() {
    let (_directory, store) = store();
    // The header alone decides: the cost stands in it as a number.
    let cheap = encrypted("{}", 9);
    let text = String::from_utf8_lossy(&cheap[..100]).into_owned();
    let at = text.find(" 9\n").unwrap();
    for (cost, number) in [(19, "19"), (30, "30"), (63, "63")] {
        let dear = [&cheap[..=at], number.as_bytes(), &cheap[at + 2..]].concat();
        refused(&store, &dear, &format!("(2^{cost} rounds of scrypt, at most 2^18)"));
    }
}

#[test]
fn a_link_is_not_followed_and_stays() {
    let (directory, store) = store();
    let elsewhere = directory.path().join("elsewhere.age");
    fs::write(&elsewhere, encrypted("{\"version\": 1, \"secrets\": {}}", 2)).unwrap();
    fs::create_dir_all(store.path.parent().unwrap()).unwrap();
    symlink(&elsewhere, &store.path).unwrap();
    let symlink = StoreError::Symlink { path: store.path.clone() };
    assert_eq!(store.open(&passphrase()), Err(symlink.clone()));
    assert_eq!(put(&store, "fly", "x"), Err(symlink));
    assert_eq!(fs::read_link(&store.path).unwrap(), elsewhere);
    fs::remove_file(&store.path).unwrap();
    fs::create_dir(&store.path).unwrap();
    assert!(matches!(store.open(&passphrase()), Err(StoreError::Foreign { .. })));
}

#[test]
fn changes_made_at_the_same_time_all_stay() {
    let (_directory, store) = store();
    std::thread::scope(|scope| {
        for number in 0..6 {
            let store = &store;
            scope.spawn(move || put(store, &format!("name-{number}"), "x").unwrap());
        }
    });
    assert_eq!(store.open(&passphrase()).unwrap().0.len(), 6);
}

#[test]
fn its_stamp_changes_when_it_does() {
    let (_directory, store) = store();
    assert_eq!(store.stamp(), Ok(None));
    put(&store, "fly", "one").unwrap();
    let before = store.stamp().unwrap().unwrap();
    assert_eq!(store.stamp().unwrap().unwrap(), before);
    put(&store, "fly", "two").unwrap();
    assert_ne!(store.stamp().unwrap().unwrap(), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_names_and_secrets_survive(entries in proptest::collection::btree_map("[ -~äß\n\"\\\\]{1,20}", "\\PC{0,200}", 0..8), word in "\\PC{1,40}") {
        let (_directory, store) = store();
        let contents = Contents(entries.into_iter().map(|(name, secret)| (name, Secret::new(secret))).collect());
        let (passphrase, put) = (Secret::new(word), contents.clone());
        store.change(&passphrase, |store| *store = put).unwrap();
        prop_assert_eq!(store.open(&passphrase).unwrap(), contents);
    }
}
