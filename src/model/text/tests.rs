use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::*;

#[track_caller]
fn check(input: &str, shown: &str) {
    assert_eq!(Line::from_text(input).as_str(), shown, "from text {input:?}");
    assert_eq!(Line::from_bytes(input.as_bytes()).as_str(), shown, "from bytes {input:?}");
}

#[test]
fn plain_text_stays_as_it_is() {
    check("", "");
    check("GET /search?q=a 200 12ms", "GET /search?q=a 200 12ms");
    check("größer — 東京 Привет, 👍", "größer — 東京 Привет, 👍");
}

#[test]
fn colours_vanish_without_a_trace() {
    check("\x1b[31mERROR\x1b[0m disk full", "ERROR disk full");
    check("\x1b[38;5;8mgrey\x1b[39m \x1b[48;2;8;8;8mx\x1b[m\x1b[K", "grey x");
    check("\x1b[4:3mwavy\x1b(B\x1b[m", "wavy");
}

#[test]
fn concealed_text_is_shown_and_marked() {
    check("a \x1b[8mrm -rf\x1b[28m b", "a ‹conceal›rm -rf b");
    check("\x1b[38;5;8;8mx", "‹conceal›x");
}

#[test]
fn movement_and_modes_become_markers() {
    check("\x1b[2J\x1b[HALL OK", "‹CSI 2J›‹CSI H›ALL OK");
    check("\x1b[?1049h", "‹CSI ?1049h›");
    check("\x1bc\x1b7", "‹ESC c›‹ESC 7›");
    check("\u{9b}6n\u{85}x\u{81}", "‹CSI 6n›‹NEL›x‹U+0081›");
    check("\x1b[12", "‹CSI 12›");
    check("\x1b", "␛");
    check("\x1b[>4;2m", "‹CSI >4;2m›");
}

#[test]
fn strings_are_shown_and_never_run() {
    check("\x1b]0;pwned\x07!", "‹OSC 0;pwned›!");
    check("\x1b]52;c;ZWNobw==\x1b\\!", "‹OSC 52;c;ZWNobw==›!");
    check("\x1b]8;;https://evil.invalid\x1b\\status\x1b]8;;\x1b\\", "‹link https://evil.invalid›status");
    check("\x1bP$q\"p\necho\x1b\\", "‹DCS $q\"p␊echo›");
    let long = format!("\x1b]1337;{}\x07", "x".repeat(5000));
    let shown = Line::from_text(&long);
    assert!(shown.as_str().ends_with("x… 5,005 bytes›") && shown.as_str().len() < 250, "{shown}");
}

#[test]
fn a_string_without_an_end_does_not_swallow_the_line() {
    check("\x1b]0;ERROR disk full", "‹OSC›0;ERROR disk full");
    check("\x1bPabc\x1b[31mred", "‹DCS abc›red");
}

#[test]
fn what_was_overwritten_stays() {
    check("ERROR disk full\rINFO all good", "ERROR disk full␍INFO all good");
    check("rm -rf\x08\x08\x08ls", "rm -rf␈×3ls");
    check("\0\0\0\0text\x7f", "␀×4text␡");
    check("line\r\n", "line");
}

#[test]
fn tabs_reach_the_columns_that_a_terminal_would() {
    check("\tat x", "        at x");
    check("ab\tc\td", "ab      c       d");
    check("東京\tx", "東京    x");
    check("\x1b[31mab\x1b[0m\tc", "ab      c");
}

#[test]
fn bidi_and_zero_width_tricks_are_named() {
    check("user=\u{202e}gnp.exe\u{202c}", "user=‹RLO›gnp.exe‹PDF›");
    check("pa\u{200b}ss\u{200c}wo\u{200d}rd\u{feff}=x\u{2060}y", "pa‹ZWSP›ss‹ZWNJ›wo‹ZWJ›rd‹BOM›=x‹WJ›y");
    check(&format!("a{}b", "\u{200b}".repeat(1200)), "a‹ZWSP ×1,200›b");
    check("a\u{200b}\u{200c}\u{200b}b", "a‹invisible ×3›b");
    check("a\u{2028}b\u{2029}", "a‹LS›b‹PS›");
    check("\u{e0001}x\u{e0068}\u{e0069}", "‹TAG ›x‹TAG hi›");
    check("\u{feff}first line", "first line");
}

#[test]
fn what_spelling_and_pictures_need_goes_silently() {
    check("می\u{200c}خواهم", "میخواهم");
    check("👩🏽\u{200d}🚀 ❤\u{fe0f} 1\u{fe0f}\u{20e3}", "👩🚀 ❤ 1\u{20e3}");
    check("a\u{fe0f}b", "a‹U+FE0F›b");
    check("😀\u{fe01}\u{fe02}\u{fe03}", "😀‹invisible ×3›");
}

#[test]
fn floods_of_marks_are_cut() {
    let zalgo = format!("H{}i", "\u{301}".repeat(50));
    check(&zalgo, "H\u{301}\u{301}\u{301}\u{301}‹+46 marks›i");
    check("\u{301}x", "◌\u{301}x");
    check("nai\u{308}ve Việt", "nai\u{308}ve Việt");
}

#[test]
fn characters_of_doubtful_width_are_named() {
    check("\u{e0b0} \u{10ffff} \u{17d8} \u{378} ☰", "‹U+E0B0› ‹U+10FFFF› ‹U+17D8› ‹U+0378› ‹U+2630›");
}

