//! Colours for code: comments, strings, variables, words of the shell. Enough to see what is what at night.

use super::Role;

/// Words of a shell that steer it.
const KEYWORDS: &[&str] = &[
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "function",
    "return", "exit", "set", "export", "local", "trap", "sudo",
];

/// Cuts a line into pieces, each with what it is. Together they are the line.
pub fn pieces(line: &str) -> Vec<(&str, Role)> {
    let mut out = Vec::new();
    let mut rest = line;
    let mut begins = true;
    while !rest.is_empty() {
        let (length, role) = next(rest, begins);
        let (piece, after) = rest.split_at(length);
        // After a separator a new command begins.
        begins = match piece.trim() {
            "" => begins,
            word => matches!(word, "|" | ";" | "&" | "(" | "{") || KEYWORDS.contains(&word),
        };
        out.push((piece, role));
        rest = after;
    }
    out
}

fn next(rest: &str, begins: bool) -> (usize, Role) {
    let first = rest.chars().next().unwrap_or(' ');
    let while_fits = |fits: fn(char) -> bool| rest.find(|c: char| !fits(c)).unwrap_or(rest.len());
    match first {
        '#' if begins => (rest.len(), Role::Dim),
        '"' | '\'' => {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, c)| {
                let ends = *c == first && !escaped;
                escaped = *c == '\\' && !escaped && first == '"';
                ends
            });
            (end.map_or(rest.len(), |(at, c)| at + c.len_utf8()), Role::Healthy)
        }
        '$' => {
            let body = &rest[1..];
            let length = match body.chars().next() {
                Some('{') => body.find('}').map_or(body.len(), |end| end + 1),
                Some(c) if c.is_ascii_alphanumeric() || c == '_' => {
                    body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(body.len())
                }
                _ => 0,
            };
            (1 + length, Role::Accent)
        }
        ' ' | '\t' => (while_fits(|c| matches!(c, ' ' | '\t')), Role::Text),
        '|' | ';' | '&' | '(' | ')' | '{' | '}' | '<' | '>' => (1, Role::Dim),
        '-' if !begins => (while_fits(|c| c.is_alphanumeric() || matches!(c, '-' | '_')), Role::Dim),
        _ => {
            let word = |c: char| {
                !(c.is_whitespace()
                    || matches!(c, '|' | ';' | '&' | '(' | ')' | '{' | '}' | '<' | '>' | '"' | '\'' | '$'))
            };
            let length = rest.find(|c: char| !word(c)).unwrap_or(rest.len()).max(first.len_utf8());
            let role = if begins && !rest[..length].contains('=') { Role::Title } else { Role::Text };
            (length, role)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_command_its_options_its_variables_and_its_comments_differ() {
        let found = pieces("kubectl get -n \"$NS\" pod | grep ${X} # why");
        let role = |text: &str| found.iter().find(|(piece, _)| *piece == text).map(|(_, role)| *role);
        assert_eq!(role("kubectl"), Some(Role::Title));
        assert_eq!(role("grep"), Some(Role::Title));
        assert_eq!(role("get"), Some(Role::Text));
        assert_eq!(role("-n"), Some(Role::Dim));
        assert_eq!(role("\"$NS\""), Some(Role::Healthy));
        assert_eq!(role("${X}"), Some(Role::Accent));
        assert_eq!(pieces("  # all of it"), [("  ", Role::Text), ("# all of it", Role::Dim)]);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_line(line in "\\PC*") {
            let joined: String = pieces(&line).into_iter().map(|(piece, _)| piece).collect();
            prop_assert_eq!(joined, line);
        }
    }
}
