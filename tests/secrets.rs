//! Secrets from outside: typed into a real terminal, kept in a real keyring, in the kernel and in a file, and never shown.

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::pty::{Start, Terminal, contains};
use support::require;
use support::servers::keyring::{Has, SessionBus};
use support::servers::{DEADLINE, find, or_skip, until};
use tempfile::TempDir;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");
const TOKEN: &str = "fo1_Zm9vYmFyYmF6cXV4";
const PASSPHRASE: &str = "correct horse battery";

/// A home, a working directory and an environment of their own.
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
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| {
            let path = root.path().join(name);
            fs::create_dir_all(&path).unwrap();
            path.to_str().unwrap().to_owned()
        };
        path("repo/.git");
        let variables = vec![
            ("HOME", path("home")),
            ("XDG_CONFIG_HOME", path("home/.config")),
            ("XDG_STATE_HOME", path("home/.local/state")),
            ("XDG_RUNTIME_DIR", path("run")),
            // As good as none, and not that of the desktop on which the tests run.
            ("DBUS_SESSION_BUS_ADDRESS", String::new()),
            ("SSH_CONNECTION", String::new()),
            ("SSH_TTY", String::new()),
            ("PATH", support::environment("PATH").unwrap_or_default()),
        ];
        Self { root, variables }
    }

    /// A place on a session bus.
    fn on(bus: &SessionBus) -> Self {
        let place = Self::new();
        bus.environment().into_iter().fold(place, |place, (name, value)| place.with(name, value))
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.into()));
        self
    }

    /// A place whose store has been made, with the token in it.
    fn with_store() -> Self {
        let place = Self::new();
        let mut terminal = place.terminal(&["secret", "set", "fly", "--store"]);
        answer(&terminal, "New passphrase (not shown): ", PASSPHRASE);
        answer(&terminal, "The same again (not shown): ", PASSPHRASE);
        answer(&terminal, "Secret fly (not shown): ", TOKEN);
        terminal.wait_for("fly is in the encrypted store");
        assert!(terminal.wait_exit().success());
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path("home/.config/crashcart/secrets.age")
    }

    fn config(&self, text: &str) {
        fs::create_dir_all(self.path("home/.config/crashcart")).unwrap();
        fs::write(self.path("home/.config/crashcart/crashcart.toml"), text).unwrap();
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.path("repo"));
        command
    }

    /// Runs without a terminal: not even one that could be opened.
    fn run(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command("setsid");
        finish(command.arg("--wait").arg(CRASHCART).args(arguments), input)
    }

    fn terminal(&self, arguments: &[&str]) -> Terminal {
        self.terminal_of(CRASHCART, arguments)
    }

    fn terminal_of(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Terminal {
        let start = Start { environment: self.variables.clone(), size: (160, 30), ..Start::default() };
        Terminal::spawn(program, arguments, &start)
    }

    fn list(&self) -> Value {
        let ran = self.run(&["secret", "list", "--json"], "");
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", ran.out, ran.err))
    }

    /// Returns what `list` says about the first secret.
    fn state(&self) -> String {
        self.list()["secrets"][0]["state"].as_str().unwrap().to_owned()
    }

    /// Returns whether the kernel keeps anything here, or says that the test is skipped.
    #[track_caller]
    fn unlocked(&self, lasting: &str) -> bool {
        let ran = self.run(&["secret", "unlock", "--for", lasting], PASSPHRASE);
        if ran.err.contains("the store cannot stay open") {
            require("keyring", &format!("the kernel keeps no keys here: {}", ran.err));
            return false;
        }
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        true
    }
}

