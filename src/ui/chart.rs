//! Small charts: sparkline, availability strip, meter, latency over time.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{Piece, piece, row};
use super::{Look, Role, format, status_role};
use crate::model::check_state::CheckState;
use crate::model::history::{History, Sample, Status};
use crate::model::metric::short;
use crate::model::observed::Cadence;
use crate::model::time::Timestamp;

/// Returns the availability between `from` and `now` as one cell for each slice of time.
pub fn strip(
    state: &CheckState,
    cadence: Cadence,
    from: Timestamp,
    now: Timestamp,
    cells: usize,
    look: &Look,
) -> Vec<Piece<'static>> {
    let mut pieces: Vec<(Status, String)> = Vec::new();
    for status in state.history.strip(from, now, state.known_until(cadence, now), cells) {
        match pieces.last_mut() {
            Some((last, text)) if *last == status => text.push_str(look.glyphs.strip(status)),
            _ => pieces.push((status, look.glyphs.strip(status).to_owned())),
        }
    }
    pieces.into_iter().map(|(status, text)| piece(text, look.style(status_role(status)))).collect()
}

/// Returns values between 0 and 1 as bars, newest at the right; missing ones on the left stay empty.
pub fn spark(values: &[f32], cells: usize, role: Role, look: &Look) -> Piece<'static> {
    let shown = &values[values.len().saturating_sub(cells)..];
    let mut text = " ".repeat(cells - shown.len());
    text.extend(shown.iter().map(|value| bar(*value, look)));
    piece(text, look.style(role))
}

/// Returns a meter of a share: `████░░░░`.
pub fn meter(share: f32, cells: usize, role: Role, look: &Look) -> [Piece<'static>; 2] {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "clamped")]
    let full = ((share.clamp(0.0, 1.0) * cells as f32).round() as usize).min(cells);
    [
        piece(look.glyphs.meter_full.repeat(full), look.style(role)),
        piece(look.glyphs.meter_empty.repeat(cells - full), look.style(Role::Faint)),
    ]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the eight bars")]
fn bar(value: f32, look: &Look) -> &'static str {
    look.glyphs.bars[((value.clamp(0.0, 1.0) * 8.0).ceil() as usize).clamp(1, 8) - 1]
}

/// Draws latency over time: a column for each slice, the worst of its probes; failed probes fill their column.
///
/// The scale's top stands at the left of the first row, the time span under the last.
pub fn latency(buf: &mut Buffer, area: Rect, history: &History, from: Timestamp, now: Timestamp, look: &Look) {
    const LABEL: u16 = 8;
    if area.height < 3 || area.width < LABEL + 10 {
        return;
    }
    let plot = Rect { x: area.x + LABEL, width: area.width - LABEL, height: area.height - 1, ..area };
    let columns = columns(history, from, now, usize::from(plot.width));
    let worst = columns.iter().flatten().filter(|s| s.status != Status::Down).map(|s| s.ms).max().unwrap_or(0);
    let top = nice_ceiling(worst);
    let faint = look.style(Role::Faint);
    let label = |text: String| piece(format!("{text:>7} "), look.style(Role::Dim));
    row(
        buf,
        Rect { height: 1, width: LABEL, ..area },
        &[label(format::latency(Duration::from_millis(top.into())))],
        look,
    );
    row(buf, Rect { y: plot.bottom() - 1, height: 1, width: LABEL, ..area }, &[label("0".to_owned())], look);
    for (index, sample) in columns.iter().enumerate() {
        let x = plot.x + u16::try_from(index).unwrap_or(0);
        let Some(sample) = sample else {
            buf[(x, plot.bottom() - 1)].set_symbol(look.glyphs.strip(Status::Unwatched)).set_style(faint);
            continue;
        };
        let style = look.style(status_role(sample.status));
        let failed = matches!(sample.status, Status::Down | Status::Unknown);
        if failed {
            // A failed probe has no latency worth a height: its column says only that it failed.
            for y in plot.top()..plot.bottom() {
                buf[(x, y)].set_symbol(look.glyphs.shade).set_style(style);
            }
            continue;
        }
        let eighths = u64::from(sample.ms) * u64::from(plot.height) * 8 / u64::from(top);
        let eighths = u32::try_from(eighths).unwrap_or(u32::MAX).clamp(1, u32::from(plot.height) * 8);
        // Only the top of the column has the status' colour: a curve, not a wall.
        let full = u16::try_from((eighths - 1) / 8).unwrap_or(0);
        for step in 0..=full {
            let y = plot.bottom() - 1 - step;
            if step < full {
                buf[(x, y)].set_symbol(look.glyphs.stem).set_style(faint);
            } else {
                buf[(x, y)].set_symbol(look.glyphs.bars[((eighths - 1) % 8) as usize]).set_style(style);
            }
        }
    }
    let axis = Rect { y: area.bottom() - 1, height: 1, ..plot };
    let used = row(buf, axis, &[piece(format!("{} ago", format::span(now.since(from))), look.style(Role::Dim))], look);
    super::paint::right(buf, axis, used + 1, &[piece("now", look.style(Role::Dim))], look);
}

