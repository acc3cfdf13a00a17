use super::*;
use crate::logs::demo::{at, batch, line, more};

/// A buffer and a view of it, ten rows high.
struct Pane {
    buffer: LogBuffer,
    view: LogView,
}

const HEIGHT: usize = 5;

impl Pane {
    fn with(lines: impl IntoIterator<Item = LogLine>) -> Self {
        let mut pane = Self { buffer: LogBuffer::default(), view: LogView::new() };
        pane.push("a", lines);
        pane
    }

    fn numbered(range: std::ops::Range<i64>) -> Self {
        Self::with(range.map(|n| line(n, n, &n.to_string())))
    }

    fn push(&mut self, source: &str, lines: impl IntoIterator<Item = LogLine>) {
        self.buffer.push_batch(batch(source, lines));
        self.view.sync(&mut self.buffer);
    }

    fn filter(&mut self, change: impl FnOnce(&mut Filter)) {
        let mut filter = self.view.filter().clone();
        change(&mut filter);
        self.view.set_filter(&self.buffer, filter);
    }

    fn find(&mut self, direction: Direction) -> Found {
        self.view.find(&self.buffer, HEIGHT, direction)
    }

    fn scroll(&mut self, by: isize) {
        self.view.scroll(&self.buffer, HEIGHT, by);
    }

    fn select(&mut self, by: isize) {
        self.view.move_selection(&self.buffer, HEIGHT, by);
    }

    fn selected(&self) -> Option<&str> {
        self.view.selected(&self.buffer).map(|item| item.line.text.as_str())
    }

    /// The rows as text; a fold shows as `+3`, the selection as `>`.
    fn screen(&self) -> Vec<String> {
        let rows = self.view.rows(&self.buffer, HEIGHT);
        assert!(rows.len() <= HEIGHT);
        rows.iter()
            .map(|row| {
                let mark = if row.selected { ">" } else { "" };
                let fold = if row.folded > 0 { format!(" +{}", row.folded) } else { String::new() };
                format!("{mark}{}{fold}", row.line.text)
            })
            .collect()
    }

    #[track_caller]
    fn check(&self, expected: &str) {
        assert_eq!(self.screen().join("|"), expected);
    }
}

#[test]
fn a_new_view_follows_the_newest_line() {
    let mut pane = Pane::numbered(0..3);
    pane.check("0|1|2");
    pane.push("a", [line(3, 3, "3"), line(4, 4, "4"), line(5, 5, "5")]);
    pane.check("1|2|3|4|5");
    assert!(pane.view.is_following());
}

#[test]
fn scrolling_stops_following_and_the_end_follows_again() {
    let mut pane = Pane::numbered(0..20);
    pane.scroll(-3);
    pane.check("12|13|14|15|16");
    pane.push("a", [line(20, 20, "20"), line(21, 21, "21")]);
    pane.check("12|13|14|15|16");
    assert_eq!(pane.view.news(), 2);
    pane.scroll(4);
    pane.check("16|17|18|19|20");
    pane.scroll(4);
    pane.check("17|18|19|20|21");
    assert!(pane.view.is_following());
    assert_eq!(pane.view.news(), 0);
    pane.view.home(&pane.buffer);
    pane.check("0|1|2|3|4");
    pane.scroll(-1);
    pane.check("0|1|2|3|4");
    pane.view.end(&pane.buffer, HEIGHT);
    pane.check("17|18|19|20|21");
}

#[test]
fn a_pause_counts_what_it_does_not_show() {
    let mut pane = Pane::numbered(0..10);
    pane.view.pause(&pane.buffer, HEIGHT);
    pane.push("a", [line(11, 11, "11"), line(12, 12, "12")]);
    pane.push("late", [line(12, 7, "7b")]);
    pane.check("5|6|7|8|9");
    pane.scroll(3);
    pane.check("5|6|7|8|9");
    pane.scroll(-2);
    pane.check("3|4|5|6|7");
    pane.view.end(&pane.buffer, HEIGHT);
    pane.check("5|6|7|8|9");
    assert_eq!((pane.view.news(), pane.view.is_paused()), (3, true));
    pane.view.resume();
    pane.check("7b|8|9|11|12");
    assert_eq!(pane.view.news(), 0);
}

#[test]
fn a_paused_view_keeps_its_lines_while_the_buffer_runs_over() {
    let mut pane = Pane { buffer: LogBuffer::new(30_000), view: LogView::new() };
    pane.push("a", (0..20).map(|n| line(n, n, &n.to_string())));
    pane.view.pause(&pane.buffer, HEIGHT);
    for round in 0..100 {
        pane.push("a", (0..100).map(|n| line(100 + round, 100 + round, &format!("new {n}"))));
    }
    pane.check("15|16|17|18|19");
    pane.scroll(-2);
    pane.check("13|14|15|16|17");
    assert_eq!(pane.view.news(), 10_000);
    pane.view.resume();
    pane.view.sync(&mut pane.buffer);
    pane.check("new 95|new 96|new 97|new 98|new 99");
    assert!(pane.buffer.bytes() <= 30_000);
}