fn finish(command: &mut Command, input: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may end before it has read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    #[track_caller]
    fn good(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    #[track_caller]
    fn says(&self, code: i32, text: &str) {
        assert_eq!(self.code, Some(code), "out: {}\nerr: {}", self.out, self.err);
        assert!(self.err.contains(text), "{text:?} is not in:\n{}", self.err);
    }
}

/// Types an answer once it is asked for.
fn answer(terminal: &Terminal, question: &str, text: &str) {
    terminal.wait_for_bytes(question.as_bytes());
    terminal.type_text(&format!("{text}\r"));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

const FLY_IN_THE_STORE: &str = "[sources.fly]\nprovider = \"fly\"\ntoken = { store = \"fly\" }\n";

#[test]
fn a_secret_is_typed_unseen_and_kept_in_a_store_that_is_made_for_it() {
    let place = Place::new();
    let mut terminal = place.terminal(&["secret", "set", "fly"]);
    answer(&terminal, "New passphrase (not shown): ", PASSPHRASE);
    answer(&terminal, "The same again (not shown): ", PASSPHRASE);
    answer(&terminal, "Secret fly (not shown): ", TOKEN);
    let screen = terminal.wait_for("token = { store = \"fly\" }");
    assert!(screen.contains("there is no session bus here"), "it says why it is the store:\n{screen}");
    assert!(terminal.wait_exit().success());
    terminal.assert_given_back();
    for secret in [TOKEN, PASSPHRASE] {
        assert!(!contains(&terminal.bytes(), secret.as_bytes()), "it was shown:\n{screen}");
    }
    assert_eq!(mode(&place.store()), 0o600);
    assert_eq!(mode(place.store().parent().unwrap()), 0o700);
    let kept = fs::read(place.store()).unwrap();
    assert!(!contains(&kept, TOKEN.as_bytes()) && !contains(&kept, b"fly"));
}

#[test]
fn the_age_tool_opens_the_store_without_us() {
    let Some(age) = or_skip("keyring", find("age").ok_or_else(|| "age is not installed".to_owned())) else { return };
    let place = Place::with_store();
    let mut terminal = place.terminal_of(age, &["-d", place.store().to_str().unwrap()]);
    terminal.wait_for("Enter passphrase");
    terminal.type_text(&format!("{PASSPHRASE}\r"));
    terminal.wait_for(&format!("{{\"version\":1,\"secrets\":{{\"fly\":\"{TOKEN}\"}}}}"));
    assert!(terminal.wait_exit().success());
}

#[test]
fn who_changes_their_mind_changes_nothing_and_gets_the_terminal_back() {
    let place = Place::new();
    for (keys, says) in [
        ("\x03", "cancelled; nothing has changed"),
        ("short\r", "a passphrase has at least 8 characters"),
        ("-----BEGIN KEY-----\rMIIEvQ\rtouch pasted\r", "more than one line was pasted"),
        ("\r", "what was typed cannot be used: it is empty"),
    ] {
        let mut terminal = place.terminal(&["secret", "set", "fly", "--store"]);
        terminal.wait_for_bytes(b"New passphrase (not shown): ");
        terminal.type_text(keys);
        terminal.wait_for(says);
        assert!(!terminal.wait_exit().success());
        terminal.assert_given_back();
        assert!(!place.store().exists(), "after {keys:?}");
    }
    let mut terminal = place.terminal(&["secret", "set", "fly", "--store"]);
    answer(&terminal, "New passphrase (not shown): ", PASSPHRASE);
    answer(&terminal, "The same again (not shown): ", "correct horse batterie");
    terminal.wait_for("the two passphrases differ");
    assert!(!terminal.wait_exit().success());
    assert!(!place.store().exists());
}

#[test]
fn a_store_opened_in_one_process_is_open_in_others_until_it_is_closed() {
    let place = Place::with_store();
    place.config(FLY_IN_THE_STORE);
    let ran = place.run(&["secret", "list"], "");
    ran.says(3, "");
    assert!(ran.out.contains("locked") && ran.out.contains("hint: run crashcart secret unlock"), "{}", ran.out);

    if !place.unlocked("1h") {
        return;
    }
    let text = place.run(&["secret", "list"], "").good();
    assert!(text.contains("store entry fly  found      sources.fly.token"), "{text}");
    assert!(text.contains("is open for another"), "{text}");
    // The kernel itself counts: nothing of ours has to be running.
    let keys = fs::read_to_string("/proc/keys").unwrap();
    let ours: Vec<&str> = keys.lines().filter(|line| line.contains("crashcart:store:")).collect();
    assert!(
        ours.iter().any(|line| line.contains(" 59m ") || line.contains(" 60m ") || line.contains(" 1h ")),
        "{keys}"
    );

    // What is put in while it is open needs no passphrase.
    let told = place.run(&["secret", "set", "sentry", "--store"], "sntrys_0123456789\n").good();
    assert!(told.contains("sentry is in the encrypted store") && !told.contains("is locked"), "{told}");
    assert_eq!(place.list()["secrets"].as_array().unwrap().len(), 2);

    assert_eq!(place.run(&["secret", "lock"], "").good(), "The store is locked.\n");
    assert_eq!(place.state(), "locked");
    assert_eq!(place.run(&["secret", "lock"], "").good(), "The store was locked already.\n");
}

#[test]
fn the_kernel_forgets_the_passphrase_when_its_time_is_over() {
    let place = Place::with_store();
    place.config(FLY_IN_THE_STORE);
    if !place.unlocked("1s") {
        return;
    }
    until(DEADLINE, || (place.state() == "locked").then_some(())).expect("it is locked in the end");
}

#[test]
fn a_session_that_does_not_lead_to_the_users_keys_finds_the_passphrase_too() {
    let Some(keyctl) = or_skip("keyring", find("keyctl").ok_or_else(|| "keyctl is not installed".to_owned())) else {
        return;
    };
    let place = Place::with_store();
    place.config(FLY_IN_THE_STORE);
    if !place.unlocked("10m") {
        return;
    }
    // As a service of systemd has it: a keyring of its own, with nothing in it.
    let mut command = place.command(keyctl);
    command.args(["session", "crashcart-test", CRASHCART, "secret", "list", "--json"]);
    let listed: Value = serde_json::from_str(&finish(&mut command, "").out).unwrap();
    assert_eq!(listed["secrets"][0]["state"], "found", "{listed}");
    place.run(&["secret", "lock"], "").good();
}

#[test]
fn a_wrong_passphrase_and_a_file_that_is_no_store_are_one_sentence_and_change_nothing() {
    let place = Place::with_store();
    let good = fs::read(place.store()).unwrap();
    place.run(&["secret", "unlock"], "wrong horse").says(1, "this is not the passphrase of `");
    for (bytes, says) in [(&good[..good.len() / 2], "is cut short or damaged"), (b"mine", "it is no age file")] {
        fs::write(place.store(), bytes).unwrap();
        let ran = place.run(&["secret", "unlock"], PASSPHRASE);
        ran.says(1, says);
        ran.says(1, "nothing was overwritten");
        assert_eq!(fs::read(place.store()).unwrap(), bytes);
    }
    fs::rename(place.store(), place.path("elsewhere")).unwrap();
    symlink(place.path("elsewhere"), place.store()).unwrap();
    place.run(&["secret", "unlock"], PASSPHRASE).says(1, "is a symbolic link");
    fs::remove_file(place.store()).unwrap();
    place.run(&["secret", "unlock"], PASSPHRASE).says(1, "there is no store yet");
}

#[test]
fn without_a_terminal_nothing_waits_for_a_passphrase() {
    let place = Place::new();
    place.run(&["secret", "set", "fly", "--store"], TOKEN).says(2, "no terminal to ask for a new passphrase");
    let place = Place::with_store();
    place.run(&["secret", "set", "fly", "--store"], TOKEN).says(2, "run crashcart secret unlock first");
    place.run(&["secret", "rm", "fly"], "").says(2, "run crashcart secret unlock first");
    place.run(&["secret", "set", "fly", "--file", "x"], "").says(2, "nothing came from standard input");
}

#[test]
fn a_secret_given_as_an_argument_is_refused_and_not_repeated() {
    let ran = Place::new().run(&["secret", "set", "fly", TOKEN], "");
    ran.says(2, "a secret is never an argument");
    assert!(!ran.err.contains(TOKEN), "{}", ran.err);
}

#[test]
fn a_secret_in_a_file_is_private_and_overwrites_nothing_by_accident() {
    let place = Place::new();
    let file = place.path("repo/deep/token");
    let set = |more: &[&str]| place.run(&[&["secret", "set", "fly", "--file", "deep/token"], more].concat(), TOKEN);
    let told = set(&[]).good();
    assert!(told.contains(&format!("token = {{ file = \"{}\" }}", file.display())), "{told}");
    assert_eq!((fs::read_to_string(&file).unwrap(), mode(&file)), (format!("{TOKEN}\n"), 0o600));

    fs::write(&file, "precious").unwrap();
    set(&[]).says(1, "add --replace");
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    set(&["--replace"]).good();

    place.config(&format!("[sources.fly]\nprovider = \"fly\"\ntoken = {{ file = \"{}\" }}\n", file.display()));
    assert_eq!(place.state(), "found");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = place.run(&["secret", "list"], "");
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("refused") && ran.out.contains("hint: chmod 600"), "{}", ran.out);

    let link = place.path("repo/deep/link");
    symlink(&file, &link).unwrap();
    place.run(&["secret", "set", "x", "--file", "deep/link", "--replace"], TOKEN).says(1, "is a symbolic link");
    place.run(&["secret", "rm", "x", "--file", "deep/link"], "").says(1, "is a symbolic link");
    let told = place.run(&["secret", "rm", "fly", "--file", file.to_str().unwrap()], "").good();
    assert!(told.contains("sources.fly.token still looks for it there"), "{told}");
    assert!(!file.exists() && link.is_symlink());
}

#[test]
fn an_open_keyring_is_where_a_secret_goes_by_itself_and_other_programs_find_it_there() {
    let Some(bus) = or_skip("keyring", SessionBus::start(Has::Open)) else { return };
    let place = Place::on(&bus);
    let told = place.run(&["secret", "set", "fly"], &format!("{TOKEN}\n")).good();
    assert!(told.starts_with("fly is in the keyring.") && told.contains("token = { keyring = \"fly\" }"), "{told}");
    assert_eq!(bus.look_up("fly").as_deref(), Some(TOKEN));
    assert_eq!(bus.look_up("(trial)").as_deref(), Some(""));
    assert!(!place.store().exists());

    place.config("[sources.fly]\nprovider = \"fly\"\ntoken = { keyring = \"fly\" }\n");
    let text = place.run(&["secret", "list"], "").good();
    assert_eq!(text, "keyring entry fly  found      sources.fly.token\n");

    // The same name in another place is said.
    let told = place.run(&["secret", "set", "fly", "--file", "token"], TOKEN).good();
    assert!(told.contains("sources.fly.token looks elsewhere: in the keyring entry fly."), "{told}");

    let told = place.run(&["secret", "rm", "fly"], "").good();
    assert_eq!(told, "fly is no longer in the keyring.\nsources.fly.token still looks for it there.\n");
    assert_eq!(bus.look_up("fly").as_deref(), Some(""));
    let ran = place.run(&["secret", "list"], "");
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("missing") && ran.out.contains("crashcart secret set fly --keyring"), "{}", ran.out);
    place.run(&["secret", "rm", "fly"], "").says(1, "there is no secret fly");
}

