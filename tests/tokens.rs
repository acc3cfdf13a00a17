//! A token from the keyboard to the console: typed where `crashcart init` asks, tried, kept, and found again.

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use support::pty::{Start, Terminal, contains};
use support::servers::keyring::{Has, SessionBus};
use support::servers::or_skip;
use support::web::Web;
use tempfile::TempDir;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");
const WRONG: &str = "rnd_wrongwrongwrongwrong";
const RIGHT: &str = "rnd_rightrightrightright";
const KIM: &str = r#"{"email": "kim@acme.dev", "name": "Kim"}"#;
const APPS: &str = r#"[{"service": {"id": "srv-1", "name": "other", "type": "background_worker"}},
    {"service": {"id": "srv-7", "name": "shop", "type": "background_worker"}}]"#;

/// A home, a repository that Render runs, and a Render on loopback.
struct Place {
    root: TempDir,
    web: Web,
    variables: Vec<(&'static str, String)>,
}

impl Place {
    fn new(more: &[(&'static str, String)]) -> Self {
        let (root, web) = (tempfile::tempdir().unwrap(), Web::start());
        for folder in ["repo/.git", "home/.config/crashcart/providers"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let home = root.path().join("home").display().to_string();
        let definition = fs::read_to_string("assets/providers/render.toml").unwrap();
        let own = definition.replace("https://api.render.com/v1", &web.url("/v1"));
        fs::write(root.path().join("home/.config/crashcart/providers/render.toml"), own).unwrap();
        fs::write(root.path().join("repo/render.yaml"), "services:\n- {type: worker, name: shop}\n").unwrap();
        let mut variables = vec![
            ("HOME", home.clone()),
            ("XDG_CONFIG_HOME", format!("{home}/.config")),
            ("XDG_STATE_HOME", format!("{home}/.local/state")),
            ("XDG_RUNTIME_DIR", home),
            ("DBUS_SESSION_BUS_ADDRESS", String::new()),
            // What runs on this machine has no say.
            ("DOCKER_HOST", "ssh://nobody".to_owned()),
            ("SYSTEMD_UNIT_PATH", "/nowhere".to_owned()),
            ("PATH", support::environment("PATH").unwrap_or_default()),
        ];
        for (name, value) in more {
            variables.retain(|(known, _)| known != name);
            variables.push((name, value.clone()));
        }
        web.answer_at("/v1/users", 401, r#"{"message": "Unauthorized"}"#);
        web.answer_at("/v1/services?", 200, APPS);
        web.answer_at("/v1/services/srv-7/deploys", 200, "[]");
        Self { root, web, variables }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn init(&self) -> Terminal {
        let start = Start {
            size: (110, 50),
            environment: self.variables.iter().map(|(name, value)| (*name, value.clone())).collect(),
            ..Start::default()
        };
        let folder = self.path("repo").display().to_string();
        Terminal::spawn(CRASHCART, ["init", &folder], &start)
    }

    fn doctor(&self) -> String {
        let output = Command::new(CRASHCART)
            .args(["doctor", "--json"])
            .current_dir(self.path("repo"))
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn config(&self) -> Option<String> {
        fs::read_to_string(self.path("repo/crashcart.toml")).ok()
    }

    /// Whether a request with this token arrived.
    fn was_sent(&self, token: &str) -> bool {
        let wanted = format!("authorization: bearer {token}").to_lowercase();
        self.web.heads().iter().any(|head| head.to_lowercase().contains(&wanted))
    }
}

/// Neither on the screen nor above it, nor in any file below the folder.
fn assert_unseen(place: &Place, terminal: &Terminal, token: &str) {
    assert!(!contains(&terminal.bytes(), token.as_bytes()), "the token was shown: {}", terminal.screen());
    let mut folders = vec![place.path("")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if let Ok(bytes) = fs::read(entry.path()) {
                assert!(!contains(&bytes, token.as_bytes()), "it lies in {}", entry.path().display());
            }
        }
    }
}

/// Answers what is asked behind the token.
fn finish(terminal: &mut Terminal) {
    terminal.wait_for("Who is called first?");
    terminal.type_text("\r");
    terminal.wait_for("Write this to");
    terminal.type_text("\r");
    terminal.wait_for("is written.");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_wrong_token_is_asked_for_again_and_the_right_one_is_kept_in_the_keyring_and_found_again() {
    let Some(bus) = or_skip("keyring", SessionBus::start(Has::Open)) else { return };
    let place = Place::new(&bus.environment());
    let mut terminal = place.init();
    terminal.wait_for("Enter: later (not shown):");
    terminal.type_text(&format!("{WRONG}\r"));
    terminal.wait_for("the credential is not accepted");
    place.web.answer_at("/v1/users", 200, KIM);
    terminal.wait_until("the question once more", |screen| screen.matches("Enter: later (not shown):").count() == 2);
    // As a terminal pastes it where the shell has asked for that.
    terminal.type_text(&format!("\x1b[200~{RIGHT}\x1b[201~\r"));
    terminal.wait_for("the credential is that of kim@acme.dev");
    terminal.wait_for("It is kept: keyring entry render.");
    // Nobody is asked for an id that the platform knows.
    terminal.wait_for("shop is shop there (srv-7)");
    finish(&mut terminal);
    terminal.assert_given_back();
    assert!(place.was_sent(WRONG) && place.was_sent(RIGHT), "both were tried");
    for token in [WRONG, RIGHT] {
        assert_unseen(&place, &terminal, token);
    }
    assert_eq!(bus.look_up("render").as_deref(), Some(RIGHT), "only the right one is kept");
    let config = place.config().unwrap();
    assert!(config.contains("token = { keyring = \"render\" }") && config.contains("service = \"srv-7\""), "{config}");
    let doctor = place.doctor();
    assert!(doctor.contains("it is kim@acme.dev"), "{doctor}");
}

#[test]
fn without_a_keyring_it_goes_into_the_encrypted_store() {
    let place = Place::new(&[]);
    place.web.answer_at("/v1/users", 200, KIM);
    let mut terminal = place.init();
    terminal.wait_for("Enter: later (not shown):");
    terminal.type_text(&format!("{RIGHT}\r"));
    for question in ["New passphrase (not shown): ", "The same again (not shown): "] {
        terminal.wait_for(question);
        terminal.type_text("correct horse battery\r");
    }
    terminal.wait_for("It is kept: store entry render.");
    // The store is locked, and what was typed is still at hand.
    terminal.wait_for("shop is shop there (srv-7)");
    finish(&mut terminal);
    terminal.wait_for("crashcart secret unlock");
    assert_unseen(&place, &terminal, RIGHT);
    assert_unseen(&place, &terminal, "correct horse battery");
    assert!(place.config().unwrap().contains("token = { store = \"render\" }"));
    assert!(place.path("home/.config/crashcart/secrets.age").is_file());
}

#[test]
fn whoever_leaves_at_the_token_leaves_nothing_behind() {
    let place = Place::new(&[]);
    let mut terminal = place.init();
    terminal.wait_for("Enter: later (not shown):");
    terminal.type_text("rnd_halfway\x03");
    assert_ne!(terminal.exit_code(), 0);
    terminal.assert_given_back();
    assert!(terminal.screen().contains("no configuration was written"), "{}", terminal.screen());
    assert_eq!(place.config(), None);
    assert_unseen(&place, &terminal, "rnd_halfway");
    assert!(!place.path("home/.config/crashcart/secrets.age").exists());
}

#[test]
fn whoever_skips_the_token_is_told_how_to_bring_it_later() {
    let place = Place::new(&[]);
    let mut terminal = place.init();
    terminal.wait_for("Enter: later (not shown):");
    terminal.type_text("\r");
    terminal.wait_for("Later: crashcart secret set render");
    terminal.wait_for("shop: service id");
    terminal.type_text("\r");
    finish(&mut terminal);
    assert!(place.config().unwrap().contains("# token = { keyring = \"render\" }"));
}

#[test]
fn what_is_wrong_is_told_by_what_to_do_about_it() {
    for (status, says) in
        [(403, "the credential may not do this"), (429, "asked too often"), (500, "the system is in trouble itself")]
    {
        let place = Place::new(&[]);
        place.web.answer_at("/v1/users", status, "{}");
        let terminal = place.init();
        terminal.wait_for("Enter: later (not shown):");
        terminal.type_text(&format!("{RIGHT}\r"));
        terminal.wait_for(says);
        terminal.wait_for("Keep it all the same? [y/N]");
        terminal.type_text("\r");
        // It was not kept, and another one may be typed.
        terminal.wait_until("the question once more", |screen| screen.matches("later (not shown):").count() == 2);
        assert_unseen(&place, &terminal, RIGHT);
    }
    let mut place = Place::new(&[]);
    let definition = place.path("home/.config/crashcart/providers/render.toml");
    let text = fs::read_to_string(&definition).unwrap();
    let nobody = format!("http://{}/v1", support::fault_server::closed_port());
    fs::write(definition, text.replace(&place.web.url("/v1"), &nobody)).unwrap();
    place.variables.push(("NO_COLOR", "1".to_owned()));
    let terminal = place.init();
    terminal.wait_for("Enter: later (not shown):");
    terminal.type_text(&format!("{RIGHT}\r"));
    terminal.wait_for("unreachable");
    terminal.wait_for("Keep it all the same? [y/N]");
}

#[test]
fn a_right_token_of_another_account_is_told_by_what_it_does_not_see() {
    let place = Place::new(&[]);
    fs::remove_file(place.path("repo/render.yaml")).unwrap();
    // A platform whose file names the app: what one came for can be asked for at once.
    let definition = fs::read_to_string("assets/providers/heroku.toml").unwrap();
    let own = definition.replace("https://api.heroku.com", &place.web.url(""));
    fs::write(place.path("home/.config/crashcart/providers/heroku.toml"), own).unwrap();
    fs::write(place.path("repo/.git/config"), "[remote \"heroku\"]\n\turl = https://git.heroku.com/acme-shop.git\n")
        .unwrap();
    place.web.answer_at("/account", 200, r#"{"email": "kim@acme.dev"}"#);
    place.web.answer_at("/apps/acme-shop", 404, r#"{"id": "not_found", "message": "Couldn't find that app."}"#);
    let terminal = place.init();
    terminal.wait_for("Enter: later (not shown):");
    terminal.type_text(&format!("{RIGHT}\r"));
    terminal.wait_for("but it does not see acme-shop");
    terminal.wait_for("Is it another account's?");
    terminal.wait_for("Keep it all the same? [y/N]");
}