#[test]
fn a_stack_trace_is_one_row_until_it_is_unfolded() {
    let mut pane =
        Pane::with([line(0, 0, "0"), line(1, 1, "ERROR boom"), more(1, " at x"), more(1, " at y"), line(2, 2, "2")]);
    pane.check("0|ERROR boom +2|2");
    let boom = pane.buffer.at(1).unwrap().id;
    pane.view.toggle_fold(boom);
    pane.check("0|ERROR boom| at x| at y|2");
    pane.push("a", [line(3, 3, "3")]);
    pane.check("ERROR boom| at x| at y|2|3");
    pane.scroll(-1);
    pane.scroll(1);
    pane.check("ERROR boom| at x| at y|2|3");
    pane.view.toggle_fold(boom);
    pane.check("0|ERROR boom +2|2|3");
    pane.view.set_folded(false);
    pane.check("ERROR boom| at x| at y|2|3");
}

#[test]
fn folding_moves_the_selection_to_the_head() {
    let mut pane = Pane::with([line(1, 1, "boom"), more(1, " at x"), line(2, 2, "2")]);
    pane.view.set_folded(false);
    let frame = pane.buffer.at(1).unwrap().id;
    pane.view.select(&pane.buffer, HEIGHT, frame);
    pane.check("boom|> at x|2");
    pane.view.toggle_fold(frame);
    pane.check(">boom +1|2");
}

#[test]
fn the_selection_stays_on_its_line() {
    let mut pane = Pane::numbered(0..10);
    pane.select(-1);
    assert_eq!(pane.selected(), Some("9"));
    pane.select(-1);
    pane.check("5|6|7|>8|9");
    pane.push("late", [line(10, 7, "7b")]);
    pane.push("a", [line(10, 10, "10")]);
    pane.check("5|6|7|7b|>8");
    pane.select(-4);
    pane.select(-1);
    pane.check(">4|5|6|7|7b");
    pane.select(7);
    pane.check("7|7b|8|9|>10");
    pane.select(1);
    assert_eq!((pane.selected(), pane.view.is_following()), (None, true));
}

#[test]
fn a_selected_line_that_is_gone_gives_the_selection_to_its_neighbour() {
    let mut pane = Pane { buffer: LogBuffer::new(10_000), view: LogView::new() };
    pane.push("a", (0..10).map(|n| line(n, n, &n.to_string())));
    let first = pane.buffer.first().unwrap().id;
    pane.view.select(&pane.buffer, HEIGHT, first);
    pane.view.resume();
    pane.push("a", (10..200).map(|n| line(n, n, &n.to_string())));
    let oldest = pane.buffer.first().unwrap().line.text.as_str().to_owned();
    assert_eq!(pane.selected(), Some(&*oldest));
}

#[test]
fn a_filter_shows_entries_whole_and_keeps_up() {
    let mut pane = Pane::with([
        line(0, 0, "GET /a"),
        line(1, 1, "ERROR boom"),
        more(1, " caused by timeout"),
        line(2, 2, "GET /healthz timeout"),
    ]);
    pane.filter(|filter| filter.set_text("timeout !healthz"));
    pane.check("ERROR boom +1");
    pane.push("a", [line(3, 3, "a timeout"), line(4, 4, "nothing")]);
    pane.push("b", [line(4, 2, "late timeout")]);
    pane.check("ERROR boom +1|late timeout|a timeout");
    pane.push("a", [line(5, 5, "WARN head")]);
    pane.push("a", [more(5, " with a timeout further down")]);
    pane.check("ERROR boom +1|late timeout|a timeout|WARN head +1");
    let row = &pane.view.rows(&pane.buffer, HEIGHT)[2];
    assert_eq!(&row.line.text.as_str()[row.matches[0].clone()], "timeout");
    pane.filter(|filter| filter.set_min_level(Some(Level::Warn)));
    pane.check("ERROR boom +1|WARN head +1");
    pane.filter(|filter| filter.set_text(""));
    pane.filter(|filter| filter.set_min_level(None));
    pane.filter(|filter| filter.set_source_shown(&LogSourceId::new("a"), false));
    pane.check("late timeout");
    pane.filter(|filter| filter.set_source_shown(&LogSourceId::new("a"), true));
    assert!(pane.view.filter().is_empty());
    pane.check("GET /healthz timeout|late timeout|a timeout|nothing|WARN head +1");
}

