//! From Markdown to parts: headings, numbered lists and task lists are steps, and everything else is read.
//!
//! ```text
//!   ## Diagnosis            text   (its list has the steps)
//!   1. Look at the queue    step   "Look at the queue", in Diagnosis
//!   2. Drain it             step   "Drain it", in Diagnosis
//!   ## Call the vendor      step   (nothing in it is a list)
//!   ## Background           text   (its name says that it is read)
//! ```

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{Command, Part, Step, command, fence, line_of};
use crate::config::diagnostic::Problems;
use crate::model::text::Line;

/// What was found.
pub struct Outline {
    pub title: Option<String>,
    pub parts: Vec<Part>,
}

/// Headings under which one reads and does nothing.
const READ: &[&str] = &[
    "meaning",
    "impact",
    "overview",
    "summary",
    "background",
    "context",
    "description",
    "purpose",
    "introduction",
    "symptoms",
    "symptom",
    "references",
    "reference",
    "see also",
    "related",
    "related links",
    "further reading",
    "links",
    "contents",
    "table of contents",
    "glossary",
    "audience",
    "scope",
    "notes",
    "changelog",
    "history",
    "license",
    "about",
    "prevention",
    "additional resources",
    "additional details",
    "resources",
    "ownership",
    "owner",
    "owners",
    "contacts",
    "full context",
];

/// A block of the document's uppermost level.
struct Block {
    range: Range<usize>,
    kind: Kind,
}

enum Kind {
    Heading {
        level: u8,
        text: String,
    },
    /// A numbered list, or one with boxes.
    Steps(Vec<Item>),
    Other,
}

struct Item {
    range: Range<usize>,
    title: String,
    task: Option<bool>,
}

/// Reads a document from a place on.
pub fn read(text: &str, from: usize, problems: &mut Problems) -> Outline {
    let body = &text[from..];
    let (blocks, commands) = blocks(text, body, from, problems);
    let title = blocks.iter().find_map(|block| match &block.kind {
        Kind::Heading { level: 1, text } => Some(text.clone()),
        _ => None,
    });
    let mut parts = cut(text, from, &blocks, &commands);
    if parts.iter().all(|part| part.step.is_none()) && !commands.is_empty() {
        parts = one_for_each(text, from, &commands);
    }
    for command in commands {
        let holder = parts.iter_mut().find(|part| part.range.contains(&command.range.start));
        if let Some(step) = holder.and_then(|part| part.step.as_mut()) {
            step.commands.push(command);
        }
    }
    Outline { title, parts }
}

fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
}

fn level_of(level: HeadingLevel) -> u8 {
    level as u8
}

