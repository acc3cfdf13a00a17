//! How the logs look.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::{LogsState, Shown};
use crate::app::world::World;
use crate::logs::view::Row;
use crate::model::log::{Level, LogOrigin, LogSourceState};
use crate::pane::under_rule;
use crate::ui::paint::{self, Piece, piece};
use crate::ui::{Look, Role, format, level_role};

/// What all rows of one frame share.
struct Frame<'a> {
    zone: &'a jiff::tz::TimeZone,
    /// Whether lines must say which source they are of.
    several: bool,
    focused: bool,
    look: &'a Look,
}

impl LogsState {
    /// Draws the pane.
    pub fn view(&self, world: &World, focused: bool, area: Rect, buf: &mut Buffer, look: &Look) {
        let title = self.title(focused, look);
        let mut end = self.errors(world, area.width, look);
        end.extend(self.status(look));
        paint::rule(buf, area, &title, &end, focused, look);
        let mut inner = under_rule(area);
        for text in self.troubles(world).into_iter().take(2) {
            if inner.height < 2 {
                break;
            }
            let pieces = [piece(format!(" {} {text}", look.glyphs.degraded), look.style(Role::Degraded))];
            paint::row(buf, Rect { height: 1, ..inner }, &pieces, look);
            inner = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
        }
        let (buffer, view) = self.reading();
        let rows = view.rows(buffer, usize::from(inner.height));
        if rows.is_empty() {
            let text = self.why_empty(world, buffer.is_empty());
            paint::row(
                buf,
                Rect { height: inner.height.min(1), ..inner },
                &[piece(format!(" {text}"), look.style(Role::Dim))],
                look,
            );
            return;
        }
        let several = self.sources.iter().filter(|source| self.is_shown(source)).count() > 1 && self.history.is_none();
        let frame = Frame { zone: &world.zone, several, focused, look };
        for (row, y) in rows.iter().zip(inner.top()..inner.bottom()) {
            self.row(row, &frame, Rect { y, height: 1, ..inner }, buf);
        }
    }

    fn row(&self, row: &Row<'_>, frame: &Frame<'_>, line: Rect, buf: &mut Buffer) {
        let look = frame.look;
        let base = look.style(if row.continuation { Role::Dim } else { level_role(row.line.level) });
        let mark = match row.line.level {
            _ if row.gap > 0 => look.glyphs.separator,
            _ if row.continuation => " ",
            Some(Level::Error | Level::Fatal) => look.glyphs.down,
            Some(Level::Warn) => look.glyphs.degraded,
            _ => " ",
        };
        let mut pieces: Vec<Piece<'_>> = vec![piece(mark, base)];
        if row.gap > 0 {
            pieces.push(piece(
                format!("{} missing ", format::count(usize::try_from(row.gap).unwrap_or(usize::MAX), "line")),
                look.style(Role::Degraded),
            ));
        }
        // A line that states its time shows it; a platform tells the time beside the line.
        let beside =
            self.sources.iter().any(|source| source.id == *row.source && matches!(source.origin, LogOrigin::Feed(_)));
        if line.width >= 100 && (row.line.stated.is_none() || beside) && !row.continuation {
            let when = row.line.time().in_zone(frame.zone).strftime("%H:%M:%S ").to_string();
            pieces.push(piece(when, look.style(Role::Faint)));
        }
        if frame.several {
            let index = self.sources.iter().position(|source| source.id == *row.source).unwrap_or(0);
            let style = look.theme.sources[index % look.theme.sources.len()];
            // On a phone the name would leave no room for the line: its colour and first letters must do.
            let cells = if line.width >= 100 {
                16
            } else if line.width >= 60 {
                10
            } else {
                3
            };
            let name = self.title_of(row.source);
            pieces.push(piece(format!("{:<cells$} ", paint::cut(&name, cells, look)), style));
        }
        let text = row.line.text.as_str();
        let skip = skip_cells(text, usize::from(self.shift));
        pieces.extend(marked(text, skip, row, base, look));
        let folded = match row.folded {
            0 => Vec::new(),
            n => vec![piece(format!(" {} {n} more ", look.glyphs.folded), look.style(Role::Dim))],
        };
        let room = line.width.saturating_sub(u16::try_from(paint::pieces_width(&folded)).unwrap_or(0));
        paint::row(buf, Rect { width: room, ..line }, &pieces, look);
        paint::right(buf, line, 0, &folded, look);
        if row.selected {
            let role = if frame.focused { Role::Selected } else { Role::SelectedElsewhere };
            paint::wash(buf, line, look.style(role));
        }
    }

