//! Words that clap cannot judge: a misspelt subcommand looks like an address, and the console's options stand beside a subcommand.

use std::ffi::OsString;

use clap::CommandFactory as _;

use super::{Cli, ConsoleArgs, LookArgs};
use crate::cli::failure::Failure;
use crate::config::nearest::nearest;

/// Says what a misspelt subcommand was meant to be, when clap stumbled over what stands behind it.
pub(in crate::cli) fn misspelt_command(arguments: &[OsString]) -> Option<Failure> {
    let command = Cli::command();
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let word = arguments.iter().skip(1).filter_map(|word| word.to_str()).find(|word| !word.starts_with('-'))?;
    let is_near = is_bare_word(word) && !names.contains(&word) && nearest(word, &names).is_some();
    is_near.then(|| not_an_address(word, &[]))
}

impl Cli {
    /// Refuses what clap cannot: options of the console beside a subcommand, and words that are nothing we know.
    pub fn validate(&self) -> Result<(), Failure> {
        let console = &self.console;
        if self.command.is_some() {
            let option = match console {
                ConsoleArgs { logs, .. } if !logs.is_empty() => "--log",
                ConsoleArgs { look: LookArgs { theme: Some(_), .. }, .. } => "--theme",
                ConsoleArgs { look: LookArgs { ascii: true, .. }, .. } => "--ascii",
                ConsoleArgs { record: Some(_), .. } => "--record",
                _ => return Ok(()),
            };
            return Err(Failure::usage(anyhow::anyhow!("`{option}` before a subcommand belongs to the console"))
                .hint("leave it out, or write it behind the subcommand if that has it (see its --help)"));
        }
        match console.addresses.iter().find(|word| is_bare_word(word)) {
            Some(word) => Err(not_an_address(word, &console.addresses)),
            None => Ok(()),
        }
    }
}

/// An address has a dot, a colon or a slash; everything else is a subcommand that was misspelt or stands too late.
fn is_bare_word(word: &str) -> bool {
    !word.contains(['.', ':', '/'])
}

fn not_an_address(word: &str, addresses: &[String]) -> Failure {
    let command = Cli::command();
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let mut trouble = "is neither a command nor an address";
    let hint = if word == "localhost" {
        "write http://localhost, or localhost:PORT for a port".to_owned()
    } else if names.contains(&word) {
        trouble = "stands too late to be a command";
        let address = addresses.iter().find(|address| *address != word).map_or("", String::as_str);
        format!("a subcommand comes first: crashcart {word} {address}")
    } else if let Some(name) = nearest(word, &names) {
        format!("did you mean `crashcart {name}`? `crashcart --help` lists all commands")
    } else {
        format!("an address has a dot or a scheme: https://{word}; `crashcart --help` lists the commands")
    };
    Failure::usage(anyhow::anyhow!("`{word}` {trouble}")).hint(hint.trim_end())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::{Command, StatusArgs};
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Cli, String> {
        let cli = Cli::try_parse_from(std::iter::once(&"crashcart").chain(arguments)).map_err(|e| e.to_string())?;
        cli.validate().map_err(|failure| format!("{} / {}", failure.error, failure.hint.unwrap_or_default()))?;
        Ok(cli)
    }

    #[test]
    fn the_table_of_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn addresses_and_logs_need_no_subcommand() {
        let cli = parse(&["https://a.example", "--log", "x.log", "db.internal:5432", "--log", "-"]).unwrap();
        assert_eq!(cli.console.addresses, ["https://a.example", "db.internal:5432"]);
        assert_eq!(cli.console.logs, ["x.log", "-"]);
        assert_eq!(cli.command, None);
    }

    #[test]
    fn a_subcommand_is_known_by_its_name_and_takes_the_global_options() {
        let cli = parse(&["--config", "a.toml", "status", "--json", "--state-dir", "/srv"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Status(StatusArgs { json: true, .. }))));
        assert_eq!(cli.global.config, Some("a.toml".into()));
        assert_eq!(cli.global.state_dir, Some("/srv".into()));
    }

    #[test]
    fn a_word_that_is_nothing_we_know_gets_help() {
        let says = |arguments: &[&str]| parse(arguments).unwrap_err();
        assert!(says(&["stauts"]).contains("did you mean `crashcart status`?"));
        assert!(says(&["https://a.example", "status"]).contains("crashcart status https://a.example"));
        assert!(says(&["localhost"]).contains("http://localhost"));
        assert!(says(&["zzzzzzzz"]).contains("https://zzzzzzzz"));
        assert!(says(&["--ascii", "status"]).contains("`--ascii` before a subcommand"));
    }
}
