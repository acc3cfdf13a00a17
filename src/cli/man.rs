//! `crashcart man`: the manual page, made from the same tables as `--help`.

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;

use super::args::Cli;
use super::failure::Failure;
use super::{Exit, output};

/// Prints the manual page.
pub(super) fn run() -> Result<Exit, Failure> {
    output::print(page()?)?;
    Ok(Exit::Healthy)
}

/// Renders one page: the program, then every subcommand as a section of its own.
fn page() -> std::io::Result<Vec<u8>> {
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
        render_subcommand(subcommand, &mut page)?;
    }
    man.render_extra_section(&mut page)?;
    man.render_version_section(&mut page)?;
    Ok(page)
}

fn render_subcommand(subcommand: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let name = subcommand.get_name().to_uppercase();
    // The same paragraphs as a page of its own would have, one level down.
    let man = Man::new(subcommand.clone());
    let mut body = Vec::new();
    man.render_synopsis_section(&mut body)?;
    man.render_description_section(&mut body)?;
    man.render_options_section(&mut body)?;
    let body = String::from_utf8_lossy(&body).replace("\n.SH ", "\n.SS ");
    let body = body.strip_prefix(".SH ").map_or_else(|| body.clone(), |rest| format!(".SS {rest}"));
    page.extend_from_slice(format!(".SH \"CRASHCART {name}\"\n{body}").as_bytes());
    Ok(())
}