#[test]
fn a_keyring_that_gets_locked_is_told_from_one_without_the_secret() {
    let Some(bus) = or_skip("keyring", SessionBus::start(Has::Open)) else { return };
    let place = Place::on(&bus);
    place.run(&["secret", "set", "fly"], TOKEN).good();
    place.config("[sources.fly]\nprovider = \"fly\"\ntoken = { keyring = \"fly\" }\n");
    bus.lock();
    let listed = place.list();
    assert_eq!(listed["secrets"][0]["state"], "locked", "{listed}");
    assert_eq!(listed["keyring"]["usable"], false);
}

#[test]
fn where_no_keyring_works_the_store_takes_its_place_and_the_reason_is_said() {
    let cannot = |place: &Place, why: &str| {
        // Without a terminal it stops at the passphrase, and has said why it came there.
        let ran = place.run(&["secret", "set", "fly"], TOKEN);
        ran.says(2, &format!("The keyring cannot be used ({why}): fly goes into the store."));
        place.run(&["secret", "set", "fly", "--keyring"], TOKEN).says(1, why);
    };
    cannot(&Place::new(), "there is no session bus here");
    cannot(&Place::new().with("SSH_CONNECTION", "::1 1 ::1 22"), "there is no session bus in this SSH session");
    let dead = Place::new().with("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus");
    cannot(&dead, "the session bus does not answer");
    let Some(bus) = or_skip("keyring", SessionBus::start(Has::Nothing)) else { return };
    cannot(&Place::on(&bus), "there is no secret service on the session bus");
    let Some(bus) = or_skip("keyring", SessionBus::start(Has::Locked)) else { return };
    cannot(&Place::on(&bus), "it is locked, and nobody answered its question for the password");
}

