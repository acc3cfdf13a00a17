//! `crashcart contacts` from outside.

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::pty::{Start, Terminal};
use tempfile::TempDir;

/// A home and a working directory of their own for each test.
struct Place {
    root: TempDir,
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("repo/.git")).unwrap();
        Self { root }
    }

    /// Where the file of contacts lies.
    fn file(&self) -> PathBuf {
        self.root.path().join("home/config/crashcart/contacts.toml")
    }

    fn with(contacts: &str) -> Self {
        let place = Self::new();
        fs::create_dir_all(place.file().parent().unwrap()).unwrap();
        fs::write(place.file(), contacts).unwrap();
        fs::set_permissions(place.file(), fs::Permissions::from_mode(0o600)).unwrap();
        place
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.root.path().join("repo").join(name), text).unwrap();
    }

    fn run_with(&self, arguments: &[&str], editor: &str, input: &str) -> Ran {
        let mut child = Command::new(env!("CARGO_BIN_EXE_crashcart"))
            .arg("contacts")
            .args(arguments)
            .current_dir(self.root.path().join("repo"))
            .env_clear()
            .env("HOME", self.root.path().join("home"))
            .env("XDG_CONFIG_HOME", self.root.path().join("home/config"))
            .env("PATH", "/usr/bin:/bin")
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .env("EDITOR", editor)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that reads nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, "false", "")
    }
}

impl Ran {
    #[track_caller]
    fn good(self) -> String {
        assert_eq!(self.code, Some(0), "out: {}\nerr: {}", self.out, self.err);
        self.out
    }

    #[track_caller]
    fn json(self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\nout: {}\nerr: {}", self.out, self.err))
    }

    #[track_caller]
    fn says(&self, code: i32, text: &str) {
        assert_eq!(self.code, Some(code), "out: {}\nerr: {}", self.out, self.err);
        let all = format!("{}{}", self.out, self.err);
        assert!(all.contains(text), "{text:?} is not in:\n{all}");
    }
}

const TEAM: &str = r##"# The team. Do not lose this comment.
[[contacts]]
name = "Sam"
phones = ["+1 415 555 2671", { number = "+1 415 555 2672", kind = "work", hours = "Mon-Fri 09:00-17:00", zone = "UTC" }]
verified = "2020-01-01"

[[contacts]]
name = "Kim"
phone = "+49 30 901820"
email = "kim@acme.com"
order = 1
escalate_after = "10m"

[[contacts]]
name = "Stripe support"
kind = "vendor"
url = "https://support.stripe.com"
account = "acct_1F9k2L3m4N5o"
services = ["stripe"]
"##;

#[test]
fn they_are_listed_in_the_order_of_escalation_with_accounts_masked() {
    let place = Place::with(TEAM);
    let text = place.run(&[]).good();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("> 1  Kim             +49 30 901820, 1 more, the next one after 10m"), "{text}");
    assert!(lines[1].starts_with("  2  Sam             +1 415 555 2671, 1 more, last made sure of "), "{text}");
    assert!(lines[2].contains("for stripe, account acct_****4N5o"), "{text}");
    assert!(place.run(&["list", "--reveal"]).good().contains("acct_1F9k2L3m4N5o"));
    let rows = place.run(&["--json"]).json();
    assert_eq!(rows[0]["name"], "Kim");
    assert_eq!(rows[0]["phones"][0]["link"], "tel:+4930901820");
    assert_eq!((&rows[2]["account"], &rows[0]["escalate_after"]), (&"acct_****4N5o".into(), &"10m".into()));
    let only = place.run(&["list", "--service", "checkout", "--json"]).json();
    assert_eq!(only.as_array().unwrap().len(), 2);
}

#[test]
fn a_broken_configuration_hides_nobody() {
    let place = Place::with("[[contacts]]\nname = \"Kim\"\nphone = \"+49 30 901820\"\n");
    place.write(
        "crashcart.toml",
        "[[contacts]]\nname = \"Noor\"\nphone = \"+31 20 123 4567\"\n\n[[services]]\nnmae = \"x\"\n",
    );
    let ran = place.run(&[]);
    ran.says(0, "crashcart.toml has 2 errors; its contacts are shown as far as they can be read");
    assert!(ran.out.contains("Kim") && ran.out.contains("Noor"), "{}", ran.out);
    place.write("crashcart.toml", [0xff, 0xfe, 0x00]);
    let ran = place.run(&[]);
    assert!(ran.out.contains("Kim") && ran.code == Some(0), "{}{}", ran.out, ran.err);
    // Nor does a mistake in their own file hide the others.
    fs::write(place.file(), "[[contacts]]\nname = \"Kim\"\nphoen = \"1\"\nphone = \"+49 30 901820\"\n").unwrap();
    let ran = place.run(&[]);
    ran.says(1, "did you mean `phone`?");
    assert!(ran.out.contains("Kim"), "{}", ran.out);
}

