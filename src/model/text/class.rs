//! What kind of character something is, as far as a screen is concerned.
//!
//! Common scripts are told by their range; everything else asks the Unicode tables, once per character.

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GraphemeClusterBreak, IndicConjunctBreak};
use unicode_width::UnicodeWidthChar;

/// A non-ASCII character's kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// Takes its cells and leaves its neighbours alone.
    Plain,
    /// May combine with its neighbours (marks, Indic and Arabic letters, flags): clusters have to be looked at.
    Complex,
    /// U+0080 to U+009F.
    Control,
    /// Shows nothing, or changes how its neighbours are shown.
    Invisible,
    /// Colours the picture before it, where a terminal can.
    SkinTone,
    /// U+E0000 to U+E007F: invisible copies of ASCII, used to smuggle text.
    Tag,
    /// Has no agreed shape or width: unassigned, private, or drawn differently by different terminals.
    Doubtful,
}

/// Returns the kind of a character that is not ASCII.
pub(super) fn classify(c: char) -> Class {
    match c {
        '\u{80}'..='\u{9f}' => Class::Control,
        '\u{ad}' => Class::Invisible,
        // Their width has changed between versions of Unicode, or terminals' libraries differ from ours.
        '\u{17a4}'
        | '\u{2630}'..='\u{2637}'
        | '\u{268a}'..='\u{268f}'
        | '\u{2d7f}'
        | '\u{3248}'..='\u{324f}'
        | '\u{1171e}'
        | '\u{1d300}'..='\u{1d356}'
        | '\u{1d360}'..='\u{1d376}' => Class::Doubtful,
        // Latin, Cyrillic, punctuation, arrows, box drawing, kana, ideographs, common pictures: all assigned, none
        // combining.
        '\u{a0}'..='\u{2ff}'
        | '\u{400}'..='\u{482}'
        | '\u{48a}'..='\u{52f}'
        | '\u{2010}'..='\u{2027}'
        | '\u{2030}'..='\u{205e}'
        | '\u{2190}'..='\u{23ff}'
        | '\u{2500}'..='\u{27bf}'
        | '\u{3000}'..='\u{3020}'
        | '\u{3041}'..='\u{3096}'
        | '\u{30a0}'..='\u{30ff}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ff01}'..='\u{ff9d}'
        | '\u{1f300}'..='\u{1f3fa}'
        | '\u{1f400}'..='\u{1f64f}' => Class::Plain,
        '\u{1f3fb}'..='\u{1f3ff}' => Class::SkinTone,
        '\u{e0000}'..='\u{e007f}' => Class::Tag,
        '\u{2028}' | '\u{2029}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Class::Invisible,
        // Default-ignorable without being format characters: grapheme joiner, fillers, Khmer and Mongolian selectors.
        '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{3164}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' => Class::Invisible,
        _ => classify_by_table(c),
    }
}

fn classify_by_table(c: char) -> Class {
    match CodePointMapData::<GeneralCategory>::new().get(c) {
        GeneralCategory::Unassigned | GeneralCategory::PrivateUse | GeneralCategory::Surrogate => Class::Doubtful,
        GeneralCategory::Control => Class::Control,
        GeneralCategory::Format | GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator => {
            Class::Invisible
        }
        _ if c.width().is_none_or(|width| width > 2) => Class::Doubtful,
        _ if c.width() == Some(0) || joins(c) => Class::Complex,
        _ => Class::Plain,
    }
}

/// Whether a character can be part of a cluster with its neighbours.
fn joins(c: char) -> bool {
    CodePointMapData::<GraphemeClusterBreak>::new().get(c) != GraphemeClusterBreak::Other
        || CodePointMapData::<IndicConjunctBreak>::new().get(c) != IndicConjunctBreak::None
}

/// Whether a character is a picture that joiners, selectors and skin tones belong to.
pub(super) fn is_picture(c: char) -> bool {
    matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}'..='\u{2049}' | '\u{2100}'..='\u{2bff}' | '\u{3030}'..='\u{303d}'
        | '\u{3297}'..='\u{3299}' | '\u{1f000}'..='\u{1faff}')
}

/// Whether joiners and non-joiners are part of the spelling: Arabic to Mongolian.
pub(super) fn is_joining_script(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{a840}'..='\u{a87f}' | '\u{a8e0}'..='\u{a8ff}')
}

pub(super) fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{180b}'..='\u{180d}')
}

/// Returns the short name that engineers know an invisible character by.
pub(super) fn short_name(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{ad}' => "SHY",
        '\u{34f}' => "CGJ",
        '\u{61c}' => "ALM",
        '\u{180e}' => "MVS",
        '\u{200b}' => "ZWSP",
        '\u{200c}' => "ZWNJ",
        '\u{200d}' => "ZWJ",
        '\u{200e}' => "LRM",
        '\u{200f}' => "RLM",
        '\u{2028}' => "LS",
        '\u{2029}' => "PS",
        '\u{202a}' => "LRE",
        '\u{202b}' => "RLE",
        '\u{202c}' => "PDF",
        '\u{202d}' => "LRO",
        '\u{202e}' => "RLO",
        '\u{2060}' => "WJ",
        '\u{2066}' => "LRI",
        '\u{2067}' => "RLI",
        '\u{2068}' => "FSI",
        '\u{2069}' => "PDI",
        '\u{feff}' => "BOM",
        _ => return None,
    })
}
