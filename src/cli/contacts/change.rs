//! `crashcart contacts add`, `edit` and `import`: what changes the file of contacts.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::super::args::{Cli, ContactAddArgs, ContactImportArgs, Day};
use super::super::environment::Environment;
use super::super::failure::Failure;
use super::super::{Exit, output};
use super::book::{Book, write_failed};
use super::print_json;
use crate::contacts::file::{HEAD, append, block};
use crate::contacts::number::{Number, Reach};
use crate::contacts::rename;
use crate::contacts::vcard::{Import, read};
use crate::model::contact::{Contact, ContactKind, Hours, Way};
use crate::model::id::ContactId;
use crate::model::text::Line;
use crate::secret::{Existing, write_file};
use crate::ui::format;

/// A whole company's address book with its pictures.
const LARGEST_IMPORT: u64 = 64 << 20;

pub(super) fn add(cli: &Cli, book: &Book, add: &ContactAddArgs, as_json: bool) -> Result<Exit, Failure> {
    let contact = wanted(add, book)?;
    if let Some(known) = book.contacts.iter().find(|known| known.id == contact.id) {
        return Err(Failure::usage(anyhow::anyhow!("there is already a contact `{}`", known.name))
            .hint("crashcart contacts edit changes one that is there"));
    }
    for way in &contact.phones {
        match Number::read(way.address.as_str()) {
            Err(error) => output::tell(&format!("warning: `{}` is no telephone number: {error}\n", way.address)),
            Ok(Number { reach: Reach::Country, .. }) => output::tell(&format!(
                "warning: `{}` can only be dialled from its own country; write it with its country's code\n",
                way.address
            )),
            Ok(_) => {}
        }
    }
    if cli.global.read_only {
        output::print(block(&contact))?;
        return Ok(Exit::Healthy);
    }
    book.file.replace(&append(&book.file.text, [&contact]))?;
    if as_json {
        print_json(&json!({ "added": contact.name, "path": book.file.path }))?;
    } else {
        output::tell(&format!("{} is in {}\n", contact.name, book.file.shown_path()));
    }
    Ok(Exit::Healthy)
}

fn wanted(add: &ContactAddArgs, book: &Book) -> Result<Contact, Failure> {
    let ContactAddArgs {
        name,
        phone,
        email,
        chat,
        url,
        vendor,
        hours,
        zone,
        service,
        language,
        account,
        contract,
        note,
        order,
        escalate_after,
        verified,
    } = add;
    let hours = match hours.as_deref().map(Hours::parse) {
        Some(Err(error)) => return Err(Failure::usage(error).hint("--hours 'Mon-Fri 09:00-17:00'")),
        Some(Ok(hours)) => Some(hours),
        None => None,
    };
    if [phone, email, chat, url].iter().all(|ways| ways.is_empty()) {
        return Err(Failure::usage(anyhow::anyhow!("`{name}` could not be reached"))
            .hint("add --phone, --email, --chat or --url"));
    }
    let ways = |all: &[String]| all.iter().map(|text| Way::to(text.trim())).collect::<Vec<_>>();
    let lines = |all: &[String]| all.iter().flat_map(|text| Line::lines_of(text, 100)).collect::<Vec<_>>();
    let line = |text: &Option<String>| text.as_deref().map(Line::from_text);
    let today = book.moment.now.in_zone(&book.moment.here).date();
    let phones = ways(phone).into_iter().map(|way| Way { hours: hours.clone(), zone: line(zone), ..way });
    Ok(Contact {
        kind: if *vendor { ContactKind::Vendor } else { ContactKind::Person },
        phones: phones.collect(),
        emails: ways(email),
        chat: ways(chat),
        urls: ways(url),
        languages: lines(language),
        services: lines(service),
        account: line(account),
        contract: line(contract),
        notes: lines(note),
        order: *order,
        escalate_after: *escalate_after,
        verified: verified.map(|day| match day {
            Day::Today => today,
            Day::Of(day) => day,
        }),
        ..Contact::named(name.trim())
    })
}

pub(super) fn edit(cli: &Cli, book: &Book, as_json: bool, environment: &Environment) -> Result<Exit, Failure> {
    let Some(path) = book.file.path.as_deref() else {
        return Err(Failure::usage(anyhow::anyhow!("this system has no place for your configuration"))
            .hint("name a file: --file FILE"));
    };
    if cli.global.read_only {
        return Err(Failure::usage(anyhow::anyhow!("nothing may be changed (--read-only)")));
    }
    if !path.exists() {
        write_file(path, HEAD.as_bytes(), Existing::Keep).map_err(write_failed)?;
    }
    let variable = |name| environment.surroundings.variable(name);
    let editor = variable("VISUAL").or_else(|| variable("EDITOR")).unwrap_or("vi");
    // The shell takes the editor's own arguments apart: `code --wait`.
    let status = Command::new("/bin/sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("crashcart").arg(path).status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => {
            return Err(Failure::from(anyhow::anyhow!("the editor `{editor}` ended with {status}"))
                .hint("EDITOR names another one"));
        }
        Err(error) => return Err(Failure::from(anyhow::Error::new(error).context(format!("cannot start `{editor}`")))),
    }
    // Editors that write a new file forget who may read it.
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o600));
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return Err(Failure::from(error)),
    };
    let (contacts, diagnostics) = crate::config::contacts::load(&text);
    let drawn = crate::config::diagnostic::render_all(
        &diagnostics.iter().collect::<Vec<_>>(),
        &path.display().to_string(),
        &text,
    );
    let errors = diagnostics.iter().filter(|it| it.severity == crate::config::Severity::Error).count();
    if as_json {
        print_json(&json!({ "path": path, "contacts": contacts.len(), "errors": errors }))?;
    }
    output::tell(&drawn);
    output::tell(&format!("{} in {}\n", format::count(contacts.len(), "contact"), path.display()));
    Ok(if errors > 0 { Exit::Usage } else { Exit::Healthy })
}

