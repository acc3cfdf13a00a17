use std::fs;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

struct Place {
    keeper: Keeper,
    directory: tempfile::TempDir,
}

fn place(variables: &[(&str, &str)]) -> Place {
    let directory = tempfile::tempdir().unwrap();
    let mut variables: std::collections::BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    variables.insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
    variables.insert("XDG_RUNTIME_DIR".to_owned(), directory.path().to_str().unwrap().to_owned());
    let surroundings = Surroundings { home: Some(directory.path().to_owned()), variables };
    let store = Store::with_little_work(directory.path().join("config").join(STORE_FILE));
    Place { keeper: Keeper::with_store(surroundings, Some(store)), directory }
}

/// A command that says how often it was run.
fn counting(directory: &tempfile::TempDir) -> SecretRef {
    let file = directory.path().join("count");
    let script = format!("echo x >> {0}; wc -l < {0} | tr -d ' ' | sed s/^/token-/", file.display());
    SecretRef::Command(vec!["/bin/sh".to_owned(), "-c".to_owned(), script])
}

#[test]
fn a_keeper_is_shared_between_threads() {
    fn shared<T: Clone + Send + Sync>() {}
    shared::<Keeper>();
}

#[tokio::test]
async fn what_is_found_is_known_to_the_redactor_from_then_on() {
    let Place { keeper, .. } = place(&[("TOKEN", "hunter2hunter2"), ("EMPTY", "")]);
    let before = keeper.redactor();
    assert_eq!(keeper.get(&SecretRef::Env("TOKEN".to_owned()), NOW).await.unwrap().expose(), "hunter2hunter2");
    assert_eq!(keeper.clone().redactor().redact("a hunter2hunter2"), "a [redacted]");
    assert_eq!(before.redact("a hunter2hunter2"), "a hunter2hunter2");
    let error = keeper.get(&SecretRef::Env("EMPTY".to_owned()), NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "the environment variable EMPTY is not set");
}

#[tokio::test]
async fn a_slow_answer_is_remembered_for_a_while_and_a_refused_token_is_asked_for_anew() {
    let Place { keeper, directory } = place(&[]);
    let command = counting(&directory);
    let at = |seconds| NOW + Duration::from_secs(seconds);
    let got = async |at| keeper.get(&command, at).await.unwrap().expose().to_owned();
    assert_eq!(got(at(0)).await, "token-1");
    assert_eq!(got(at(599)).await, "token-1");
    assert_eq!(got(at(600)).await, "token-2");
    keeper.forget(&command);
    assert_eq!(got(at(600)).await, "token-3");
}

