//! `crashcart init` from outside: what it writes, what it never writes over, and what platforms say to credentials.

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::pty::{Start, Terminal};
use support::web::Web;
use tempfile::TempDir;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");
const RENDER: &str = "services:\n- type: web\n  name: shop\n  healthCheckPath: /up\n";

/// A home and a repository.
struct Place {
    root: TempDir,
    variables: Vec<(&'static str, String)>,
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["repo/.git", "home/.config/crashcart/providers"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let home = root.path().join("home").display().to_string();
        let variables = vec![
            ("HOME", home.clone()),
            ("XDG_CONFIG_HOME", format!("{home}/.config")),
            ("XDG_STATE_HOME", format!("{home}/.local/state")),
            ("DBUS_SESSION_BUS_ADDRESS", String::new()),
            // What runs on this machine has no say.
            ("DOCKER_HOST", "ssh://nobody".to_owned()),
            ("SYSTEMD_UNIT_PATH", "/nowhere".to_owned()),
            ("PATH", "/usr/bin:/bin".to_owned()),
        ];
        let place = Self { root, variables };
        for (path, text) in files {
            let path = place.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join("repo").join(path)
    }

    fn config(&self) -> Option<String> {
        fs::read_to_string(self.path("crashcart.toml")).ok()
    }

    /// Render, as a definition of the user's own that answers on loopback.
    fn render_at(mut self, web: &Web) -> Self {
        let text = fs::read_to_string("assets/providers/render.toml").unwrap();
        let own = text.replace("https://api.render.com/v1", &web.url("/v1"));
        assert_ne!(own, text);
        fs::write(self.root.path().join("home/.config/crashcart/providers/render.toml"), own).unwrap();
        self.variables.push(("RENDER_API_KEY", "rnd_abcdefghijklmnop".to_owned()));
        self
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(CRASHCART)
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

#[test]
fn without_a_terminal_it_writes_only_when_that_was_said() {
    let place = Place::new(&[("render.yaml", RENDER)]);
    let ran = place.run(&["init"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("no terminal") && ran.err.contains("--yes"), "{}", ran.err);
    for quiet in [&["init", "--dry-run", "--offline"][..], &["init", "--json", "--offline"]] {
        assert_eq!(place.run(quiet).code, Some(0));
    }
    assert_eq!(place.run(&["--read-only", "init", "--yes"]).code, Some(2));
    assert_eq!(place.config(), None);

    let ran = place.run(&["init", "--yes", "--offline"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("Render: shop") && ran.out.contains("render.yaml:3"), "{}", ran.out);
    let config = place.config().unwrap();
    assert!(config.contains("healthCheckPath") || config.contains("https://shop.onrender.com/up"), "{config}");
    let loaded = place.run(&["--verbose", "trust", "--list"]);
    assert_eq!((loaded.code, loaded.err.as_str()), (Some(1), ""), "it loads, and waits for trust: {}", loaded.out);
}

#[test]
fn what_is_there_is_not_written_over_unseen() {
    let place = Place::new(&[("render.yaml", RENDER)]);
    let yes = ["init", "--yes", "--offline"];
    assert_eq!(place.run(&yes).code, Some(0));
    let ran = place.run(&yes);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("says this already"), "{}", ran.out);

    let mine = place.config().unwrap().replace("confirm = \"key\"", "confirm = \"name\" # mine");
    fs::write(place.path("crashcart.toml"), &mine).unwrap();
    let ran = place.run(&yes);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("- confirm = \"name\" # mine") && ran.err.contains("+ confirm = \"key\""), "{}", ran.err);
    assert!(ran.out.contains("--replace"), "{}", ran.out);
    assert_eq!(place.config().unwrap(), mine);

    let ran = place.run(&["init", "--yes", "--offline", "--replace"]);
    assert!(ran.code == Some(0) && ran.err.contains("- confirm = \"name\" # mine"), "{}", ran.err);
    assert!(!place.config().unwrap().contains("mine"));

    fs::remove_file(place.path("crashcart.toml")).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", place.path("crashcart.toml")).unwrap();
    let ran = place.run(&["init", "--yes", "--offline", "--replace"]);
    assert!(ran.code == Some(2) && ran.err.contains("no plain file"), "{}", ran.err);
}

#[test]
fn json_has_the_evidence_and_the_configuration() {
    let place =
        Place::new(&[("api/fly.toml", "app = 'api'\n[http_service]\n"), ("package.json", r#"{"name": "acme"}"#)]);
    let login = place.root.path().join("home/.fly/config.yml");
    fs::create_dir_all(login.parent().unwrap()).unwrap();
    fs::write(login, "access_token: fo1_Zm9vYmFyYmF6cXV4\n").unwrap();
    let ran = place.run(&["init", "--json", "--offline"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["logged_in"][0]["place"], "~/.fly/config.yml");
    assert!(document["config"].as_str().unwrap().contains("The login of its own tool is used: ~/.fly/config.yml."));
    assert!(!ran.out.contains("fo1_Zm9vYmFyYmF6cXV4"), "what is in it is nobody's business");
    let fly = document["recognised"].as_array().unwrap().iter().find(|it| it["provider"] == "fly").unwrap();
    assert_eq!((&fly["path"], &fly["line"], &fly["kind"]), (&"api/fly.toml".into(), &1.into(), &"platform".into()));
    assert!(document["config"].as_str().unwrap().contains("name = \"acme\""));
    assert_eq!((&document["written"], &document["exists"]), (&false.into(), &false.into()));
}

#[test]
fn a_platform_that_left_no_trace_can_be_named_and_an_unknown_one_is_refused() {
    let place = Place::new(&[("Dockerfile", "FROM scratch\n")]);
    let ran = place.run(&["init", "--dry-run", "--offline", "--platform", "heroku"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(
        ran.out.contains("[sources.heroku]") && ran.out.contains("# release = { source = \"heroku\""),
        "{}",
        ran.out
    );
    let ran = place.run(&["init", "--dry-run", "--platform", "herokku"]);
    assert!(ran.code == Some(2) && ran.err.contains("did you mean `heroku`?"), "{}", ran.err);
    let ran = place.run(&["init", "--dry-run", "nowhere"]);
    assert!(ran.code == Some(2) && ran.err.contains("cannot look into"), "{}", ran.err);
}

#[test]
fn what_a_platform_says_to_a_credential_is_told_by_what_to_do() {
    let web = Web::start();
    // The address that follows from the name is nobody's business here: a worker has none.
    let place = Place::new(&[("render.yaml", "services:\n- {type: worker, name: mailer}\n")]).render_at(&web);
    for (status, body, says) in [
        (200, r#"{"email": "kim@acme.dev", "name": "Kim"}"#, "Render: the credential is that of "),
        (401, r#"{"message": "Unauthorized"}"#, "the credential is not accepted"),
        (403, r#"{"message": "no"}"#, "the credential may not do this"),
        (500, "oops", "the system is in trouble itself"),
    ] {
        web.answer(status, body);
        let ran = place.run(&["init", "--json"]);
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        let seen = document["seen"].to_string();
        assert!(ran.code == Some(0) && seen.contains(says), "{status}: {seen}");
        assert!(!ran.out.contains("rnd_abcdefghijklmnop"), "no secret is shown");
        let config = document["config"].as_str().unwrap();
        assert!(config.contains("The login of its own tool is used: RENDER_API_KEY."), "{config}");
    }
}

#[test]
fn a_person_is_asked_for_what_cannot_be_known() {
    let web = Web::start();
    web.answer(200, r#"{"email": "kim@acme.dev", "name": "Kim"}"#);
    let place = Place::new(&[("render.yaml", "services:\n- {type: worker, name: shop}\n")]).render_at(&web);
    let start = Start {
        size: (120, 60),
        environment: place.variables.iter().map(|(name, value)| (*name, value.clone())).collect(),
        ..Start::default()
    };
    let folder = place.path("").display().to_string();
    let mut terminal = Terminal::spawn(CRASHCART, ["init", &folder], &start);
    terminal.wait_for("shop: service id");
    let screen = terminal.screen();
    assert!(screen.contains("the credential is that of"), "{screen}");
    terminal.type_text("srv-1\r");
    // A worker answers nobody: where it does is not asked.
    terminal.wait_for("Who is called first? A name");
    terminal.type_text("Kim\r");
    terminal.wait_for("telephone");
    terminal.type_text("+49 30 901820\r");
    terminal.wait_for("e-mail");
    terminal.type_text("\r");
    terminal.wait_for("Write this to");
    terminal.type_text("y\r");
    terminal.wait_for("is written.");
    assert_eq!(terminal.exit_code(), 0);
    let config = place.config().unwrap();
    for part in ["service = \"srv-1\"", "name = \"Kim\"", "phone = \"+49 30 901820\""] {
        assert!(config.contains(part), "no {part} in\n{config}");
    }
    assert_eq!(place.run(&["trust", "--list"]).code, Some(0), "who has read it and said yes is not asked again");
}

#[test]
fn an_address_is_tried_and_whoever_git_knows_is_called_and_enter_writes_it() {
    let web = Web::start();
    let place = Place::new(&[("README.md", "")]);
    let name = "[user]\n\tname = Kim Doe\n\temail = kim@acme.dev\n";
    fs::write(place.root.path().join("home/.gitconfig"), name).unwrap();
    let start = Start {
        size: (120, 60),
        environment: place.variables.iter().map(|(name, value)| (*name, value.clone())).collect(),
        ..Start::default()
    };
    let folder = place.path("").display().to_string();
    let mut terminal = Terminal::spawn(CRASHCART, ["init", &folder], &start);
    terminal.wait_for("where does it answer?");
    terminal.type_text(&format!("{}\r", web.url("")));
    terminal.wait_for(&format!("{}/health answers", web.url("")));
    terminal.wait_for("Enter: Kim Doe");
    terminal.type_text("\r");
    terminal.wait_for("telephone");
    terminal.type_text("\r");
    terminal.wait_for("Write this to");
    // What it would do stands right above the question, however long the file is.
    let screen = terminal.screen();
    assert!(screen.contains(&format!("contact GET {}/health", web.url(""))), "{screen}");
    terminal.type_text("\r");
    terminal.wait_for("is written.");
    assert_eq!(terminal.exit_code(), 0);
    let config = place.config().unwrap();
    for part in ["/health\", every", "name = \"Kim Doe\"", "email = \"kim@acme.dev\""] {
        assert!(config.contains(part), "no {part} in\n{config}");
    }
}

#[test]
fn a_console_in_a_repository_without_a_configuration_says_what_it_is() {
    let place = Place::new(&[("fly.toml", "app = 'shop'\n")]);
    let start = Start {
        size: (150, 30),
        environment: place.variables.iter().map(|(name, value)| (*name, value.clone())).collect(),
        ..Start::default()
    };
    let folder = place.path("").display().to_string();
    let script = format!("cd '{folder}' && exec '{CRASHCART}'");
    let mut terminal = Terminal::spawn("/bin/sh", ["-c", &script], &start);
    terminal.wait_for("fly (fly.toml:1)");
    terminal.type_text("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_unit_of_this_machine_that_runs_the_folder_is_its_service() {
    let place = Place::new(&[("server.js", "")]);
    let units = place.root.path().join("units");
    fs::create_dir(&units).unwrap();
    let unit = format!("[Service]\nWorkingDirectory={}\nExecStart=/usr/bin/node server.js\n", place.path("").display());
    fs::write(units.join("shop.service"), unit).unwrap();
    let mut place = place;
    place.variables.retain(|(name, _)| *name != "SYSTEMD_UNIT_PATH");
    place.variables.push(("SYSTEMD_UNIT_PATH", units.display().to_string()));
    let ran = place.run(&["init", "--yes", "--offline"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let config = place.config().unwrap();
    for part in [
        "journalctl -f -n 100 -o cat -u shop.service",
        "\"is-active\", \"--quiet\", \"shop.service\"",
        "name = \"restart\"",
    ] {
        assert!(config.contains(part), "no {part} in\n{config}");
    }
    let shown = place.run(&["trust", "--list"]);
    assert!(shown.out.contains("systemctl restart shop.service"), "what it could do is shown: {}", shown.out);
}
