use super::*;
use crate::logs::demo::{SECOND, at, batch, line, more};

fn texts(buffer: &LogBuffer) -> Vec<&str> {
    buffer.iter().map(|item| item.line.text.as_str()).collect()
}

fn stats(buffer: &LogBuffer, source: &str) -> SourceStats {
    buffer.sources().find(|stats| stats.source.as_str() == source).unwrap().clone()
}

#[test]
fn histories_of_several_sources_are_merged_by_stated_time() {
    let mut buffer = LogBuffer::default();
    buffer.push_batch(batch("a", [line(100, 10, "a10"), line(100, 30, "a30"), line(100, 50, "a50")]));
    buffer
        .push_batch(batch("b", [line(101, 5, "b5"), line(101, 30, "b30"), line(101, 40, "b40"), line(101, 60, "b60")]));
    assert_eq!(texts(&buffer), ["b5", "a10", "a30", "b30", "b40", "a50", "b60"]);
}

#[test]
fn lines_of_one_source_never_change_their_order() {
    let mut buffer = LogBuffer::default();
    buffer.push_batch(batch(
        "a",
        [line(100, 50, "first"), line(100, 20, "states an earlier time"), line(100, 60, "last")],
    ));
    buffer.push_batch(batch("b", [line(100, 55, "b")]));
    assert_eq!(texts(&buffer), ["first", "states an earlier time", "b", "last"]);
}

#[test]
fn an_entry_is_not_torn_apart_by_another_source() {
    let mut buffer = LogBuffer::default();
    buffer.push_batch(batch("a", [line(100, 10, "panic")]));
    buffer.push_batch(batch("b", [line(100, 10, "b"), line(100, 11, "b2")]));
    buffer.push_batch(batch("a", [more(101, " at x"), more(101, " at y")]));
    assert_eq!(texts(&buffer), ["panic", " at x", " at y", "b", "b2"]);
    let head = buffer.first().unwrap().id;
    assert_eq!(buffer.entry(head), 0..3);
    assert!(buffer.at(2).unwrap().id.same_entry(head) && !buffer.at(3).unwrap().id.same_entry(head));
}

#[test]
fn a_clock_that_runs_ahead_or_behind_does_not_hide_the_newest_line() {
    let mut buffer = LogBuffer::default();
    buffer.push_batch(batch("ahead", [line(100, 100 + 3600, "ahead")]));
    buffer.push_batch(batch("behind", [line(100, 100, "behind")]));
    buffer.push_batch(batch("good", [line(200, 200, "good")]));
    buffer.push_batch(batch("behind", [line(210, 210 - 7200, "two hours behind")]));
    buffer.push_batch(batch("ahead", [line(220, 220 + 3600, "one hour ahead")]));
    buffer.push_batch(batch("good", [line(230, 215, "a little late")]));
    assert_eq!(texts(&buffer), ["ahead", "behind", "good", "two hours behind", "a little late", "one hour ahead"]);
}

#[test]
fn a_line_without_a_time_stays_with_the_moment_before_it() {
    let mut buffer = LogBuffer::default();
    let untimed = |received, text| LogLine { stated: None, ..line(received, 0, text) };
    buffer.push_batch(batch("a", [line(100, 10, "a10"), untimed(100, "banner"), line(100, 20, "a20")]));
    buffer.push_batch(batch("b", [line(100, 15, "b15")]));
    buffer.push_batch(batch("a", [untimed(500, "much later")]));
    buffer.push_batch(batch("b", [line(450, 450, "b450")]));
    assert_eq!(texts(&buffer), ["a10", "banner", "b15", "a20", "b450", "much later"]);
}

#[test]
fn the_oldest_lines_make_room_and_are_counted() {
    let mut buffer = LogBuffer::new(20_000);
    for n in 0..1000 {
        buffer.push_batch(batch("a", [line(n, n, &format!("line {n}"))]));
    }
    assert!(buffer.bytes() <= 20_000 && buffer.len() > 50, "{} lines, {} bytes", buffer.len(), buffer.bytes());
    assert_eq!(buffer.last().unwrap().line.text.as_str(), "line 999");
    let stats = stats(&buffer, "a");
    assert_eq!((stats.kept, stats.kept + stats.evicted), (buffer.len() as u64, 1000));
}