#[test]
fn invalid_bytes_become_replacement_characters() {
    assert_eq!(Line::from_bytes(b"a\x9b31mred\xff").as_str(), "a\u{fffd}31mred\u{fffd}");
    assert_eq!(Line::from_bytes(b"caf\xe9\n").as_str(), "caf\u{fffd}");
}

#[test]
fn a_line_of_a_megabyte_keeps_its_beginning_and_says_its_length() {
    for unit in ["x", "é", "\t", "\x1b[31m東"] {
        let long = unit.repeat(1_048_576 / unit.len());
        let line = Line::from_text(&long);
        let shown = line.as_str();
        assert!(shown.len() <= LINE_BYTES && shown.len() > LINE_BYTES - 64, "{unit:?} {}", shown.len());
        assert!(
            shown.ends_with(&format!(" … {} bytes", if long.len() == 1_048_576 { "1,048,576" } else { "1,048,575" })),
            "{unit:?}"
        );
        assert_eq!(Line::from_text(shown).as_str(), shown);
    }
}

#[test]
fn text_is_cut_between_cells() {
    use measure::{ellipsize, head, rows, scroll};
    assert_eq!(head("日本語", 3), "日");
    assert_eq!(head("e\u{301}x", 1), "e\u{301}");
    assert_eq!(head("abe\u{301}x", 3), "abe\u{301}");
    assert_eq!(ellipsize("hello world", 6), "hello…");
    assert_eq!(ellipsize("hello", 5), "hello");
    assert_eq!(ellipsize("日本語", 4), "日…");
    assert_eq!(ellipsize("x", 0), "");
    assert_eq!(scroll("日本語x", 3), ("語x", 1));
    assert_eq!(scroll("abc", 1), ("bc", 0));
    assert_eq!(scroll("abc", 9), ("", 0));
    assert_eq!(rows("abcde", 2).collect::<Vec<_>>(), ["ab", "cd", "e"]);
    assert_eq!(rows("日本", 1).collect::<Vec<_>>(), ["日", "本"]);
    assert_eq!(rows("", 5).collect::<Vec<_>>(), [""]);
}

/// Text made of the characters that make trouble, so that chance finds their combinations.
fn troublesome() -> impl Strategy<Value = String> {
    let odd = prop_oneof![
        Just("\x1b".to_owned()),
        Just("\x1b[".to_owned()),
        Just("\x1b]8;;".to_owned()),
        Just("\u{200d}".to_owned()),
        Just("\u{fe0f}".to_owned()),
        Just("\u{1f3fd}".to_owned()),
        Just("👩".to_owned()),
        Just("🇩🇪".to_owned()),
        Just("क्".to_owned()),
        Just("ក្ក".to_owned()),
        Just("\u{16d63}\u{16d67}".to_owned()),
        Just("\u{301}".to_owned()),
        Just("\u{1161}".to_owned()),
        Just("ᄀ".to_owned()),
        Just("لا".to_owned()),
        Just("\t".to_owned()),
        "[ -~]{1,4}",
        any::<char>().prop_map(|c| c.to_string()),
        (0u32..0x3100).prop_filter_map("a character", |c| Some(char::from_u32(c)?.to_string())),
    ];
    proptest::collection::vec(odd, 0..24).prop_map(|parts| parts.concat())
}

fn assert_harmless(line: &Line) -> Result<(), TestCaseError> {
    let shown = line.as_str();
    for c in shown.chars() {
        prop_assert!(!c.is_control(), "control {c:?} in {shown:?}");
        let invisible = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}');
        prop_assert!(!invisible, "invisible {c:?} in {shown:?}");
    }
    for cluster in shown.graphemes(true) {
        let added: usize = cluster.chars().map(|c| c.width().unwrap_or(0)).sum();
        prop_assert_eq!(cluster.width(), added, "terminals disagree about {:?} in {:?}", cluster, shown);
        prop_assert!(cluster.width() > 0, "no cell for {cluster:?} in {shown:?}");
        prop_assert!(cluster.chars().count() <= 24, "endless cluster in {shown:?}");
    }
    prop_assert_eq!(line.width(), shown.graphemes(true).map(UnicodeWidthStr::width).sum::<usize>());
    prop_assert!(shown.len() <= LINE_BYTES);
    let again = Line::from_text(shown);
    prop_assert_eq!(again.as_str(), shown, "a second time changes it");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_come_out_harmless(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        assert_harmless(&Line::from_bytes(&bytes))?;
    }

    #[test]
    fn any_troublesome_text_comes_out_harmless(text in troublesome()) {
        assert_harmless(&Line::from_text(&text))?;
    }

    #[test]
    fn cutting_never_exceeds_and_never_loses(text in troublesome(), cells in 0usize..40) {
        let line = Line::from_text(&text);
        let (head, tail) = measure::split_at(line.as_str(), cells);
        prop_assert!(measure::width(head) <= cells);
        prop_assert_eq!(format!("{head}{tail}"), line.as_str());
        prop_assert!(measure::width(&line.ellipsize(cells)) <= cells);
        prop_assert_eq!(measure::rows(line.as_str(), cells.max(1)).collect::<String>(), line.as_str());
    }
}
