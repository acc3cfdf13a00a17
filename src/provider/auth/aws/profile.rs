//! The files that the AWS command line shares with everybody: `~/.aws/config` and `~/.aws/credentials`.
//!
//! The format is described in "Shared config and credentials files"
//! (<https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>).

use std::collections::BTreeMap;

use crate::model::surroundings::Surroundings;
use crate::provider::auth::error::AuthError;
use crate::provider::auth::file;

/// The settings of one profile or session, by their names in small letters.
pub type Section = BTreeMap<String, String>;

/// What both files say.
#[derive(Default)]
pub struct Profiles {
    /// By name. What the credentials file says of a profile overrides what the configuration says.
    pub profiles: BTreeMap<String, Section>,
    /// The `[sso-session NAME]` sections.
    pub sessions: BTreeMap<String, Section>,
    /// Where both were looked for.
    pub place: String,
}

/// Reads both files. Absent ones are empty.
pub async fn load(surroundings: &Surroundings) -> Result<Profiles, AuthError> {
    let config = surroundings.variable("AWS_CONFIG_FILE").unwrap_or("~/.aws/config");
    let credentials = surroundings.variable("AWS_SHARED_CREDENTIALS_FILE").unwrap_or("~/.aws/credentials");
    let mut found = Profiles { place: format!("{config} and {credentials}"), ..Profiles::default() };
    for (path, is_config) in [(config, true), (credentials, false)] {
        let Some(path) = surroundings.expand(path) else { continue };
        let Some(text) = file::read(&path).await? else { continue };
        for (header, section) in parse(&text) {
            let (kind, name) = match header.split_once(char::is_whitespace) {
                _ if !is_config => ("profile", header.as_str()),
                Some((kind, name)) => (kind, name.trim().trim_matches(['"', '\''])),
                None if header == "default" => ("profile", "default"),
                None => continue,
            };
            let sections = match kind {
                "profile" => &mut found.profiles,
                "sso-session" => &mut found.sessions,
                _ => continue,
            };
            sections.entry(name.to_owned()).or_default().extend(section);
        }
    }
    Ok(found)
}

/// Reads sections in order. Lines that mean nothing are passed over: a file that the vendor's own tool bears, we bear.
fn parse(text: &str) -> Vec<(String, Section)> {
    let mut sections: Vec<(String, Section)> = Vec::new();
    for line in text.lines() {
        let content = line.trim();
        let is_nested =
            line.starts_with([' ', '\t']) && sections.last().is_some_and(|(_, section)| !section.is_empty());
        if content.is_empty() || content.starts_with(['#', ';']) || is_nested {
            // Nested are settings of one service (`s3 =`), none of which concerns us.
            continue;
        }
        if let Some(header) = content.strip_prefix('[') {
            let header = header.split(']').next().unwrap_or_default().trim();
            sections.push((header.to_owned(), Section::new()));
        } else if let (Some((name, value)), Some((_, section))) = (content.split_once('='), sections.last_mut()) {
            section.insert(name.trim().to_lowercase(), uncommented(value.trim()).to_owned());
        }
    }
    sections
}

/// A comment within a line begins with white space.
fn uncommented(value: &str) -> &str {
    let cut = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
    value[..cut.unwrap_or(value.len())].trim_end()
}

/// Splits a command line into words as a POSIX shell does, without anything else that a shell does.
pub fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (Some('"'), '\\') => match characters.next()? {
                escaped @ ('"' | '\\' | '$' | '`') => word.get_or_insert_default().push(escaped),
                other => word.get_or_insert_default().extend(['\\', other]),
            },
            (None, '\\') => word.get_or_insert_default().push(characters.next()?),
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            (_, other) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::provider::auth::testing::Place;

    #[tokio::test]
    async fn both_files_are_merged_and_oddities_are_borne() {
        let config = "\u{feff}# ours\r\nstray = 1\r\n[default]\r\nregion = eu-west-1\r\n[profile prod] ; live\r\nRegion=us-east-1 # here\r\ns3 =\r\n  region = nested\r\naws_access_key_id = FROM_CONFIG\r\n[profile \"two words\"]\nregion=x\n[sso-session acme]\nsso_region = eu-central-1\n[services s]\nx = y\n[prod]\nregion = not-a-profile-here\nnonsense\n[profile prod]\noutput = json\n[profile cut";
        let credentials =
            "[prod]\naws_access_key_id = AKIA\naws_secret_access_key = a/b+c=#;d==\n[ default ]\naws_access_key_id=D";
        let place = Place::new().file(".aws/config", config).file(".aws/credentials", credentials);
        let found = load(&place.surroundings()).await.unwrap();
        let get = |profile: &str, name: &str| found.profiles.get(profile)?.get(name).map(String::as_str);
        for (profile, name, value) in [
            ("default", "region", Some("eu-west-1")),
            ("default", "aws_access_key_id", Some("D")),
            ("prod", "region", Some("us-east-1")),
            ("prod", "output", Some("json")),
            ("prod", "aws_access_key_id", Some("AKIA")),
            ("prod", "aws_secret_access_key", Some("a/b+c=#;d==")),
            ("two words", "region", Some("x")),
            ("acme", "sso_region", None),
        ] {
            assert_eq!(get(profile, name), value, "{profile} {name}");
        }
        assert_eq!(found.sessions["acme"]["sso_region"], "eu-central-1");
        assert_eq!(found.profiles.keys().collect::<Vec<_>>(), ["cut", "default", "prod", "two words"]);
        assert!(load(&Place::new().surroundings()).await.unwrap().profiles.is_empty());
    }

    #[test]
    fn a_command_line_is_split_as_a_shell_would() {
        for (line, expected) in [
            ("/opt/bin/helper --profile prod", Some(vec!["/opt/bin/helper", "--profile", "prod"])),
            (
                "\"/opt/my bin/x\"  'a \"b' c\\ d \"e\\\"f\\n\" ''",
                Some(vec!["/opt/my bin/x", "a \"b", "c d", "e\"f\\n", ""]),
            ),
            ("a'b'\"c\"", Some(vec!["abc"])),
            ("", Some(vec![])),
            ("open 'quote", None),
            ("end\\", None),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(words(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_words_are_what_was_quoted(
            text in "([a-z=#;'\" \n\t\\[\\]\\\\]|é)*",
            expected in proptest::collection::vec("[ -~é]{0,8}", 0..5),
        ) {
            parse(&text);
            words(&text);
            let line = expected.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(words(&line), Some(expected));
        }
    }
}
