//! Account and contract numbers, as they are shown to whoever may be looking over the shoulder.

use crate::model::text::Line;

/// Shown of a long number: enough to tell two accounts apart, too little to pass as their owner.
const SHOWN: usize = 4;

/// Returns a number with its end only. How long it was cannot be seen.
pub fn mask(number: &Line) -> Line {
    let text = number.as_str();
    let count = text.chars().count();
    let shown = if count >= 3 * SHOWN { SHOWN } else { count / 4 };
    // The kind of a number is no secret: `acct_`, `SUP-`.
    let kind: String = match text.find(['_', '-']) {
        Some(at) if at > 0 && at <= 5 && text[..at].bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            text[..=at].to_owned()
        }
        _ => String::new(),
    };
    let end: String = text.chars().skip(count - shown.min(count - kind.chars().count())).collect();
    Line::from_text(&format!("{kind}****{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_keeps_its_kind_and_its_end() {
        for (number, shown) in [
            ("acct_1F9k2L3m4N5o", "acct_****4N5o"),
            ("SUP-2041", "SUP-****41"),
            ("123456789012", "****9012"),
            ("1234567", "****7"),
            ("123", "****"),
            ("", "****"),
            ("a_", "a_****"),
            ("ключ-от-всего-на-свете", "****вете"),
        ] {
            assert_eq!(mask(&Line::from_text(number)).as_str(), shown, "{number}");
        }
    }
}