/// What a chart of a time series shows beside its values.
#[derive(Clone, Copy, Debug)]
pub struct Plot<'a> {
    pub from: Timestamp,
    pub now: Timestamp,
    /// Where the value becomes a warning, and where it is critical.
    pub warn: Option<f64>,
    pub critical: Option<f64>,
    /// What happened when: releases.
    pub markers: &'a [(Timestamp, String)],
}

/// Draws a time series: a column for each slice of time, lines where it becomes bad, and marks of what happened.
pub fn series(
    buf: &mut Buffer,
    area: Rect,
    plot: &Plot<'_>,
    columns: impl FnOnce(usize) -> Vec<Option<f64>>,
    look: &Look,
) {
    const LABEL: u16 = 8;
    if area.height < 3 || area.width < LABEL + 10 {
        return;
    }
    let place = Rect { x: area.x + LABEL, width: area.width - LABEL, height: area.height - 1, ..area };
    let columns = columns(usize::from(place.width));
    let lines = [(plot.warn, Role::Degraded), (plot.critical, Role::Down)];
    let values = columns.iter().flatten().copied().chain(lines.iter().filter_map(|(line, _)| *line));
    let top = values.fold(0.0_f64, f64::max) * 1.05;
    let top = if top > 0.0 { top } else { 1.0 };
    let low = plot.warn.zip(plot.critical).is_some_and(|(warn, critical)| critical < warn);
    let beyond =
        |value: f64, line: Option<f64>| line.is_some_and(|line| if low { value <= line } else { value >= line });
    let label = |text: String| piece(format!("{text:>7} "), look.style(Role::Dim));
    row(buf, Rect { height: 1, width: LABEL, ..area }, &[label(short(top))], look);
    row(buf, Rect { y: place.bottom() - 1, height: 1, width: LABEL, ..area }, &[label("0".to_owned())], look);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the height")]
    let row_of =
        |value: f64| place.bottom() - 1 - ((value / top * f64::from(place.height)) as u16).min(place.height - 1);
    for (line, role) in lines {
        let Some(line) = line else { continue };
        let y = row_of(line);
        for x in place.left()..place.right() {
            buf[(x, y)].set_symbol(look.glyphs.horizontal).set_style(look.style(role));
        }
        row(
            buf,
            Rect { y, height: 1, width: LABEL, ..area },
            &[piece(format!("{:>7} ", short(line)), look.style(role))],
            look,
        );
    }
    let span = plot.now.since(plot.from).as_micros().max(1);
    let at_column = |at: Timestamp| {
        let inside = at > plot.from && at <= plot.now;
        let index = at.since(plot.from).as_micros() * u128::from(place.width) / span;
        inside.then(|| place.x + u16::try_from(index).unwrap_or(0).min(place.width - 1))
    };
    for (at, _) in plot.markers {
        if let Some(x) = at_column(*at) {
            for y in place.top()..place.bottom() {
                buf[(x, y)].set_symbol(look.glyphs.vertical).set_style(look.style(Role::Accent));
            }
        }
    }
    for (index, value) in columns.iter().enumerate() {
        let x = place.x + u16::try_from(index).unwrap_or(0);
        let Some(value) = value else { continue };
        let role = if beyond(*value, plot.critical) {
            Role::Down
        } else if beyond(*value, plot.warn) {
            Role::Degraded
        } else {
            Role::Healthy
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the height")]
        let eighths = ((value.max(0.0) / top * f64::from(place.height) * 8.0).round() as u32)
            .clamp(1, u32::from(place.height) * 8);
        let full = u16::try_from((eighths - 1) / 8).unwrap_or(0);
        let y = place.bottom() - 1 - full;
        buf[(x, y)].set_symbol(look.glyphs.bars[((eighths - 1) % 8) as usize]).set_style(look.style(role));
    }
    let axis = Rect { y: area.bottom() - 1, height: 1, ..place };
    let used = row(
        buf,
        axis,
        &[piece(format!("{} ago", format::span(plot.now.since(plot.from))), look.style(Role::Dim))],
        look,
    );
    super::paint::right(buf, axis, used + 1, &[piece("now", look.style(Role::Dim))], look);
    for (at, name) in plot.markers {
        let width = u16::try_from(super::paint::width(name)).unwrap_or(u16::MAX).saturating_add(1);
        if let Some(x) = at_column(*at).filter(|x| *x > axis.x + used && x + width + 4 < axis.right()) {
            row(
                buf,
                Rect { x, width, ..axis },
                &[piece(format!("{}{name}", look.glyphs.up), look.style(Role::Accent))],
                look,
            );
        }
    }
}

/// Returns the sample that stands for each slice of time: the worst, and among equals the slowest.
fn columns(history: &History, from: Timestamp, now: Timestamp, cells: usize) -> Vec<Option<Sample>> {
    let mut columns: Vec<Option<Sample>> = vec![None; cells];
    let span = now.since(from).as_micros().max(1);
    for sample in history.samples().filter(|sample| sample.at > from && sample.at <= now) {
        let index = (sample.at.since(from).as_micros() * cells as u128 / span).min(cells as u128 - 1) as usize;
        let worse =
            columns[index].is_none_or(|held| (sample.status, u32::MAX - sample.ms) < (held.status, u32::MAX - held.ms));
        if worse {
            columns[index] = Some(*sample);
        }
    }
    // Probes are rarer than cells on a wide screen: a probe stands until the next one, as long as it was current.
    let gap = typical_gap(history);
    let mut held: Option<Sample> = None;
    for (index, column) in columns.iter_mut().enumerate() {
        let here = from + Duration::from_micros(u64::try_from(span * (index as u128 + 1) / cells as u128).unwrap_or(0));
        match column {
            Some(sample) => held = Some(*sample),
            None => *column = held.filter(|sample| here.since(sample.at) <= gap),
        }
    }
    columns
}

/// Returns how long a sample stands for: somewhat more than the usual time between two.
fn typical_gap(history: &History) -> Duration {
    let times: Vec<_> = history.samples().rev().take(20).map(|sample| sample.at).collect();
    let mut gaps: Vec<_> = times.windows(2).map(|pair| pair[0].since(pair[1])).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or_default() * 5 / 2
}

/// Returns a round number at or above `ms` for the scale's top.
fn nice_ceiling(ms: u32) -> u32 {
    let mut step = 10;
    loop {
        for factor in [1, 2, 5] {
            if ms <= step * factor {
                return step * factor;
            }
        }
        let Some(next) = step.checked_mul(10).filter(|next| *next <= 100_000_000) else { return ms };
        step = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_a_round_number() {
        let tops: Vec<_> = [0, 10, 11, 51, 180, 900, 4_100].map(nice_ceiling).into();
        assert_eq!(tops, [10, 10, 20, 100, 200, 1_000, 5_000]);
    }

    #[test]
    fn a_probe_stands_until_the_next_and_an_unwatched_stretch_stays_empty() {
        let mut history = History::default();
        for secs in [10, 20, 30, 80, 90] {
            history.sample(Sample { at: Timestamp::from_secs(secs), ms: 5, status: Status::Up });
        }
        let shown = columns(&history, Timestamp::from_secs(0), Timestamp::from_secs(100), 20);
        let text: String = shown.iter().map(|column| if column.is_some() { '#' } else { '.' }).collect();
        assert_eq!(text, "..#########.....####");
    }
}