#[test]
fn a_filtered_index_says_the_same_as_looking_at_everything() {
    let mut pane = Pane { buffer: LogBuffer::new(40_000), view: LogView::new() };
    pane.filter(|filter| filter.set_text("7"));
    for round in 0..200 {
        let source = ["a", "b", "c"][round % 3];
        let now = i64::try_from(round).unwrap();
        let stated = if source == "c" { now - 5 } else { now };
        let lines =
            (0..(round % 7)).map(|n| LogLine { continues: n == 3, ..line(now, stated, &format!("{round}.{n}")) });
        pane.push(source, lines);
        if round == 100 {
            pane.scroll(-4);
        }
        if round == 150 {
            pane.view.resume();
        }
        let filter = pane.view.filter().clone();
        let mut fresh = LogView::new();
        fresh.set_filter(&pane.buffer, filter);
        let strip = |index: &Option<VecDeque<LineId>>| index.clone().unwrap();
        assert_eq!(strip(&pane.view.index), strip(&fresh.index), "after round {round}");
    }
}

#[test]
fn search_goes_both_ways_and_wraps() {
    let mut pane = Pane::with((0..20).map(|n| line(n, n, if n % 8 == 1 { "needle" } else { "hay" })));
    pane.view.set_search(Pattern::new("needle"));
    assert_eq!(pane.find(Direction::Up), Found::Hit);
    let where_is = |pane: &Pane| pane.view.selected(&pane.buffer).unwrap().arrival;
    assert_eq!(where_is(&pane), 17);
    assert_eq!(pane.find(Direction::Up), Found::Hit);
    assert_eq!(where_is(&pane), 9);
    assert!(pane.screen().contains(&">needle".to_owned()));
    assert_eq!(pane.find(Direction::Down), Found::Hit);
    assert_eq!(pane.find(Direction::Down), Found::Wrapped);
    assert_eq!(where_is(&pane), 1);
    assert_eq!(pane.find(Direction::Up), Found::Wrapped);
    assert_eq!(where_is(&pane), 17);
    pane.view.set_search(Pattern::new("no such thing"));
    assert_eq!(pane.find(Direction::Down), Found::Nothing);
    assert_eq!(where_is(&pane), 17);
}

#[test]
fn a_hit_inside_a_folded_entry_unfolds_it() {
    let mut pane = Pane::with([line(0, 0, "boom"), more(0, " at needle"), line(1, 1, "1")]);
    pane.view.set_search(Pattern::new("needle"));
    assert_eq!(pane.find(Direction::Up), Found::Hit);
    pane.check("boom|> at needle|1");
    assert_eq!(pane.find(Direction::Up), Found::Wrapped, "it is the only one");
}

#[test]
fn errors_are_found_by_their_heads() {
    let mut pane = Pane::with([
        line(0, 0, "ERROR one"),
        more(0, " at x"),
        line(1, 1, "fine"),
        line(2, 2, "ERROR two"),
        line(3, 3, "fine"),
    ]);
    let mut next = |direction| {
        let found = pane.view.find_error(&pane.buffer, HEIGHT, direction);
        (found, pane.view.selected(&pane.buffer).map(|item| item.line.text.as_str().to_owned()).unwrap_or_default())
    };
    assert_eq!(next(Direction::Up), (Found::Hit, "ERROR two".to_owned()));
    assert_eq!(next(Direction::Up), (Found::Hit, "ERROR one".to_owned()));
    assert_eq!(next(Direction::Up), (Found::Wrapped, "ERROR two".to_owned()));
}

#[test]
fn a_time_can_be_gone_to() {
    let mut pane = Pane::numbered(0..100);
    pane.view.go_to_time(&pane.buffer, HEIGHT, at(40));
    pane.check("39|>40|41|42|43");
    pane.view.go_to_time(&pane.buffer, HEIGHT, at(4000));
    assert_eq!(pane.selected(), Some("99"));
}

#[test]
fn an_empty_log_can_be_handled_in_every_way() {
    let mut pane = Pane { buffer: LogBuffer::default(), view: LogView::new() };
    pane.view.sync(&mut pane.buffer);
    pane.scroll(3);
    pane.select(-1);
    pane.view.home(&pane.buffer);
    pane.view.end(&pane.buffer, HEIGHT);
    pane.view.pause(&pane.buffer, HEIGHT);
    pane.view.set_search(Pattern::new("x"));
    assert_eq!(pane.find(Direction::Down), Found::Nothing);
    pane.check("");
    assert_eq!(pane.selected(), None);
}