#[test]
fn an_identity_outlives_what_happens_around_it() {
    let mut buffer = LogBuffer::new(20_000);
    buffer.push_batch(batch("a", (0..40).map(|n| line(n, n, &format!("a{n}")))));
    let id = buffer.at(20).unwrap().id;
    buffer.push_batch(batch("b", (0..40).map(|n| line(41, n, &format!("b{n}")))));
    assert_eq!(buffer.get(id).unwrap().line.text.as_str(), "a20");
    let successor = buffer.from(id).nth(1).unwrap().line.text.as_str().to_owned();
    assert_eq!(successor, "b20");
    buffer.push_batch(batch("a", (42..400).map(|n| line(n, n, "x"))));
    assert!(buffer.get(id).is_none());
    assert_eq!(buffer.position(id), 0, "the nearest line that is left");
}

#[test]
fn dropped_lines_are_counted_and_shown_where_they_are_missing() {
    let mut buffer = LogBuffer::default();
    buffer.push_batch(batch("a", [line(1, 1, "before")]));
    buffer.push_batch(LogBatch { dropped: 70, ..batch("a", []) });
    buffer.push_batch(LogBatch { dropped: 7, ..batch("a", [more(2, " at lost.Frame"), line(2, 2, "after")]) });
    let gaps: Vec<u64> = buffer.iter().map(|item| item.gap).collect();
    assert_eq!(gaps, [0, 77, 0]);
    assert!(buffer.at(1).unwrap().id.is_head(), "what its frame belonged to is gone");
    assert_eq!(stats(&buffer, "a").dropped, 77);
}

#[test]
fn what_somebody_reads_stays_while_the_rest_runs_on() {
    let mut buffer = LogBuffer::new(20_000);
    buffer.push_batch(batch("a", (0..50).map(|n| line(n, n, &format!("old {n}")))));
    let (from, to) = (buffer.at(10).unwrap().id, buffer.at(19).unwrap().id);
    buffer.hold(from, to);
    buffer.push_batch(batch("a", (100..2000).map(|n| line(n, n, &format!("new {n}")))));
    assert_eq!(buffer.first().unwrap().line.text.as_str(), "old 10");
    assert_eq!(buffer.get(to).unwrap().line.text.as_str(), "old 19");
    let behind = buffer.at(10).unwrap();
    assert!(behind.gap > 1000 && behind.line.text.as_str().starts_with("new"), "{behind:?}");
    assert_eq!(buffer.position(behind.id), 10);
    assert!(buffer.iter().map(|item| item.id).is_sorted());
    let kept = buffer.len() as u64;
    assert_eq!(stats(&buffer, "a").kept, kept);
    buffer.release();
    assert_eq!((stats(&buffer, "a").kept, buffer.len() as u64), (kept - 10, kept - 10));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn order_and_identity_hold_whatever_arrives(
        batches in proptest::collection::vec((0u8..3, proptest::collection::vec((-100i64..100, proptest::bool::ANY), 0..20)), 0..40),
        budget in 2_000usize..30_000,
        held in proptest::option::of((0usize..50, 0usize..50)),
    ) {
        let mut buffer = LogBuffer::new(budget);
        let mut arrived = 0;
        for (n, (source, lines)) in batches.into_iter().enumerate() {
            let now = i64::try_from(n).unwrap() * 3;
            let lines = lines.into_iter().map(|(offset, continues)| LogLine { continues, ..line(now, now + offset, "some text") });
            let batch = batch(["a", "b", "c"][usize::from(source)], lines);
            arrived += batch.lines.len() as u64;
            buffer.push_batch(batch);
            if let (Some((from, more)), 5) = (held, n)
                && let (Some(from), Some(to)) = (buffer.at(from), buffer.at(from + more)) {
                    let (from, to) = (from.id, to.id);
                    buffer.hold(from, to);
            }
            let items: Vec<_> = buffer.iter().collect();
            proptest::prop_assert!(items.is_sorted_by(|a, b| a.id < b.id));
            for source in ["a", "b", "c"] {
                proptest::prop_assert!(items.iter().filter(|item| item.source.as_str() == source).map(|item| item.arrival).is_sorted());
            }
            for (position, item) in items.iter().enumerate() {
                proptest::prop_assert_eq!(buffer.position(item.id), position);
            }
            let accounted: u64 = buffer.sources().map(|stats| stats.kept + stats.evicted).sum();
            proptest::prop_assert_eq!(accounted, arrived);
            proptest::prop_assert_eq!(buffer.sources().map(|stats| stats.kept).sum::<u64>(), buffer.len() as u64);
        }
    }
}

#[test]
fn positions_are_found_by_time() {
    let mut buffer = LogBuffer::default();
    buffer.push_batch(batch("a", (0..10).map(|n| line(100, n * 10, "x"))));
    assert_eq!(buffer.position_at(at(35)), 4);
    assert_eq!(buffer.position_at(at(40)), 4);
    assert_eq!(buffer.position_at(at(40) + SECOND), 5);
    assert_eq!(buffer.position_at(at(1000)), 10);
}
