//! What lies between two commits, from real repositories that git has made here.

use std::path::Path;
use std::process::Command;

use crashcart::model::release::FileChange;
use crashcart::repository::{Repository, RepositoryError};

mod support;

struct Made {
    directory: tempfile::TempDir,
}

impl Made {
    /// Makes an empty repository, or says that git is not there.
    fn new() -> Option<Self> {
        let made = Self { directory: tempfile::tempdir().unwrap() };
        if Command::new("git").arg("--version").output().is_err() {
            support::require("git", "git is not installed");
            return None;
        }
        made.git(&["init", "--quiet", "--initial-branch=main"]);
        Some(made)
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .current_dir(self.path())
            .args(["-c", "user.name=Kim", "-c", "user.email=kim@acme.dev", "-c", "commit.gpgSign=false"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn repository(&self) -> Repository {
        Repository::find(&self.path().join("deep/below")).unwrap()
    }
}

#[tokio::test]
async fn commits_and_files_that_going_back_leaves_behind() {
    let Some(made) = Made::new() else { return };
    made.write("app.py", "one\n");
    made.write("old name.txt", "a text that is long enough to be known again\n");
    let first = made.commit("first");
    made.write("db/migrate/20261101020000_drop.rb", "remove_column :users, :x\n");
    made.write("app.py", "one\ntwo\n");
    made.commit("second: with a tab\tin it");
    std::fs::rename(made.path().join("old name.txt"), made.path().join("new\u{1b}[2Jname.txt")).unwrap();
    let third = made.commit("third");
    let changes = made.repository().between(&third, &first[..10]).await.unwrap();
    let messages: Vec<&str> = changes.commits.iter().map(|commit| commit.message.as_ref().unwrap().as_str()).collect();
    assert_eq!((messages.len(), messages[0]), (2, "third"));
    assert!(messages[1].starts_with("second: with a tab"), "{messages:?}");
    assert_eq!(changes.commits[0].author.as_ref().unwrap().as_str(), "Kim");
    let find = |part: &str| changes.files.iter().find(|file| file.path.as_str().contains(part)).expect(part);
    assert_eq!(find("app.py").change, FileChange::Modified);
    assert_eq!((find("app.py").added, find("app.py").removed), (Some(1), Some(0)));
    assert_eq!(find("20261101020000_drop").change, FileChange::Added);
    let renamed = find("name.txt");
    assert_eq!((renamed.change, renamed.before.as_ref().unwrap().as_str()), (FileChange::Renamed, "old name.txt"));
    assert!(!renamed.path.as_str().contains('\u{1b}'), "a file's name cannot write on the screen");
    let text = made.repository().text_at(&third, "db/migrate/20261101020000_drop.rb").await.unwrap();
    assert_eq!(text.as_deref(), Some("remove_column :users, :x\n"));
    assert_eq!(made.repository().text_at(&first, "db/migrate/20261101020000_drop.rb").await.unwrap(), None);
}

#[tokio::test]
async fn what_is_not_there_is_said_and_nothing_else_is_run() {
    let Some(made) = Made::new() else { return };
    made.write("a.txt", "a\n");
    let first = made.commit("first");
    made.write("a.txt", "b\n");
    let second = made.commit("second");
    let missing = "0123456789012345678901234567890123456789";
    let error = made.repository().between(&second, missing).await.unwrap_err();
    assert!(error.to_string().contains("does not have the commit 012345678901; git fetch"), "{error}");
    for name in ["--output=/tmp/x", "", "a b", "HEAD..main", "$(id)"] {
        let error = made.repository().between(&second, name).await.unwrap_err();
        assert!(matches!(error, RepositoryError::NotACommit(_)), "{name}: {error}");
    }
    // A repository that somebody else wrote names programs to run; none of them is.
    let trap = made.path().join("trap.sh");
    std::fs::write(&trap, format!("#!/bin/sh\ntouch {}/sprung\n", made.path().display())).unwrap();
    std::fs::set_permissions(&trap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let trap = trap.display().to_string();
    made.write(".gitattributes", "*.txt diff=evil filter=evil\n");
    for (name, value) in [
        ("core.fsmonitor", trap.as_str()),
        ("diff.external", trap.as_str()),
        ("diff.evil.textconv", trap.as_str()),
        ("diff.evil.command", trap.as_str()),
        ("core.pager", trap.as_str()),
    ] {
        made.git(&["config", name, value]);
    }
    let changes = made.repository().between(&second, &first).await.unwrap();
    assert_eq!((changes.commits.len(), changes.files.len()), (1, 1));
    assert!(!made.path().join("sprung").exists(), "a program of the repository was run");
}
