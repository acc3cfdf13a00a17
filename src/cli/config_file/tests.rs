//! Which file counts, and what is left out of one that is not trusted.

use std::process::Command;

use super::*;

/// A home, a repository in it, and somewhere deep in the repository.
struct Yard {
    root: tempfile::TempDir,
}

const WITH_EFFECTS: &str = "[project]\nname = \"acme\"\n[self_check]\nvantage = \"127.0.0.1:1\"\n[[services]]\nname = \"web\"\n\
    checks = [{ http = \"http://127.0.0.1:1/\" }]\nlogs = [{ command = \"touch /tmp/never\" }]\n";

impl Yard {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for directory in ["own", "state", "repo/.git", "repo/deep/er", "plain/deep"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        Self { root }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).unwrap();
    }

    fn environment(&self, here: &str) -> Environment {
        Environment {
            current_dir: Some(self.path(here)),
            config_dir: Some(self.path("own")),
            state_dir: Some(self.path("state")),
            ..Environment::default()
        }
    }

    fn found(&self, here: &str) -> Option<(PathBuf, Origin)> {
        let found = find(&GlobalArgs::default(), &self.environment(here)).unwrap()?;
        Some((self.path(here).join(found.shown), found.origin))
    }

    fn open(&self, here: &str) -> Result<Project, Failure> {
        open(&GlobalArgs::default(), &[], &[], &self.environment(here))
    }

    fn approve(&self, file: &str) {
        let file = fs::canonicalize(self.path(file)).unwrap();
        let sha256 = trust_store::hash(&fs::read(&file).unwrap());
        TrustStore::new(self.path("state")).approve(&file, &sha256, Vec::new()).unwrap();
    }
}

#[test]
fn a_file_is_looked_for_here_above_up_to_the_repository_and_at_home() {
    let yard = Yard::new();
    assert_eq!(yard.found("repo/deep/er"), None);
    yard.write("own/crashcart.toml", "");
    assert_eq!(yard.found("repo/deep/er"), Some((yard.path("own/crashcart.toml"), Origin::Own)));
    // Above the repository's root nobody looks.
    yard.write("crashcart.toml", "");
    assert_eq!(yard.found("repo/deep/er"), Some((yard.path("own/crashcart.toml"), Origin::Own)));
    yard.write("repo/crashcart.toml", "");
    assert_eq!(yard.found("repo/deep/er"), Some((yard.path("repo/crashcart.toml"), Origin::Found)));
    yard.write("repo/deep/er/crashcart.toml", "");
    assert_eq!(yard.found("repo/deep/er"), Some((yard.path("repo/deep/er/crashcart.toml"), Origin::Found)));
}

#[test]
fn outside_a_repository_only_the_directory_itself_counts() {
    let yard = Yard::new();
    yard.write("plain/crashcart.toml", "");
    assert_eq!(yard.found("plain/deep"), None);
    assert_eq!(yard.found("plain"), Some((yard.path("plain/crashcart.toml"), Origin::Found)));
}

#[test]
fn the_flag_wins_over_the_environment_and_both_over_what_lies_around() {
    let yard = Yard::new();
    yard.write("repo/crashcart.toml", "");
    let environment = Environment { config: Some("env.toml".into()), ..yard.environment("repo") };
    let global = GlobalArgs { config: Some("flag.toml".into()), ..GlobalArgs::default() };
    assert_eq!(find(&global, &environment).unwrap().unwrap().shown, Path::new("flag.toml"));
    assert_eq!(find(&GlobalArgs::default(), &environment).unwrap().unwrap().shown, Path::new("env.toml"));
}

#[test]
fn a_found_file_is_shown_and_not_followed_until_it_is_trusted_as_it_is() {
    let yard = Yard::new();
    yard.write("repo/crashcart.toml", WITH_EFFECTS);
    let project = yard.open("repo").unwrap();
    assert!(project.withheld.unwrap().contains("is not trusted yet"));
    assert_eq!(project.catalog.services.len(), 1);
    assert!(project.catalog.checks.is_empty() && project.catalog.logs.is_empty());
    assert_eq!(project.settings.vantage, None);

    yard.approve("repo/crashcart.toml");
    let project = yard.open("repo/deep").unwrap();
    assert_eq!(project.withheld, None);
    assert_eq!((project.catalog.checks.len(), project.catalog.logs.len()), (1, 1));
    assert!(project.settings.vantage.is_some());

    yard.write("repo/crashcart.toml", &format!("{WITH_EFFECTS}# changed\n"));
    let project = yard.open("repo").unwrap();
    assert!(project.withheld.unwrap().contains("has changed since you trusted it"));
    assert!(project.catalog.checks.is_empty() && project.catalog.logs.is_empty());
}

#[test]
fn an_approval_does_not_follow_a_copy_or_a_link_that_points_elsewhere() {
    let yard = Yard::new();
    yard.write("repo/real.toml", WITH_EFFECTS);
    std::os::unix::fs::symlink("real.toml", yard.path("repo/crashcart.toml")).unwrap();
    yard.approve("repo/crashcart.toml");
    assert_eq!(yard.open("repo").unwrap().withheld, None);
    yard.write("plain/crashcart.toml", WITH_EFFECTS);
    assert!(yard.open("plain").unwrap().withheld.is_some());
    yard.write("repo/other.toml", WITH_EFFECTS);
    fs::remove_file(yard.path("repo/crashcart.toml")).unwrap();
    std::os::unix::fs::symlink("other.toml", yard.path("repo/crashcart.toml")).unwrap();
    assert!(yard.open("repo").unwrap().withheld.is_some());
}