#[test]
fn numbers_in_a_cloned_repository_are_shown_with_a_warning() {
    let place = Place::with(TEAM);
    place.write(
        "crashcart.toml",
        "[[contacts]]\nname = \"Kim\"\nphone = \"+999\"\n[[contacts]]\nname = \"Ann\"\nphone = \"112\"\norder = 0\n\n\
         [[services]]\nname = \"shop\"\nchecks = [{ http = \"https://acme.example\" }]\n",
    );
    let ran = place.run(&[]);
    ran.says(0, "crashcart.toml is not trusted yet");
    // What one has written oneself counts, and comes first.
    assert!(ran.out.starts_with("> 1  Kim             +49 30 901820") && !ran.out.contains("+999"), "{}", ran.out);
    assert!(ran.out.lines().last().unwrap().contains("Ann"), "{}", ran.out);
}

#[test]
fn a_file_that_others_may_read_is_said_and_read_all_the_same() {
    let place = Place::with(TEAM);
    fs::set_permissions(place.file(), fs::Permissions::from_mode(0o644)).unwrap();
    let ran = place.run(&[]);
    ran.says(0, "hint: chmod 600");
    assert!(ran.out.contains("Kim"));
    place.run(&["check"]).says(1, "others on this machine may read");
}

#[test]
fn one_is_shown_by_a_piece_of_the_name() {
    let place = Place::with(TEAM);
    let text = place.run(&["show", "stripe sup"]).good();
    assert!(text.contains("account    acct_****4N5o") && text.contains("https://support.stripe.com"), "{text}");
    assert!(place.run(&["show", "stripe", "--reveal"]).good().contains("acct_1F9k2L3m4N5o"));
    place.run(&["show", "Kin"]).says(2, "did you mean `Kim`?");
    place.run(&["show", "m"]).says(2, "which one: Sam, Kim?");
    // Whoever is not in the list may be a vendor that everybody knows.
    assert!(place.run(&["show", "github"]).good().contains("https://www.githubstatus.com"));
}

/// Reads the printed characters as a camera would. Characters are light on a dark terminal.
fn camera(rows: &[&str]) -> String {
    let modules: Vec<Vec<bool>> = rows
        .iter()
        .flat_map(|row| {
            let half = |inked: &'static str| row.chars().map(|cell| !inked.contains(cell)).collect::<Vec<bool>>();
            [half("█▀"), half("█▄")]
        })
        .collect();
    decoded(&modules)
}

/// Reads modules; true is dark.
fn decoded(modules: &[Vec<bool>]) -> String {
    let (width, height) = (modules[0].len() * 4, modules.len() * 4);
    let light = |x: usize, y: usize| if modules[y / 4][x / 4] { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, light);
    image.detect_grids()[0].decode().unwrap().1
}

#[test]
fn a_phone_dials_the_picture() {
    let place = Place::with(TEAM);
    let text = place.run(&["show", "Kim", "--qr"]).good();
    let mut lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.pop(), Some("Kim: +49 30 901820"));
    assert!(lines.len() <= 20 && lines.iter().all(|line| line.chars().count() <= 40), "{text}");
    assert_eq!(camera(&lines), "tel:+4930901820");
    let text = place.run(&["show", "Kim", "--qr=vcard"]).good();
    let lines: Vec<&str> = text.lines().filter(|line| *line != "Kim").collect();
    let card = camera(&lines);
    assert!(card.starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Kim\r\n") && card.contains("+49 30 901820"), "{card}");
    place.run(&["show", "Stripe support", "--qr"]).says(2, "has no number to call");
}

