//! `crashcart man`: the manual page, made from the same tables as `--help`.

use std::io;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use super::args::{self, Cli};
use super::failure::Failure;
use super::{Exit, output};

/// Prints the manual page.
pub(super) fn run() -> Result<Exit, Failure> {
    output::print(page()?)?;
    Ok(Exit::Healthy)
}

/// Renders one page: the program, then every subcommand as a section of its own.
fn page() -> io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        page.extend(section_of(subcommand)?);
    }
    for part in [args::EXAMPLES, args::EXIT_CODES, &args::environment_help()] {
        page.extend(verbatim("SH", part));
    }
    man.render_version_section(&mut page)?;
    Ok(page)
}

/// Renders a subcommand with the paragraphs of a page of its own, one level down.
fn section_of(subcommand: &Command) -> io::Result<Vec<u8>> {
    let title = format!(".SH \"CRASHCART {}\"\n", subcommand.get_name().to_uppercase());
    // What every command understands stands once, at the top.
    let own = subcommand.clone().mut_args(|arg| if arg.is_global_set() { arg.hide(true) } else { arg });
    let examples = subcommand.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(own);
    let mut body = Vec::new();
    man.render_synopsis_section(&mut body)?;
    man.render_description_section(&mut body)?;
    man.render_options_section(&mut body)?;
    let body = format!("\n{}", String::from_utf8_lossy(&body)).replace("\n.SH ", "\n.SS ");
    let mut section = title.into_bytes();
    section.extend(body.trim_start().bytes());
    for part in examples.split("\n\n").filter(|part| part.starts_with("Example")) {
        section.extend(verbatim("SS", part));
    }
    Ok(section)
}

/// Renders a part of a help text, whose first line is its title, with its lines as they are.
fn verbatim(level: &str, text: &str) -> Vec<u8> {
    let (title, lines) = text.split_once('\n').unwrap_or((text, ""));
    let title = title.trim_end_matches(':').to_uppercase();
    let lines = lines.lines().map(|line| {
        let line = line.strip_prefix("  ").unwrap_or(line).replace('\\', "\\e").replace('-', "\\-");
        // A dot or an apostrophe at the beginning would be a request to the formatter.
        format!("\\&{line}\n")
    });
    format!(".{level} {title:?}\n.nf\n{}.fi\n", lines.collect::<String>()).into_bytes()
}
