use std::fmt::Write as _;
use std::num::NonZeroU16;

use crashcart::model::text::Line;

use super::{corpus, files};

const COLUMNS: u16 = 1000;

/// Notes everything that a terminal was asked to do beside drawing.
#[derive(Default)]
struct Witness(String);

impl vt100::Callbacks for Witness {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push_str("bell ");
    }
    fn visual_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push_str("flash ");
    }
    fn resize(&mut self, _: &mut vt100::Screen, request: (u16, u16)) {
        write!(self.0, "resize {request:?} ").unwrap();
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, name: &[u8]) {
        write!(self.0, "icon {name:?} ").unwrap();
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        write!(self.0, "title {title:?} ").unwrap();
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        write!(self.0, "clipboard {data:?} ").unwrap();
    }
    fn paste_from_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push_str("paste ");
    }
    fn unhandled_char(&mut self, _: &mut vt100::Screen, c: char) {
        write!(self.0, "char {c:?} ").unwrap();
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        write!(self.0, "control {byte:#x} ").unwrap();
    }
    fn unhandled_escape(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, byte: u8) {
        write!(self.0, "escape {byte:#x} ").unwrap();
    }
    fn unhandled_csi(&mut self, _: &mut vt100::Screen, _: Option<u8>, _: Option<u8>, _: &[&[u16]], c: char) {
        write!(self.0, "csi {c:?} ").unwrap();
    }
    fn unhandled_osc(&mut self, _: &mut vt100::Screen, parameters: &[&[u8]]) {
        write!(self.0, "osc {parameters:?} ").unwrap();
    }
}

fn terminal() -> vt100::Parser<Witness> {
    let rows = NonZeroU16::new(2).unwrap();
    let columns = NonZeroU16::new(COLUMNS).unwrap();
    vt100::Parser::new_with_callbacks(rows, columns, 0, Witness::default())
}

/// Draws the line on an emulated terminal and looks for anything else that happened.
#[track_caller]
fn check_drawn(line: &Line, what: &dyn std::fmt::Display) {
    // The emulator drops replacement characters, which terminals draw.
    let shown = line.head(usize::from(COLUMNS) - 1).replace('\u{fffd}', "?");
    let mut terminal = terminal();
    terminal.process(b"\x1b[2;1H");
    let before = terminal.screen().clone();
    terminal.process(shown.as_bytes());
    let screen = terminal.screen();
    assert_eq!(terminal.callbacks().0, "", "{what}: {shown:?}");
    assert_eq!(screen.input_mode_formatted(), before.input_mode_formatted(), "{what}: modes");
    assert_eq!(screen.attributes_formatted(), before.attributes_formatted(), "{what}: attributes");
    assert_eq!(screen.alternate_screen(), before.alternate_screen(), "{what}: alternate screen");
    assert_eq!(screen.hide_cursor(), before.hide_cursor(), "{what}: cursor hidden");
    let width = crashcart::model::text::measure::width(&shown);
    assert_eq!(screen.cursor_position(), (1, u16::try_from(width).unwrap()), "{what}: {shown:?}");
    let drawn = screen.contents();
    assert_eq!(drawn.trim_matches('\n').trim_end(), shown.trim_end(), "{what}: all of it can be seen");
}

#[test]
fn an_emulated_terminal_would_have_noticed() {
    let mut terminal = terminal();
    terminal.process(b"\x1b]0;t\x07\x1b]52;c;eA==\x07\x07\x1b[6n");
    let seen = &terminal.callbacks().0;
    assert!(seen.contains("title") && seen.contains("clipboard") && seen.contains("bell"), "{seen}");
}

#[test]
fn every_recorded_or_invented_attack_only_draws_text() {
    let Some(directory) = corpus("escapes") else { return };
    let mut lines = 0;
    for path in files(&directory) {
        let bytes = std::fs::read(&path).unwrap();
        // As lines, as one text, and cut anywhere, because a reader may begin in the middle of a sequence.
        let whole = Line::from_bytes(&bytes);
        check_drawn(&whole, &path.display());
        for line in bytes.split(|byte| *byte == b'\n') {
            check_drawn(&Line::from_bytes(line), &path.display());
            lines += 1;
            for cut in [1, line.len() / 3, line.len() / 2] {
                check_drawn(&Line::from_bytes(line.get(cut..).unwrap_or_default()), &path.display());
            }
        }
        let again = Line::from_text(whole.as_str());
        assert_eq!(again, whole, "{}: a second time changes it", path.display());
    }
    println!("{lines} lines drew text and nothing else");
    assert!(lines > 2000, "the corpus has shrunk to {lines} lines");
}

/// What somebody who reads the line has to see of each vector.
const SEEN: &[(&str, &[&str])] = &[
    ("title-set-osc0.bin", &["q=‹OSC 0;pwned title› status"]),
    ("title-set-osc2-st.bin", &["q=‹OSC 2;pwned title› status"]),
    ("title-set-then-report.bin", &["q=‹OSC 2;echo INJECTED›‹CSI 21t› status"]),
    ("osc52-write.bin", &["q=‹OSC 52;c;ZWNobyBJTkpFQ1RFRA==› status"]),
    ("osc8-link.bin", &["q=‹link https://example.invalid/login›https://status.example.com status"]),
    ("decrqss.bin", &["q=‹DCS›$q\"p", "echo INJECTED", "‹ST› status"]),
    ("osc50-font-query.bin", &["q=‹OSC 50;i$(touch INJECTED)›‹OSC 50;?› status"]),
    ("dsr-cursor.bin", &["q=‹CSI 6n› status"]),
    ("clear-screen-home.bin", &["q=‹CSI 2J›‹CSI H›ALL SYSTEMS OPERATIONAL status"]),
    ("sgr-hide.bin", &["q=‹conceal›hidden command status"]),
    ("alt-screen.bin", &["q=‹CSI ?1049h› status"]),
    ("c1-csi-raw.bin", &["q=\u{fffd}31mred\u{fffd}0m status"]),
    ("backspace-overwrite.bin", &["q=rm -rf /␈×8ls -l    status"]),
    ("cr-overwrite.bin", &["q=ERROR disk full␍INFO all good       status"]),
    ("log-forging-crlf.bin", &["q=x HTTP/1.1", "2026-02-03T04:05:07Z web[1]: admin login OK user=root status"]),
    ("bidi-rlo.bin", &["q=user=‹RLO›gnp.exe‹PDF› status"]),
    ("zero-width.bin", &["q=pa‹ZWSP›ss‹ZWNJ›wo‹ZWJ›rd‹BOM›=x‹WJ›y status"]),
];

#[test]
fn the_trick_of_every_vector_can_be_seen() {
    let Some(directory) = corpus("escapes/vectors") else { return };
    let index = std::fs::read_to_string(directory.join("INDEX.tsv")).unwrap();
    for name in index.lines().skip(1).filter_map(|row| row.split('\t').next()) {
        let (_, seen) = SEEN.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("{name} is new"));
        let bytes = std::fs::read(directory.join(name)).unwrap();
        let lines: Vec<Line> =
            bytes.strip_suffix(b"\n").unwrap_or(&bytes).split(|byte| *byte == b'\n').map(Line::from_bytes).collect();
        assert_eq!(lines.len(), seen.len(), "{name}: {lines:?}");
        for (line, seen) in lines.iter().zip(*seen) {
            assert!(line.as_str().contains(seen), "{name}: {line} instead of {seen}");
        }
    }
}
