//! `crashcart contacts`: whom to call, when nothing else may work.
//!
//! Nothing here needs a network, a keyring or a valid configuration: what can be read is shown, and what cannot be read is
//! said beside it.

use super::args::{Cli, ContactsArgs, ContactsCommand, ListArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, output};
use crate::clock::Clock;
use crate::contacts::mask::mask;
use crate::model::contact::Contact;

mod book;
mod change;
mod check;
mod export;
mod list;
mod show;
mod vendors;

pub(super) use book::{behind_ones_own, own_contacts};

use book::Book;

pub(super) fn run(cli: &Cli, args: &ContactsArgs, environment: &Environment) -> Result<Exit, Failure> {
    let list_all = ContactsCommand::List(ListArgs::default());
    let book = Book::open(cli, args, environment, &Clock::system())?;
    match args.command.as_ref().unwrap_or(&list_all) {
        ContactsCommand::List(list) if list.vendors => vendors::list(&book, list.all, args.json),
        ContactsCommand::List(list) => list::run(&book, list.service.as_deref(), args),
        ContactsCommand::Show(show) => show::run(cli, &book, show, args, environment),
        ContactsCommand::Add(add) => change::add(cli, &book, add, args.json),
        ContactsCommand::Edit => change::edit(cli, &book, args.json, environment),
        ContactsCommand::Import(import) => change::import(cli, &book, import, args.json, environment),
        ContactsCommand::Export(wanted) => export::run(cli, &book, wanted, args),
        ContactsCommand::Check => check::run(&book, args.json),
    }
}

/// Returns a contact as it may be shown: account and contract numbers by their end only, unless they are to be revealed.
fn shown(contact: &Contact, reveal: bool) -> Contact {
    let mut shown = contact.clone();
    if !reveal {
        shown.account = shown.account.as_ref().map(mask);
        shown.contract = shown.contract.as_ref().map(mask);
    }
    shown
}

/// Finds the one that is meant.
fn find_one<'b>(book: &'b Book, name: &str) -> Result<&'b Contact, Failure> {
    match crate::contacts::find(&book.contacts, name).as_slice() {
        [one] => Ok(one),
        [] => {
            let names: Vec<&str> = book.contacts.iter().map(|contact| contact.name.as_str()).collect();
            let failure = Failure::usage(anyhow::anyhow!("there is no contact `{name}`"));
            Err(match crate::config::nearest::nearest(name, &names) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None if names.is_empty() => failure.hint("there are no contacts yet: crashcart contacts add --help"),
                None => failure.hint(format!("there are: {}", names.join(", "))),
            })
        }
        several => {
            let names: Vec<&str> = several.iter().map(|contact| contact.name.as_str()).collect();
            Err(Failure::usage(anyhow::anyhow!("`{name}` is several contacts"))
                .hint(format!("which one: {}?", names.join(", "))))
        }
    }
}

fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    output::print(format!("{value:#}\n"))?;
    Ok(())
}