#[tokio::test]
async fn many_who_ask_at_once_get_one_answer() {
    let Place { keeper, directory } = place(&[]);
    let command = counting(&directory);
    let asking = (0..20).map(|_| keeper.get(&command, NOW));
    for answer in futures_util::future::join_all(asking).await {
        assert_eq!(answer.unwrap().expose(), "token-1");
    }
    // A refusal too, and the next one who comes asks again.
    let note = directory.path().join("tries");
    let script = format!("echo x >> {}; exit 3", note.display());
    let failing = SecretRef::Command(vec!["/bin/sh".to_owned(), "-c".to_owned(), script]);
    let asking = (0..20).map(|_| keeper.get(&failing, NOW));
    assert!(futures_util::future::join_all(asking).await.iter().all(Result::is_err));
    assert_eq!(fs::read_to_string(&note).unwrap().lines().count(), 1);
    assert!(keeper.get(&failing, NOW).await.is_err());
    assert_eq!(fs::read_to_string(&note).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn a_file_is_looked_at_each_time_and_a_tilde_is_the_home() {
    let Place { keeper, directory } = place(&[]);
    let file = SecretRef::File("~/token".into());
    write_file(&directory.path().join("token"), b"hunter2\n", Existing::Keep).unwrap();
    assert_eq!(keeper.get(&file, NOW).await.unwrap().expose(), "hunter2");
    write_file(&directory.path().join("token"), b"hunter3\n", Existing::Replace).unwrap();
    assert_eq!(keeper.get(&file, NOW).await.unwrap().expose(), "hunter3");
}

#[tokio::test]
async fn a_locked_store_says_so_and_an_unlocked_one_gives_what_is_in_it() {
    let Place { keeper, .. } = place(&[]);
    let fly = SecretRef::Store("fly".to_owned());
    let error = keeper.get(&fly, NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no fly in the store");
    assert_eq!(error.hint(), "crashcart secret set fly --store");

    let passphrase = Secret::new("correct horse");
    keeper.change(&passphrase, |store| store.0.insert("fly".to_owned(), Secret::new("fo1_abcdef"))).await.unwrap();
    let error = keeper.get(&fly, NOW).await.unwrap_err();
    assert_eq!(error.to_string(), "the store is locked");

    let wrong = keeper.unlock(&Secret::new("wrong horse"), Duration::from_secs(60), NOW).await.unwrap_err();
    assert!(matches!(wrong, SecretError::Store(StoreError::WrongPassphrase { .. })), "{wrong}");
    assert!(keeper.get(&fly, NOW).await.is_err());

    let unlocked = keeper.unlock(&passphrase, Duration::from_secs(60), NOW).await.unwrap();
    assert_eq!(keeper.get(&fly, NOW).await.unwrap().expose(), "fo1_abcdef");
    assert_eq!(keeper.redactor().redact("correct horse fo1_abcdef"), "[redacted] [redacted]");
    // Another process of this user, where the kernel keeps it.
    if unlocked == Unlocked::Until(NOW + Duration::from_secs(60)) {
        let (kept, until) = keeper.passphrase(NOW).unwrap().unwrap();
        assert_eq!((kept, until), (passphrase.clone(), NOW + Duration::from_secs(60)));
    }
    // What is changed is seen at once.
    keeper.change(&passphrase, |store| store.0.insert("fly".to_owned(), Secret::new("fo1_ghijkl"))).await.unwrap();
    assert_eq!(keeper.get(&fly, NOW).await.unwrap().expose(), "fo1_ghijkl");

    assert!(keeper.lock().await.unwrap());
    assert!(matches!(keeper.get(&fly, NOW).await, Err(SecretError::Locked { .. })));
    assert!(!keeper.lock().await.unwrap());
}

#[tokio::test]
async fn where_there_is_no_home_there_is_no_store_and_nothing_breaks() {
    let keeper = Keeper::new(Surroundings::default(), Paths::default());
    let error = keeper.get(&SecretRef::Store("fly".to_owned()), NOW).await.unwrap_err();
    assert_eq!(error, SecretError::Store(StoreError::NoPlace));
    assert_eq!(keeper.lock().await, Ok(false));
    assert_eq!(keeper.passphrase(NOW), Ok(None));
}

#[test]
fn every_trouble_has_a_hint_that_is_one_clause() {
    let path = || PathBuf::from("/x");
    let limit = Duration::from_secs(1);
    let places = [
        SecretRef::Env("A".to_owned()),
        SecretRef::Keyring("a".to_owned()),
        SecretRef::Command(vec!["a".to_owned()]),
        SecretRef::File(path()),
        SecretRef::Store("a".to_owned()),
    ];
    let mut errors: Vec<SecretError> = Vec::new();
    for place in places {
        errors.push(SecretError::Missing { place: place.clone() });
        errors.push(SecretError::Unusable { place: place.clone(), reason: "it is empty" });
        errors.push(SecretError::TimedOut { place, limit });
    }
    for reason in [Denial::OpenToOthers { mode: 0o644 }, Denial::NotOurs { owner: 0 }, Denial::NotAFile] {
        errors.push(SecretError::Denied { path: path(), reason });
    }
    for trouble in [
        KeyringTrouble::NotBuilt,
        KeyringTrouble::NoBus { over_ssh: true },
        KeyringTrouble::NoBus { over_ssh: false },
        KeyringTrouble::DeadBus,
        KeyringTrouble::NoService,
        KeyringTrouble::Locked,
        KeyringTrouble::Silent(limit),
        KeyringTrouble::Ambiguous,
        KeyringTrouble::Other("x".to_owned()),
    ] {
        errors.push(SecretError::NoKeyring(trouble));
    }
    for kernel in [None, Some(KernelTrouble::Refused)] {
        errors.push(SecretError::Locked { kernel });
    }
    for store in [
        StoreError::Absent { path: path() },
        StoreError::NoPlace,
        StoreError::WrongPassphrase { path: path() },
        StoreError::Damaged { path: path() },
        StoreError::Foreign { path: path(), reason: "it is no age file" },
        StoreError::Newer { path: path() },
        StoreError::TooMuchWork { path: path(), required: 30 },
        StoreError::Symlink { path: path() },
    ] {
        errors.push(store.into());
    }
    for error in errors {
        let (message, hint) = (error.to_string(), error.hint());
        assert!(!message.is_empty() && !message.ends_with('.') && !message.contains('\n'), "{message}");
        assert!(!hint.is_empty() && !hint.ends_with('.') && !hint.contains('\n'), "{hint}");
    }
}
