//! Links, redirects, pipes, names, and a home that is a repository.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use super::place::{CRASHCART, Ear, OUTSIDE, Place, TOKEN};

#[test]
fn links_lead_nowhere_and_names_are_harmless() {
    let place = Place::new();
    place.write("outside/secret.toml", &format!("token = \"{OUTSIDE}\"\n"));
    place.write("outside/precious", "mine");
    symlink(place.path("outside/secret.toml"), place.path("repo/crashcart.toml")).unwrap();
    for arguments in [&["status"][..], &["trust", "--yes"], &["doctor"], &["contacts"], &["secret", "list"]] {
        let ran = place.run(arguments);
        assert!(!ran.text.contains(OUTSIDE), "{arguments:?}: {}", ran.text);
        assert!(ran.text.contains("leads out of its repository"), "{arguments:?}: {}", ran.text);
    }
    // A definition and a folder of runbooks that lie elsewhere.
    fs::remove_file(place.path("repo/crashcart.toml")).unwrap();
    place.write("repo/crashcart.toml", "[sources.x]\nprovider = \"x\"\n[[services]]\nname = \"a\"\n");
    symlink(place.path("outside/secret.toml"), place.path("repo/providers/x.toml")).unwrap();
    let ran = place.run(&["trust", "--list"]);
    assert!(
        ran.code == Some(2) && ran.text.contains("leads out of this repository") && !ran.text.contains(OUTSIDE),
        "{}",
        ran.text
    );
    fs::remove_file(place.path("repo/providers/x.toml")).unwrap();
    fs::remove_dir(place.path("repo/runbooks")).unwrap();
    symlink(place.path("outside"), place.path("repo/runbooks")).unwrap();
    let ran = place.run(&["runbooks", "new", "slow"]);
    assert!(ran.code == Some(2) && ran.text.contains("leads out of this repository"), "{}", ran.text);
    assert_eq!(fs::read_dir(place.path("outside")).unwrap().count(), 2);
    // Names and commands that would rewrite the screen, or read from right to left.
    fs::remove_file(place.path("repo/runbooks")).unwrap();
    fs::create_dir(place.path("repo/runbooks")).unwrap();
    place.write("repo/runbooks/a\u{1b}[2J\u{202e}b.md", "# A\n\n## B\n\n```sh\necho \u{1b}[8mhidden\u{202e}\n```\n");
    let text = place.run(&["trust", "--list"]).text;
    assert!(text.contains("hidden") && !text.contains(['\u{1b}', '\u{202e}']), "{}", text.escape_debug());
}

#[test]
fn a_token_does_not_follow_a_redirect_to_another_host() {
    let thief = Ear::deaf();
    let redirect = format!(
        "HTTP/1.1 302 Found\r\nLocation: http://{}/stolen\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        thief.address
    );
    let (place, first) = (Place::new(), Ear::new(&redirect));
    let config = format!(
        "[sources.web]\nprovider = \"render\"\nurl = \"http://{}/v1\"\ntoken = {{ env = \"TOKEN\" }}\n[[services]]\nname = \"shop\"\n\
         release = {{ source = \"web\", service = \"srv-1\" }}\n",
        first.address
    );
    place.write("repo/crashcart.toml", &config);
    assert_eq!(place.run(&["trust", "--yes"]).code, Some(0));
    place.run(&["releases"]);
    let (asked, stolen) = (first.heard(), thief.heard());
    assert!(asked.iter().any(|request| request.contains(TOKEN)), "{asked:#?}");
    assert!(!stolen.is_empty() && stolen.iter().all(|request| !request.contains(TOKEN)), "{stolen:#?}");
}

#[test]
fn a_repository_that_is_ones_home_approves_nothing_by_itself() {
    let place = Place::new();
    fs::create_dir_all(place.path("repo/.config/crashcart/runbooks")).unwrap();
    fs::create_dir_all(place.path("repo/.local/state/crashcart")).unwrap();
    fs::remove_dir(place.path("repo/.git")).unwrap();
    let own = "repo/.config/crashcart/crashcart.toml";
    place.write(own, "[[services]]\nname = \"a\"\nchecks = [{ command = \"touch ROOT/ran/own\" }]\n");
    place.write("repo/.config/crashcart/runbooks/x.md", "# X\n\n## Y\n\n```sh\ntouch ROOT/ran/book\n```\n");
    // The approval that it brings along is right in every byte.
    let bytes = fs::read(place.path(own)).unwrap();
    let path = fs::canonicalize(place.path(own)).unwrap();
    let approval = serde_json::json!({ "version": 1, "files": { path.to_str().unwrap(): {
        "sha256": crashcart::cli::trust_store::hash(&bytes), "effects": [] } } });
    place.write("repo/.local/state/crashcart/trust.json", &approval.to_string());
    fs::set_permissions(place.path("repo/.local/state/crashcart/trust.json"), fs::Permissions::from_mode(0o600))
        .unwrap();
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(place.path("repo")).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
        assert!(command.output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    let at_home = |arguments: &[&str]| {
        let mut command = Command::new(CRASHCART);
        command.args(arguments).current_dir(place.path("repo")).env_clear().env("HOME", place.path("repo"));
        let output = command.env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).output().unwrap();
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    };
    let text = at_home(&["status"]);
    assert!(text.contains("came with the repository"), "{text}");
    let text = at_home(&["run", "x", "--yes"]);
    assert!(text.contains("came with the repository"), "{text}");
    assert_eq!(place.ran(), BTreeSet::new());
    // Whoever keeps a home in git and tracks none of it owns it.
    git(&["rm", "-rq", "--cached", ".config", ".local"]);
    at_home(&["status"]);
    assert_eq!(place.ran(), ["own".to_owned()].into());
}

#[test]
fn a_pipe_or_a_device_in_place_of_a_file_is_refused_without_waiting() {
    let place = Place::new();
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    place.write("repo/crashcart.toml", "[sources.x]\nprovider = \"x\"\n[[services]]\nname = \"a\"\n");
    pipe(&place.path("repo/providers/x.toml"));
    let ran = place.run(&["trust", "--list"]);
    assert!(ran.code == Some(2) && ran.text.contains("it is not a file"), "{}", ran.text);
    fs::remove_file(place.path("repo/providers/x.toml")).unwrap();
    pipe(&place.path("repo/runbooks/x.md"));
    let ran = place.run(&["runbooks"]);
    assert!(ran.text.contains("it is not a file"), "{}", ran.text);
}