#[test]
fn what_the_user_names_or_owns_needs_no_trust() {
    let yard = Yard::new();
    yard.write("own/crashcart.toml", WITH_EFFECTS);
    assert_eq!(yard.open("plain").unwrap().withheld, None);
    // Even when it is found by way of a link from a repository.
    std::os::unix::fs::symlink(yard.path("own/crashcart.toml"), yard.path("repo/crashcart.toml")).unwrap();
    assert_eq!(yard.open("repo").unwrap().withheld, None);
    yard.write("plain/named.toml", WITH_EFFECTS);
    let global = GlobalArgs { config: Some("named.toml".into()), ..GlobalArgs::default() };
    assert_eq!(open(&global, &[], &[], &yard.environment("plain")).unwrap().withheld, None);
}

#[test]
fn what_stands_on_the_command_line_is_followed_beside_a_file_that_is_not() {
    let yard = Yard::new();
    yard.write("repo/crashcart.toml", WITH_EFFECTS);
    let addresses = ["http://127.0.0.1:2/".to_owned()];
    let project = open(&GlobalArgs::default(), &addresses, &[], &yard.environment("repo")).unwrap();
    assert!(project.withheld.is_some());
    assert_eq!((project.catalog.services.len(), project.catalog.checks.len()), (2, 1));
}

#[test]
fn approvals_that_cannot_be_read_withhold_and_still_open() {
    let yard = Yard::new();
    yard.write("repo/crashcart.toml", WITH_EFFECTS);
    yard.write("state/trust.json", "{");
    let project = yard.open("repo").unwrap();
    assert!(project.withheld.unwrap().contains("cannot be trusted"), "a damaged store is no approval");
}

#[test]
fn a_file_that_cannot_be_used_gets_a_sentence() {
    let yard = Yard::new();
    let told = |config: &str| {
        let global = GlobalArgs { config: Some(yard.path(config)), ..GlobalArgs::default() };
        let failure = open(&global, &[], &[], &yard.environment("plain")).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        format!("{:#}", failure.error)
    };
    assert!(told("missing.toml").contains("No such file"));
    assert!(told("repo").contains("is a directory"));
    fs::write(yard.path("latin1.toml"), b"[project]\nname = \"M\xfcller\"\n").unwrap();
    assert!(told("latin1.toml").contains("not UTF-8 text at line 2"));
    yard.write("huge.toml", &"#".repeat(2 << 20));
    assert!(told("huge.toml").contains("larger"));
    yard.write("open.toml", WITH_EFFECTS);
    fs::set_permissions(yard.path("open.toml"), fs::Permissions::from_mode(0o646)).unwrap();
    assert!(told("open.toml").contains("everybody on this machine may change"));
    assert!(Command::new("mkfifo").arg(yard.path("repo/crashcart.toml")).status().unwrap().success());
    let failure = yard.open("repo").unwrap_err();
    assert!(failure.error.to_string().contains("is not a file"), "a pipe that lies around must not make us wait");
    yard.write("wrong.toml", "a = 1\nb = 2\n");
    let text = told("wrong.toml");
    assert!(text.contains("wrong.toml:1:1") && text.contains("wrong.toml:2:1") && text.contains("2 errors"), "{text}");
}

#[test]
fn a_time_zone_that_this_machine_does_not_know_is_no_reason_to_stop() {
    let yard = Yard::new();
    yard.write("own/crashcart.toml", "[console]\ntime_zone = \"Europe/Atlantis\"\n");
    let project = yard.open("plain").unwrap();
    assert!(project.notices[0].contains("Europe/Atlantis"));
}

#[test]
fn a_pattern_that_the_shell_expanded_still_means_logs() {
    let yard = Yard::new();
    yard.write("plain/b.log", "");
    let addresses = ["b.log", "app.example", "/var/log/c.log"].map(str::to_owned);
    let project = open(&GlobalArgs::default(), &addresses, &["a.log".into()], &yard.environment("plain")).unwrap();
    let logs: Vec<&str> = project.catalog.logs.iter().map(|log| log.title.as_str()).collect();
    assert_eq!(logs, ["a.log", "b.log", "c.log"]);
    assert_eq!(project.catalog.services.len(), 1);
}

#[test]
fn every_argument_that_is_wrong_is_named() {
    let yard = Yard::new();
    let addresses = ["ftp://a.example", "x.example:0"].map(str::to_owned);
    let failure =
        open(&GlobalArgs::default(), &addresses, &["gopher://y".into()], &yard.environment("plain")).unwrap_err();
    let text = failure.error.to_string();
    assert!(text.contains("`ftp:`") && text.contains("`0` is not a port") && text.contains("`gopher:`"), "{text}");
    assert_eq!(failure.exit, Exit::Usage);
}