#[test]
fn a_keyring_that_asks_in_a_window_that_nobody_sees_holds_up_nobody() {
    let Some(bus) = or_skip("keyring", SessionBus::start(Has::Silent)) else { return };
    let place = Place::on(&bus);
    place.run(&["secret", "set", "fly"], TOKEN).good();
    place.config(
        "[sources.fly]\nprovider = \"fly\"\ntoken = { keyring = \"fly\" }\n[sources.b]\nprovider = \"x\"\ntoken = { env = \"HOME\" }\n",
    );
    bus.lock();
    let begun = Instant::now();
    let listed = place.list();
    assert!(begun.elapsed() < Duration::from_secs(20), "it took {:?}", begun.elapsed());
    let states: Vec<&str> =
        listed["secrets"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["no answer", "found"], "{listed}");
}

#[test]
fn a_strangers_file_runs_no_password_manager_until_it_is_trusted() {
    let place = Place::new();
    let ran = place.path("repo/ran");
    let config = format!(
        "[sources.fly]\nprovider = \"fly\"\ntoken = {{ command = \"echo x > {}; echo {TOKEN}\" }}\n",
        ran.display()
    );
    fs::write(place.path("repo/crashcart.toml"), config).unwrap();
    let listed = place.run(&["secret", "list"], "");
    assert_eq!(listed.code, Some(3));
    assert!(listed.out.contains("not asked") && listed.out.contains("crashcart trust"), "{}", listed.out);
    assert!(!ran.exists());
    assert!(place.run(&["trust", "--yes"], "").out.contains("(for sources.fly.token)"));
    assert_eq!(place.state(), "found");
    assert!(ran.exists());
}