    fn title(&self, focused: bool, look: &Look) -> Vec<Piece<'static>> {
        let style = look.style(if focused { Role::Accent } else { Role::Title });
        let dim = look.style(Role::Dim);
        let name = match (&self.history, &self.shown) {
            (Some(history), _) => self.title_of(&history.source),
            (None, Shown::All) => match self.sources.as_slice() {
                [only] => only.title.to_string(),
                _ => String::new(),
            },
            (None, Shown::Service(id)) => id.to_string(),
            (None, Shown::One(id)) => self.title_of(id),
        };
        let mut title = vec![piece("Log", style)];
        if !name.is_empty() {
            title.push(piece(format!(" {name}"), style));
        }
        let filter = self.view.filter();
        if let Some(level) = filter.min_level() {
            title.push(piece(format!("  {}+", format!("{level:?}").to_lowercase()), look.style(Role::Degraded)));
        }
        if !filter.text().is_empty() {
            title.push(piece(format!("  only {}", filter.text()), look.style(Role::Degraded)));
        }
        if let Some(search) = self.view.search() {
            title.push(piece(format!("  /{}", search.text()), look.style(Role::Accent)));
        }
        if let Some(progress) = &self.progress {
            let matches = format::count(usize::try_from(progress.matches).unwrap_or(usize::MAX), "match");
            let text = match (progress.done, progress.total) {
                (true, total) => format!("  {matches} in {}", format::bytes(total)),
                (false, 0) => "  searching".to_owned(),
                (false, total) => {
                    format!("  {matches}, {} % read", u128::from(progress.read) * 100 / u128::from(total))
                }
            };
            title.push(piece(text, dim));
        }
        title
    }

    /// How the errors of the last minutes are spread, where there were any and there is room to show it.
    fn errors(&self, world: &World, width: u16, look: &Look) -> Vec<Piece<'static>> {
        if width < 100 {
            return Vec::new();
        }
        let buckets = self.recent(world, 30);
        let most = buckets.iter().map(|bucket| bucket.errors).max().unwrap_or(0);
        let total: u64 = buckets.iter().map(|bucket| u64::from(bucket.errors)).sum();
        if most == 0 {
            return Vec::new();
        }
        let mut pieces = vec![piece(
            format!("{} in 15m ", format::count(usize::try_from(total).unwrap_or(usize::MAX), "error")),
            look.style(Role::Dim),
        )];
        for bucket in buckets {
            #[expect(clippy::cast_precision_loss, reason = "a height of at most eight steps")]
            let share = bucket.errors as f32 / most as f32;
            pieces.push(match bucket.errors {
                0 => piece(look.glyphs.bars[0], look.style(Role::Faint)),
                _ => crate::ui::chart::spark(&[share], 1, Role::Down, look),
            });
        }
        pieces.push(piece("  ", look.style(Role::Text)));
        pieces
    }

    /// What the view is doing: following, standing, paused; and what was lost.
    fn status(&self, look: &Look) -> Vec<Piece<'static>> {
        let dim = look.style(Role::Dim);
        let mut status = Vec::new();
        let dropped: u64 = self.buffer.sources().map(|stats| stats.dropped).sum();
        if dropped > 0 {
            status.push(piece(format!("{} dropped  ", format::thousands(dropped)), look.style(Role::Degraded)));
        }
        let news = self.view.news();
        let news = if news > 0 { format!(", {} new", format::thousands(news)) } else { String::new() };
        let (text, style) = if self.history.is_some() {
            (format!("earlier, G for now{news}"), look.style(Role::Accent))
        } else if self.view.is_paused() {
            (format!("paused{news}"), look.style(Role::Degraded))
        } else if self.view.is_following() {
            ("following".to_owned(), dim)
        } else {
            (format!("standing{news}"), look.style(Role::Accent))
        };
        status.push(piece(text, style));
        status
    }

    /// Sources of which nothing comes, and why.
    fn troubles(&self, world: &World) -> Vec<String> {
        let mut troubles = Vec::new();
        for source in self.sources.iter().filter(|source| self.is_shown(source)) {
            let why = match world.snapshot.logs.get(&source.id) {
                Some(LogSourceState::Failed(why) | LogSourceState::Waiting(why) | LogSourceState::Ended(why)) => why,
                Some(LogSourceState::Opening | LogSourceState::Following { .. } | LogSourceState::Rotated(_))
                | None => continue,
            };
            troubles.push(format!("{}: {why}", source.title));
        }
        troubles
    }

    fn why_empty(&self, world: &World, nothing_at_all: bool) -> String {
        if world.inert.is_some() {
            return "not followed until the configuration is trusted".to_owned();
        }
        if self.sources.is_empty() {
            return "no logs are followed; name one with --log FILE".to_owned();
        }
        let filter = self.view.filter();
        let is_filtered = !filter.text().is_empty() || filter.min_level().is_some();
        // That a service has said nothing yet is no filter of anybody's.
        if let (Shown::Service(service), false) = (&self.shown, is_filtered) {
            return format!("no lines of {service} yet");
        }
        if !nothing_at_all {
            return "nothing passes the filter; X clears it".to_owned();
        }
        "no lines yet".to_owned()
    }
}

/// Returns the byte behind so many cells.
fn skip_cells(text: &str, cells: usize) -> usize {
    if cells == 0 {
        return 0;
    }
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if used >= cells {
            return at;
        }
        used += grapheme.width();
    }
    text.len()
}

/// Cuts a line into pieces with and without what the search found.
fn marked<'a>(text: &'a str, skip: usize, row: &Row<'_>, base: ratatui::style::Style, look: &Look) -> Vec<Piece<'a>> {
    let hit = look.style(if row.selected { Role::MatchHere } else { Role::Match });
    let mut pieces = Vec::new();
    let mut at = skip;
    for range in row.matches.iter().filter(|range| range.end > skip) {
        let start = range.start.max(at);
        if start > at {
            pieces.push(piece(&text[at..start], base));
        }
        pieces.push(piece(&text[start..range.end], hit));
        at = range.end;
    }
    pieces.push(piece(&text[at..], base));
    pieces
}
