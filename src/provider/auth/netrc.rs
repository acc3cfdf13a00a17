//! `~/.netrc`: passwords by machine, as ftp, curl, git and the Heroku tool keep them.
//!
//! The format is that of ftp's manual (netrc(5)) with what curl adds
//! (<https://everything.curl.dev/usingcurl/netrc.html>): words between white space, in double quotes where a value
//! holds some; `macdef NAME` begins a macro that an empty line ends; comments begin with `#` where a keyword could.

use crate::model::secret::Secret;

/// What the file knows of one machine.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Entry {
    /// The machine's name; nothing for `default`, which means all others.
    pub machine: Option<String>,
    pub login: Option<String>,
    pub password: Option<Secret>,
}

/// Finds the first entry of a machine that has a password; else that of `default`.
pub fn find(text: &str, machine: &str) -> Option<Entry> {
    let entries: Vec<Entry> = parse(text).into_iter().filter(|entry| entry.password.is_some()).collect();
    let named = |entry: &&Entry| entry.machine.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(machine));
    let found = entries.iter().find(named).or_else(|| entries.iter().find(|entry| entry.machine.is_none()));
    found.cloned()
}

/// Reads every entry, in order. Words that mean nothing are passed over, as all other readers do.
fn parse(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut words = Words { rest: text };
    while let Some(word) = words.next() {
        match word.as_str() {
            "machine" => entries.push(Entry { machine: Some(words.next().unwrap_or_default()), ..Entry::default() }),
            "default" => entries.push(Entry::default()),
            "macdef" => words.skip_macro(),
            "login" | "account" | "password" => {
                let value = words.next();
                match (entries.last_mut(), word.as_str()) {
                    (Some(entry), "login") => entry.login = value,
                    (Some(entry), "password") => entry.password = value.map(Secret::new),
                    _ => {}
                }
            }
            comment if comment.starts_with('#') => words.skip_line(),
            _ => {}
        }
    }
    entries
}

struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn next(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        if self.rest.is_empty() {
            return None;
        }
        if let Some(quoted) = self.rest.strip_prefix('"') {
            return Some(self.quoted(quoted));
        }
        // A comment may touch the end of its line, and the next line is not part of it.
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(word.to_owned())
    }

    /// Reads on to the closing quote; `\n`, `\r` and `\t` mean what they do elsewhere, and another character itself.
    fn quoted(&mut self, text: &str) -> String {
        let mut word = String::new();
        let mut characters = text.char_indices();
        let mut end = text.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    end = at + 1;
                    break;
                }
                '\\' => word.extend(characters.next().map(|(_, escaped)| match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                })),
                other => word.push(other),
            }
        }
        self.rest = self.rest.get(1 + end..).unwrap_or_default();
        word
    }

    fn skip_line(&mut self) {
        self.rest = self.rest.find('\n').map_or("", |end| &self.rest[end..]);
    }

    /// The macro's name and its lines, up to the first that is empty.
    fn skip_macro(&mut self) {
        let mut rest = self.rest;
        while let Some((line, after)) = rest.split_once('\n') {
            rest = after;
            if line.trim_end_matches('\r').is_empty() {
                self.rest = rest;
                return;
            }
        }
        self.rest = "";
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, machine: &str, expected: Option<(&str, &str)>) {
        let found = find(text, machine);
        let found = found.as_ref().map(|entry| {
            (entry.login.as_deref().unwrap_or("-"), entry.password.as_ref().map_or("-", |secret| secret.expose()))
        });
        assert_eq!(found, expected, "{machine} in {text:?}");
    }

    #[test]
    fn a_password_is_found_however_the_file_is_laid_out() {
        let heroku = "machine api.heroku.com\n  login kim@acme.test\n  password HRKU-1\nmachine git.heroku.com\n  login kim\n  password HRKU-2\n";
        check(heroku, "api.heroku.com", Some(("kim@acme.test", "HRKU-1")));
        check(heroku, "git.heroku.com", Some(("kim", "HRKU-2")));
        check(heroku, "API.heroku.com", Some(("kim@acme.test", "HRKU-1")));
        check(heroku, "heroku.com", None);
        check("machine a login l password p", "a", Some(("l", "p")));
        check("machine a\r\n\tlogin l\r\n\tpassword p\r\n", "a", Some(("l", "p")));
        check("machine a password p", "a", Some(("-", "p")));
        check("machine a login l account acct password p", "a", Some(("l", "p")));
        check("", "a", None);
        check("machine", "a", None);
        check("machine a login", "a", None);
        check("password p", "a", None);
    }

    #[test]
    fn the_first_entry_with_a_password_counts_and_default_is_for_all_others() {
        check("machine a login x\nmachine a login y password p\nmachine a password q", "a", Some(("y", "p")));
        check("default login any password d\nmachine a password p", "a", Some(("-", "p")));
        check("machine a password p\ndefault login any password d", "b", Some(("any", "d")));
        check("machine a login l\ndefault password d", "a", Some(("-", "d")));
    }

    #[test]
    fn macros_comments_and_quotes_are_understood() {
        let text =
            "machine a login l password p\nmacdef init\ncd /pub\nmachine evil password no\n\nmachine b password q";
        check(text, "b", Some(("-", "q")));
        check(text, "evil", None);
        check("macdef init\nmachine evil password no\n", "evil", None);
        check("# machine a password old\n#\nmachine a password new # machine a password x", "a", Some(("-", "new")));
        check("machine a password #1", "a", Some(("-", "#1")));
        check(
            "machine a password \"two words \\\"q\\\" \\\\ \\t.\" login l",
            "a",
            Some(("l", "two words \"q\" \\ \t.")),
        );
        check("machine a password \"no end", "a", Some(("-", "no end")));
        check("machine a login \"machine\" password machine", "a", Some(("machine", "machine")));
        check("machine a password \"é", "a", Some(("-", "é")));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([a-z\"#\\\\ \n\t]|machine|default|macdef|password|é)*") {
            find(&text, "a");
        }

        #[test]
        fn what_was_written_is_found(passwords in proptest::collection::vec("[ -~\té]{0,12}", 1..6)) {
            let quote = |password: &str| password.replace('\\', "\\\\").replace('"', "\\\"");
            let write = |(index, password): (usize, &String)| {
                format!("machine m{index} login \"l\" password \"{}\" # note\n", quote(password))
            };
            let text: String = passwords.iter().enumerate().map(write).collect();
            for (index, password) in passwords.iter().enumerate() {
                let found = find(&text, &format!("m{index}")).and_then(|entry| entry.password);
                prop_assert_eq!(found.as_ref().map(Secret::expose), Some(password.as_str()));
            }
        }
    }
}