#[test]
fn nothing_that_is_printed_or_left_behind_holds_a_secret() {
    let place = Place::with_store();
    let script = format!("echo {} | tr a-z n-za-m; echo stderr >&2", "fb1_Mz9iLzSlLzS6pKI4");
    place.config(&format!(
        "{FLY_IN_THE_STORE}[sources.a]\nprovider = \"x\"\ntoken = {{ env = \"TOKEN\" }}\n\
         [sources.b]\nprovider = \"x\"\ntoken = {{ command = \"{script}\" }}\n\
         [sources.c]\nprovider = \"x\"\ntoken = {{ command = \"{script}; exit 3\" }}\n\
         [sources.d]\nprovider = \"x\"\ntoken = {{ file = \"{}\" }}\n",
        place.path("home/open").display()
    ));
    let place = place.with("TOKEN", TOKEN);
    fs::write(place.path("home/open"), TOKEN).unwrap();
    let unlocked = place.unlocked("10m");
    let mut outputs = Vec::new();
    for arguments in [
        &["secret", "list"][..],
        &["secret", "list", "--json", "--verbose"],
        &["secret", "set", "other", "--file", "kept"],
        &["secret", "set", "fly", "--store"],
        &["secret", "rm", "nothing"],
        &["trust", "--list"],
        &["status", "--json"],
        &["secret", "lock"],
    ] {
        let ran = place.run(arguments, TOKEN);
        outputs.push((arguments.join(" "), ran.out + &ran.err));
    }
    let words = ["fo1_", "Zm9vYmFy", PASSPHRASE];
    for (arguments, output) in &outputs {
        for word in words {
            assert!(!output.contains(word), "`{arguments}` shows {word}:\n{output}");
        }
    }
    assert!(outputs[0].1.contains("command") && (!unlocked || outputs[0].1.contains("store entry fly")), "{outputs:?}");
    let left = files_under(&place.path("home"));
    assert!(left.iter().any(|path| path.ends_with("secrets.age")), "{left:?}");
    for path in left.iter().filter(|path| !path.ends_with("open")) {
        let bytes = fs::read(path).unwrap();
        assert!(words.iter().all(|word| !contains(&bytes, word.as_bytes())), "{} holds a secret", path.display());
    }
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_under(&path) } else { vec![path] }).collect()
}