/// Collects blocks of the uppermost level, and commands of every level.
fn blocks(text: &str, body: &str, from: usize, problems: &mut Problems) -> (Vec<Block>, Vec<Command>) {
    let mut blocks = Vec::new();
    let mut commands = Vec::new();
    let mut depth = 0_usize;
    let mut heading: Option<(u8, String)> = None;
    let mut list: Option<(bool, Vec<Item>)> = None;
    let mut code: Option<(String, String)> = None;
    for (event, range) in Parser::new_ext(body, options()).into_offset_iter() {
        let range = range.start + from..range.end + from;
        match event {
            Event::Start(tag) => {
                match &tag {
                    Tag::Heading { level, .. } if depth == 0 => heading = Some((level_of(*level), String::new())),
                    Tag::List(first) if depth == 0 => list = Some((first.is_some(), Vec::new())),
                    // What hangs below an item's first paragraph is no title.
                    Tag::List(_) | Tag::Paragraph if depth >= 2 => {
                        if let Some((_, items)) = &mut list {
                            end_title(items);
                        }
                    }
                    Tag::Item if depth == 1 => {
                        if let Some((_, items)) = &mut list {
                            items.push(Item { range: range.clone(), title: String::new(), task: None });
                        }
                    }
                    Tag::CodeBlock(kind) => {
                        let info = match kind {
                            CodeBlockKind::Fenced(info) => info.to_string(),
                            CodeBlockKind::Indented => String::new(),
                        };
                        code = Some((info, String::new()));
                    }
                    _ => {}
                }
                depth += 1;
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                if let (TagEnd::CodeBlock, Some((info, inside))) = (tag, code.take()) {
                    let (language, attributes) = fence::read(&info, &range, problems);
                    if let Some(found) = command::find(&language, &inside) {
                        let line = line_of(text, range.start);
                        let (text, is_transcript) = (found.text, found.is_transcript);
                        commands.push(Command {
                            text,
                            language,
                            attributes,
                            range: range.clone(),
                            line,
                            is_transcript,
                        });
                    }
                }
                if depth == 0 {
                    let kind = match (tag, heading.take(), list.take()) {
                        (TagEnd::Heading(_), Some((level, text)), _) => Kind::Heading { level, text },
                        (TagEnd::List(_), _, Some((ordered, items)))
                            if ordered || items.iter().any(|item| item.task.is_some()) =>
                        {
                            Kind::Steps(items)
                        }
                        _ => Kind::Other,
                    };
                    blocks.push(Block { range, kind });
                }
            }
            Event::TaskListMarker(done) => {
                if let (Some((_, items)), true) = (&mut list, depth <= 3)
                    && let Some(item) = items.last_mut()
                    && item.title.is_empty()
                {
                    item.task = Some(done);
                }
            }
            Event::Text(piece) | Event::Code(piece) => {
                if let Some((_, inside)) = &mut code {
                    inside.push_str(&piece);
                } else if let Some((_, text)) = &mut heading {
                    text.push_str(&piece);
                } else if let Some((_, items)) = &mut list {
                    title_of(items, &piece);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some((_, items)) = &mut list {
                    end_title(items);
                } else if let Some((_, text)) = &mut heading {
                    text.push(' ');
                }
            }
            _ => {
                if depth == 0 {
                    blocks.push(Block { range, kind: Kind::Other });
                }
            }
        }
    }
    (blocks, commands)
}

/// A title is the first line of an item; a mark at its end says that it is whole.
const WHOLE: char = '\u{0}';

fn title_of(items: &mut [Item], piece: &str) {
    if let Some(item) = items.last_mut().filter(|item| !item.title.ends_with(WHOLE)) {
        item.title.push_str(piece);
    }
}

fn end_title(items: &mut [Item]) {
    if let Some(item) = items.last_mut().filter(|item| !item.title.is_empty() && !item.title.ends_with(WHOLE)) {
        item.title.push(WHOLE);
    }
}

/// Cuts the document into parts that cover all of it.
fn cut(text: &str, from: usize, blocks: &[Block], commands: &[Command]) -> Vec<Part> {
    let mut headings = blocks.iter().filter_map(|block| match &block.kind {
        Kind::Heading { level, .. } => Some(*level),
        _ => None,
    });
    // The first heading of level 1 is the title; the level below it makes the sections.
    let has_title = headings.next().is_some_and(|first| first == 1);
    let rest: Vec<u8> = headings.collect();
    let section_level = match (has_title, rest.iter().min()) {
        (true, Some(1)) => 1,
        (true, Some(level)) => *level,
        (true, None) => 2,
        (false, _) => blocks
            .iter()
            .filter_map(|block| match &block.kind {
                Kind::Heading { level, .. } => Some(*level),
                _ => None,
            })
            .min()
            .unwrap_or(2),
    };
    let mut cutter = Cutter {
        text,
        parts: Vec::new(),
        begun: from,
        step: None,
        section: None,
        seen_title: !has_title,
        in_items: false,
        numbered: None,
    };
    // Commands stand in a step wherever they are written, or nobody could run them: behind a list they belong to its last
    // item, and before one to the heading.
    let held = |index: usize| {
        let rest = &blocks[index + 1..];
        let next = rest.iter().find(|block| !matches!(block.kind, Kind::Other));
        let (begin, end) = (blocks[index].range.end, next.map_or(text.len(), |next| next.range.start));
        commands.iter().any(|command| (begin..end).contains(&command.range.start))
    };
    let begins_steps = |block: &&Block| match block.kind {
        Kind::Heading { level, .. } => level <= section_level,
        Kind::Steps(_) => true,
        Kind::Other => false,
    };
    let has_sections = blocks.iter().filter(begins_steps).count() > usize::from(has_title);
    for (index, block) in blocks.iter().enumerate() {
        match &block.kind {
            Kind::Heading { level, text } if *level <= section_level => {
                cutter.numbered = numbered(blocks, index, section_level);
                let has_items = cutter.numbered.is_some() || following(blocks, index, section_level);
                cutter.heading(block, text, has_items, has_sections && held(index));
            }
            Kind::Heading { level, text } if cutter.in_items && !cutter.is_read() => {
                let is_step = held(index) || (is_numbered(text) && !begins_a_list(blocks, index));
                // What is smaller than a numbered heading belongs to it.
                if cutter.numbered.is_none_or(|numbered| *level <= numbered) {
                    cutter.below(block, text, is_step);
                }
            }
            Kind::Steps(items) if !cutter.is_read() => cutter.items(items, held(index)),
            _ => {}
        }
    }
    cutter.finish()
}

/// Returns whether a numbered list or boxes stand in the section that a heading begins.
fn following(blocks: &[Block], heading: usize, section_level: u8) -> bool {
    let rest = blocks[heading + 1..].iter();
    rest.take_while(|block| !matches!(block.kind, Kind::Heading { level, .. } if level <= section_level))
        .any(|block| matches!(block.kind, Kind::Steps(_)))
}

/// Returns the level of the numbered headings in a section, if there are several: `### 1. Look`, `### Step 2: Drain it`.
fn numbered(blocks: &[Block], heading: usize, section_level: u8) -> Option<u8> {
    let levels = blocks[heading + 1..].iter().filter_map(|block| match &block.kind {
        Kind::Heading { level, text } => Some((*level, is_numbered(text))),
        _ => None,
    });
    let inside: Vec<u8> = levels
        .take_while(|(level, _)| *level > section_level)
        .filter_map(|(level, is_numbered)| is_numbered.then_some(level))
        .collect();
    let level = *inside.iter().min()?;
    (inside.iter().filter(|one| **one == level).count() > 1).then_some(level)
}

fn is_numbered(heading: &str) -> bool {
    let lower = heading.trim().to_lowercase();
    let rest = lower.strip_prefix("step ").unwrap_or(&lower);
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    // A version such as 1.2 is no number of a step, and neither is "3 reasons".
    let says_step = rest.len() < lower.len();
    let ends = [". ", ") ", ": "].iter().any(|end| after.starts_with(end)) || (says_step && !after.starts_with('.'));
    after.len() < rest.len() && ends
}

/// Returns whether a list of steps comes before anything else that makes steps.
fn begins_a_list(blocks: &[Block], heading: usize) -> bool {
    let next = blocks[heading + 1..].iter().find(|block| !matches!(block.kind, Kind::Other));
    next.is_some_and(|block| matches!(block.kind, Kind::Steps(_)))
}

struct Cutter<'t> {
    text: &'t str,
    parts: Vec<Part>,
    /// Where the part under way begins.
    begun: usize,
    step: Option<Step>,
    section: Option<String>,
    seen_title: bool,
    /// A list of the section under way has begun, so what stands below smaller headings may be on its own.
    in_items: bool,
    /// The level of the section's headings that are numbered: they are its steps.
    numbered: Option<u8>,
}