/// The whole way: colours, half blocks, and a screen on which it must fit together with its caption and the shell's next line.
#[test]
fn the_picture_fits_the_smallest_screen_and_is_black_on_white_whatever_the_terminal_is() {
    let place = Place::with("[[contacts]]\nname = \"Kim\"\nphone = \"+49 171 12345678 ext. 4711\"\n");
    let home = place.root.path().join("home");
    let environment = vec![
        ("HOME", home.display().to_string()),
        ("XDG_CONFIG_HOME", home.join("config").display().to_string()),
        ("CRASHCART_CONFIG", String::new()),
    ];
    let start = Start { size: (40, 20), environment, answers: true };
    let arguments = ["contacts", "show", "Kim", "--qr"];
    let mut terminal = Terminal::spawn(env!("CARGO_BIN_EXE_crashcart"), arguments, &start);
    terminal.wait_for("ext. 4711");
    assert_eq!(terminal.exit_code(), 0, "{}", terminal.screen());
    let mut emulator = vt100::Parser::new(20.try_into().unwrap(), 40.try_into().unwrap(), 100);
    emulator.process(&terminal.bytes());
    let screen = emulator.screen();
    assert!(
        screen.cursor_position().0 < 20 && screen.contents().contains("Kim: +49 171 12345678"),
        "{}",
        screen.contents()
    );
    // Every half of every cell, as it is seen: dark where black is on top.
    let mut modules = Vec::new();
    for row in 0..20 {
        let cells: Vec<&vt100::Cell> = (0..40).filter_map(|column| screen.cell(row, column)).collect();
        let is_picture =
            |cell: &&vt100::Cell| (cell.fgcolor(), cell.bgcolor()) == (vt100::Color::Idx(16), vt100::Color::Idx(231));
        let cells: Vec<&vt100::Cell> = cells.into_iter().filter(is_picture).collect();
        if cells.is_empty() {
            continue;
        }
        for inked in ["█▀", "█▄"] {
            let dark =
                |cell: &&vt100::Cell| cell.has_contents() && cell.contents() != " " && inked.contains(cell.contents());
            modules.push(cells.iter().map(dark).collect::<Vec<bool>>());
        }
    }
    assert_eq!(decoded(&modules), "tel:+4917112345678;ext=4711");
}

