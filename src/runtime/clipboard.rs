//! Copying to the clipboard of the terminal that the user really sits at (OSC 52), however far away it is.

use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;

use crate::ui::format;

/// What common terminals still take (xterm's and tmux's limits are about this).
const LONGEST: usize = 72_000;

/// Returns the bytes for the terminal, and what to tell the user.
pub fn copy(text: &str, in_multiplexer: bool) -> (String, String) {
    let end = (0..=LONGEST.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let cut = if end < text.len() { ", the beginning only" } else { "" };
    let mut bytes = String::new();
    // Writing into a string cannot fail.
    let _ = CopyToClipboard::to_clipboard_from(&text[..end]).write_ansi(&mut bytes);
    if in_multiplexer {
        // tmux takes the plain form with `set-clipboard on` and the wrapped one with `allow-passthrough on`.
        bytes.push_str(&format!("\x1bPtmux;{}\x1b\\", bytes.replace('\x1b', "\x1b\x1b")));
    }
    let count = format::count(text[..end].chars().count(), "character");
    (bytes, format!("sent {count} to your terminal's clipboard{cut}; some terminals must be told to allow it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_out_as_base64_and_a_long_one_is_cut_between_characters() {
        let (bytes, told) = copy("down", false);
        assert_eq!(bytes, "\x1b]52;c;ZG93bg==\x1b\\");
        assert!(told.starts_with("sent 4 characters"));
        let (_, told) = copy(&"é".repeat(60_000), false);
        assert!(told.contains("36,000 characters") && told.contains("the beginning only"), "{told}");
    }

    #[test]
    fn a_multiplexer_gets_both_forms() {
        let (bytes, _) = copy("x", true);
        assert!(bytes.ends_with("\x1bPtmux;\x1b\x1b]52;c;eA==\x1b\x1b\\\x1b\\"));
    }
}