impl Cutter<'_> {
    fn is_read(&self) -> bool {
        self.section.as_ref().is_some_and(|section| {
            let words = section.trim().trim_end_matches([':', '.', '?', '!']).to_lowercase();
            let words = words.trim_start_matches(|c: char| !c.is_alphabetic());
            READ.contains(&words)
        })
    }

    /// Ends the part under way before a place.
    fn end(&mut self, at: usize) {
        if at > self.begun {
            self.parts.push(Part { range: self.begun..at, step: self.step.take() });
            self.begun = at;
        }
        self.step = None;
    }

    fn heading(&mut self, block: &Block, text: &str, has_items: bool, has_commands: bool) {
        if !self.seen_title {
            self.seen_title = true;
            if has_commands {
                self.step = Some(self.new_step(text, None, None, block.range.start));
            }
            return;
        }
        self.end(block.range.start);
        self.section = Some(text.to_owned());
        self.in_items = self.numbered.is_some();
        if (!has_items || has_commands) && !self.is_read() {
            self.step = Some(self.new_step(text, None, None, block.range.start));
        }
    }

    /// A smaller heading after a list.
    fn below(&mut self, block: &Block, text: &str, has_commands: bool) {
        self.end(block.range.start);
        if has_commands {
            self.step = Some(self.new_step(text, self.section.clone(), None, block.range.start));
        }
    }

    fn items(&mut self, items: &[Item], has_commands: bool) {
        self.in_items = true;
        for item in items {
            self.end(item.range.start);
            let title = item.title.trim_end_matches(WHOLE);
            let section = self.section.clone();
            self.step = Some(self.new_step(title, section, item.task, item.range.start));
        }
        // What follows the list is read again, unless there is something to run in it.
        if let Some(last) = items.last()
            && !has_commands
        {
            self.end(last.range.end);
        }
    }

    fn new_step(&self, title: &str, section: Option<String>, task: Option<bool>, at: usize) -> Step {
        Step {
            title: Line::from_text(title.trim()),
            section: section.map(|section| Line::from_text(&section)),
            task,
            line: line_of(self.text, at),
            commands: Vec::new(),
        }
    }

    fn finish(mut self) -> Vec<Part> {
        self.end(self.text.len());
        self.parts
    }
}

/// A document without structure: each command is a step, with what stands above it.
fn one_for_each(text: &str, from: usize, commands: &[Command]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut begun = from;
    for (number, command) in commands.iter().enumerate() {
        let title = command.attributes.get("name").map_or_else(|| first_line(&command.text), str::to_owned);
        let end = commands.get(number + 1).map_or(text.len(), |_| command.range.end);
        let step = Step {
            title: Line::from_text(&title),
            section: None,
            task: None,
            line: command.line,
            commands: Vec::new(),
        };
        parts.push(Part { range: begun..end, step: Some(step) });
        begun = end;
    }
    parts
}

fn first_line(text: &str) -> String {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned()
}