#[test]
fn adding_one_touches_nothing_else_and_the_file_stays_private() {
    let place = Place::new();
    let add = ["add", "Kim", "--phone", "+49 30 901820", "--email", "kim@acme.com", "--escalate-after", "10m"];
    place.run(&add).says(0, "contacts.toml");
    let mode = fs::metadata(place.file()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let place = Place::with(TEAM);
    place
        .run(&[
            "add",
            "Noor",
            "--phone",
            "020 1234567",
            "--hours",
            "Mon-Fri 9-17",
            "--zone",
            "Europe/Amsterdam",
            "--note",
            "say \"hello\"",
        ])
        .says(0, "can only be dialled from its own country");
    let text = fs::read_to_string(place.file()).unwrap();
    assert!(text.starts_with(TEAM), "{text}");
    let noor = place.run(&["show", "Noor", "--json"]).json();
    assert_eq!(
        (&noor["phones"][0]["hours"], &noor["notes"][0]),
        (&"Mon-Fri 09:00-17:00".into(), &"say \"hello\"".into())
    );
    place.run(&["add", "Kim", "--phone", "1"]).says(2, "there is already a contact `Kim`");
    place.run(&["add", "Zoe"]).says(2, "could not be reached");
    place.run(&["add", "Zoe", "--phone", "112", "--hours", "Mon-Fri"]).says(2, "has no hours");
    place.run(&["add", &"x".repeat(61), "--phone", "112"]).says(2, "nothing was written");
    assert_eq!(fs::read_to_string(place.file()).unwrap(), text);
    fs::write(place.file(), "[[contacts]\n").unwrap();
    place.run(&["add", "Zoe", "--phone", "112"]).says(2, "has to be mended before it is changed");
}

#[test]
fn the_editor_is_asked_and_what_it_left_is_looked_at() {
    let place = Place::new();
    place.run_with(&["edit"], "true", "").says(0, "0 contacts in");
    let script = place.root.path().join("editor");
    fs::write(&script, "#!/bin/sh\n[ \"$1\" = --wait ] || exit 9\nprintf '[[contacts]]\\nname = \"Kim\"\\nphnoe = \"1\"\\n' >> \"$2\"\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let ran = place.run_with(&["edit"], &format!("{} --wait", script.display()), "");
    ran.says(2, "did you mean `phone`?");
    place.run_with(&["edit"], "false", "").says(3, "the editor `false` ended with");
}

#[test]
fn cards_come_in_and_what_is_broken_is_said_with_its_line() {
    let place = Place::with(TEAM);
    let cards = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Noor\r\nTEL;TYPE=CELL:+31 6 1234 5678\r\nnonsense\r\nPHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\n\
                 BEGIN:VCARD\r\nVERSION:2.1\r\nFN:Kim\r\nTEL:0049 30 901820\r\nTEL:+49 171 1234567\r\nEND:VCARD\r\n";
    place.write("team.vcf", cards);
    let before = fs::read_to_string(place.file()).unwrap();
    let dry = place.run(&["import", "team.vcf", "--dry-run"]);
    dry.says(1, "1 contact would be added to");
    assert_eq!(fs::read_to_string(place.file()).unwrap(), before);
    let ran = place.run(&["import", "team.vcf"]);
    ran.says(1, "team.vcf:5: `nonsense` is no property");
    assert!(ran.out.contains("Kim is there already, without +49 171 1234567"), "{}", ran.out);
    assert!(ran.out.contains("left out: 1 PHOTO"), "{}", ran.out);
    assert!(place.run(&["list"]).good().contains("+31 6 1234 5678 mobile"));
    assert!(fs::read_to_string(place.file()).unwrap().starts_with(TEAM));
    place.run_with(&["import", "-"], "", "BEGIN:VCARD\nFN:Zoe\nTEL:112\nEND:VCARD\n").says(0, "1 contact added to");
    for (file, number) in
        [("one.vcf", "+49 30 1111111"), ("two.vcf", "+49 30 2222222"), ("again.vcf", "+49 30 1111111")]
    {
        place.write(file, format!("BEGIN:VCARD\nFN:Ann\nTEL:{number}\nEND:VCARD\n"));
    }
    place.run(&["import", "one.vcf", "two.vcf", "again.vcf"]).says(0, "Ann (2)  +49 30 2222222");
    place.run(&["import", "missing.vcf"]).says(3, "cannot read `missing.vcf`");
    let told = place.run_with(&["import", "-", "--json"], "", "hello").json();
    assert_eq!((&told["problems"][0]["line"], &told["added"]), (&1.into(), &serde_json::json!([])));
}

#[test]
fn what_goes_out_comes_in_again() {
    let place = Place::with(TEAM);
    let cards = place.run(&["export"]).good();
    assert!(cards.starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Kim\r\n") && !cards.contains("acct_"), "{cards}");
    place.run(&["export", "--reveal", "--output", "team.vcf"]).says(0, "3 contacts written to team.vcf");
    for version in ["2.1", "3.0", "4.0"] {
        let cards = place.run(&["export", &format!("--vcard={version}"), "--reveal"]).good();
        assert!(
            cards.contains(&format!("VERSION:{version}\r\n")) && cards.contains("Account: acct_1F9k2L3m4N5o"),
            "{cards}"
        );
        let other = Place::new();
        other.run_with(&["import", "-"], "", &cards).says(0, "3 contacts added to");
        let rows = |place: &Place| place.run(&["export", "--json", "--reveal"]).json();
        assert_eq!(rows(&other), rows(&place), "{version}");
    }
    assert_eq!(place.run(&["export", "kim", "--json"]).json().as_array().unwrap().len(), 1);
}

#[test]
fn what_is_to_be_mended_is_found() {
    Place::new().run(&["check"]).says(1, "there are no contacts");
    let place = Place::with(TEAM);
    place.run(&["check"]).says(1, "warning: Sam: it was last made sure of ");
    let told = place.run(&["check", "--json"]).json();
    let kinds: Vec<&str> = told["findings"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["stale", "never_verified", "no_number", "never_verified"], "{told:#}");
    let good = Place::new();
    for (name, number) in [("Kim", "+49 30 901820"), ("Sam", "+1 415 555 2671")] {
        good.run(&["add", name, "--phone", number, "--verified", "today"]).good();
    }
    assert_eq!(good.run(&["check"]).good(), "");
    good.write("crashcart.toml", "[[services]]\nname = \"shop\"\n");
    good.run(&["add", "Zoe", "--phone", "112", "--service", "shpo", "--verified", "today"]).good();
    good.run(&["check"]).says(1, "warning: Zoe: it is called for `shpo`");
    good.run(&["list", "--service", "shpo"]).says(2, "did you mean `shop`?");
}

#[test]
fn vendors_that_everybody_knows_have_their_pages() {
    let place = Place::new();
    place.run(&["list", "--vendors"]).says(0, "names no vendor that is built in");
    place.write(
        "crashcart.toml",
        "[sources.fly]\nprovider = \"fly\"\ntoken = { env = \"X\" }\n\n[[vendors]]\nname = \"stripe\"\n",
    );
    let rows = place.run(&["list", "--vendors", "--json"]).json();
    let names: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["stripe", "fly"]);
    let all = place.run(&["list", "--vendors", "--all", "--json"]).json();
    let all = all.as_array().unwrap();
    assert!(all.len() >= 60 && all.iter().filter(|row| row["support"].is_string()).count() >= 60, "{}", all.len());
}

#[test]
fn nothing_is_changed_when_nothing_may_be() {
    let place = Place::with(TEAM);
    assert!(
        place
            .run(&["add", "Zoe", "--phone", "112", "--read-only"])
            .good()
            .starts_with("[[contacts]]\nname = \"Zoe\"\n")
    );
    place.run(&["edit", "--read-only"]).says(2, "nothing may be changed");
    place.run(&["export", "--output", "x.vcf", "--read-only"]).says(0, "would be written");
    assert_eq!(fs::read_to_string(place.file()).unwrap(), TEAM);
}