/// What becomes of the cards of some files.
#[derive(Default)]
struct Outcome {
    added: Vec<Contact>,
    /// Where each stands among them.
    places: HashMap<ContactId, usize>,
    /// Who is there already, and the numbers of theirs that are not.
    known: Vec<(Line, Vec<Line>)>,
    /// File, line and sentence.
    problems: Vec<(String, usize, Line)>,
    left_out: BTreeMap<String, usize>,
    unreadable: bool,
}

pub(super) fn import(
    cli: &Cli,
    book: &Book,
    import: &ContactImportArgs,
    as_json: bool,
    environment: &Environment,
) -> Result<Exit, Failure> {
    book.file.to_be_changed()?;
    let here = environment.current_dir.clone().unwrap_or_default();
    let mut outcome = Outcome::default();
    for file in &import.files {
        let name = if file.as_os_str() == "-" { "standard input".to_owned() } else { file.display().to_string() };
        match bytes_of(file, &here) {
            Ok(bytes) => outcome.take(&name, read(&bytes), book),
            Err(error) => {
                outcome.unreadable = true;
                output::tell(&format!("error: cannot read `{name}`: {error}\n"));
            }
        }
    }
    let is_dry = import.dry_run || cli.global.read_only;
    if !is_dry && !outcome.added.is_empty() {
        book.file.replace(&append(&book.file.text, &outcome.added))?;
    }
    if as_json {
        print_json(&outcome.json(is_dry, book))?;
    } else {
        output::print(outcome.text(is_dry, &book.file.shown_path()))?;
    }
    Ok(match () {
        () if outcome.unreadable => Exit::CouldNotTell,
        () if !outcome.problems.is_empty() || outcome.known.iter().any(|(_, numbers)| !numbers.is_empty()) => {
            Exit::Wrong
        }
        () => Exit::Healthy,
    })
}

fn bytes_of(file: &Path, here: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        io::stdin().lock().take(LARGEST_IMPORT + 1).read_to_end(&mut bytes)?;
    } else {
        fs::File::open(here.join(file))?.take(LARGEST_IMPORT + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > LARGEST_IMPORT {
        return Err(io::Error::other("it is larger than an address book can be"));
    }
    Ok(bytes)
}

impl Outcome {
    fn take(&mut self, file: &str, import: Import, book: &Book) {
        let Import { contacts, problems, ignored } = import;
        self.problems.extend(problems.into_iter().map(|it| (file.to_owned(), it.line, it.message)));
        for (name, count) in ignored {
            *self.left_out.entry(name).or_default() += count;
        }
        for mut contact in contacts {
            if let Some(known) = book.contacts.iter().find(|known| known.id == contact.id) {
                let new = contact.phones.iter().filter(|way| !has_number(known, way));
                let new = new.map(|way| way.address.clone()).collect();
                self.known.push((contact.name, new));
                continue;
            }
            // Two files may have the same one each, or two people of one name.
            if let Some(place) = self.places.get(&contact.id) {
                if contact.phones.iter().all(|way| has_number(&self.added[*place], way)) {
                    self.known.push((contact.name, Vec::new()));
                    continue;
                }
                rename(&mut contact, |id| {
                    self.places.contains_key(id) || book.contacts.iter().any(|known| known.id == *id)
                });
            }
            self.places.insert(contact.id.clone(), self.added.len());
            self.added.push(contact);
        }
    }

    fn text(&self, is_dry: bool, path: &str) -> String {
        let mut text = String::new();
        for (file, line, message) in &self.problems {
            text.push_str(&format!("{file}:{line}: {message}\n"));
        }
        for (name, numbers) in &self.known {
            let numbers: Vec<&str> = numbers.iter().map(|number| number.as_str()).collect();
            match numbers.as_slice() {
                [] => text.push_str(&format!("{name} is there already\n")),
                new => text.push_str(&format!("{name} is there already, without {}\n", new.join(", "))),
            }
        }
        for contact in &self.added {
            let phones: Vec<&str> = contact.phones.iter().map(|way| way.address.as_str()).collect();
            text.push_str(&format!("{}  {}\n", contact.name, phones.join(", ")));
        }
        if !self.left_out.is_empty() {
            let all: Vec<String> = self.left_out.iter().map(|(name, count)| format!("{count} {name}")).collect();
            text.push_str(&format!("left out: {}\n", all.join(", ")));
        }
        let count = format::count(self.added.len(), "contact");
        let verb = if is_dry { "would be added to" } else { "added to" };
        text.push_str(&format!("{count} {verb} {path}\n"));
        text
    }

    fn json(&self, is_dry: bool, book: &Book) -> Value {
        let problems: Vec<Value> = self
            .problems
            .iter()
            .map(|(file, line, message)| json!({ "file": file, "line": line, "message": message }))
            .collect();
        let known: Vec<Value> =
            self.known.iter().map(|(name, numbers)| json!({ "name": name, "new_numbers": numbers })).collect();
        json!({ "added": self.added, "known": known, "problems": problems, "left_out": self.left_out, "dry_run": is_dry,
                "path": book.file.path })
    }
}

fn has_number(contact: &Contact, way: &Way) -> bool {
    let key = |way: &Way| Number::read(way.address.as_str()).map_or_else(|_| way.address.to_string(), |it| it.link());
    contact.phones.iter().any(|known| key(known) == key(way))
}
