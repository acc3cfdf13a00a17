//! What log lines cost: made harmless, understood, kept, filtered, searched, shown.
//!
//! The budget is 100,000 lines a second at a fraction of one core: about a microsecond for each line, all in all.

use std::hint::black_box;

use crashcart::logs::buffer::LogBuffer;
use crashcart::logs::filter::{Filter, Pattern};
use crashcart::logs::parse::LineParser;
use crashcart::logs::patterns::Patterns;
use crashcart::logs::view::{Direction, LogView};
use crashcart::model::id::LogSourceId;
use crashcart::model::log::{Level, LogBatch, LogLine};
use crashcart::model::text::Line;
use crashcart::model::time::Timestamp;
use criterion::{BatchSize, Criterion, Throughput};
use jiff::tz::TimeZone;

/// As many lines as arrive in a tenth of a second.
const BATCH: usize = 10_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args().sample_size(30);
    sanitise(&mut criterion);
    parse(&mut criterion);
    keep(&mut criterion);
    look(&mut criterion);
    criterion.final_summary();
}

/// Lines as a web server and its application write them.
fn ordinary(n: usize) -> String {
    let (second, millis) = (n / 1_000 % 60, n % 1_000);
    match n % 10 {
        0 => format!(
            "2026-02-03 04:05:{second:02},{millis:03} ERROR [pool-{}] c.e.Shop - charge failed: order {n}",
            n % 7
        ),
        1 => "\tat com.example.shop.Payment.charge(Payment.java:118)".to_owned(),
        2 => format!(
            r#"{{"level":30,"time":17700915{second:02}{millis:03},"pid":7,"msg":"request completed","ms":{n}}}"#
        ),
        3 => format!(r#"time=2026-02-03T04:05:{second:02}Z level=info msg="request completed" status=200 ms={n}"#),
        _ => format!(
            r#"203.0.113.{} - - [03/Feb/2026:04:05:{second:02} +0000] "GET /orders/{n} HTTP/1.1" 200 5316 "-" "Mozilla/5.0""#,
            n % 250
        ),
    }
}

fn sanitise(criterion: &mut Criterion) {
    let ascii = ordinary(4).repeat(3);
    let cases = [
        ("ascii, 100 bytes", ordinary(4).into_bytes()),
        ("ascii, 300 bytes", ascii.clone().into_bytes()),
        ("ascii, 16 KiB", ascii.repeat(50).into_bytes()),
        ("coloured", format!("\x1b[2m2026-02-03T04:05:06Z\x1b[0m \x1b[32m INFO\x1b[0m {ascii}").into_bytes()),
        ("tabs", "\tat com.example.shop.Payment.charge(Payment.java:118)".into()),
        ("german", "Größenüberschreitung für Schlüssel »Straße« während der Übertragung".repeat(3).into_bytes()),
        ("japanese", "東京のサーバーで接続エラーが発生しました。再試行します。".repeat(3).into_bytes()),
        ("hindi", "सर्वर से कनेक्शन विफल हुआ, पुनः प्रयास कर रहे हैं".repeat(3).into_bytes()),
        ("hostile", "\x1b]0;x\x07\x1b[2J\u{202e}a\u{200b}\u{301}\r\x08\u{e0041}\x1b[8m".repeat(20).into_bytes()),
        ("binary", (0..=255_u8).cycle().take(2048).collect()),
        ("a megabyte", ascii.repeat(1_048_576 / ascii.len()).into_bytes()),
    ];
    let mut group = criterion.benchmark_group("sanitise");
    for (name, bytes) in &cases {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(*name, |bencher| bencher.iter(|| Line::from_bytes(black_box(bytes))));
    }
}

fn received() -> Timestamp {
    Timestamp::parse_rfc3339("2026-02-03T04:06:00Z").expect("a valid time")
}

fn parse(criterion: &mut Criterion) {
    let mixed: Vec<String> = (0..BATCH).map(ordinary).collect();
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Elements(BATCH as u64)).sample_size(20);
    for (name, step) in [("stack trace", 1), ("json", 2), ("logfmt", 3), ("access log", 4), ("java", 10)] {
        let lines: Vec<&String> = mixed.iter().skip(step).step_by(10).cycle().take(BATCH).collect();
        group.bench_function(name, |bencher| {
            let mut parser = LineParser::new(TimeZone::UTC);
            bencher.iter(|| {
                lines.iter().for_each(|line| drop(black_box(parser.parse(line.as_bytes(), None, received()))))
            });
        });
    }
    let prose: Vec<String> =
        (0..BATCH).map(|n| format!("this line number {n} has words and no time at all, as print writes")).collect();
    for (name, lines) in [("mixed", &mixed), ("prose", &prose)] {
        group.bench_function(name, |bencher| {
            let mut parser = LineParser::new(TimeZone::UTC);
            bencher.iter(|| {
                lines.iter().for_each(|line| drop(black_box(parser.parse(line.as_bytes(), None, received()))))
            });
        });
    }
}

fn parsed(count: usize) -> Vec<LogLine> {
    let mut parser = LineParser::new(TimeZone::UTC);
    (0..count).map(|n| parser.parse(ordinary(n).as_bytes(), None, received())).collect()
}

fn batch(source: &str, lines: &[LogLine]) -> LogBatch {
    LogBatch { source: LogSourceId::new(source), lines: lines.to_vec(), dropped: 0 }
}

/// A full buffer of two sources, and how many lines it holds.
fn full() -> (LogBuffer, usize) {
    let mut buffer = LogBuffer::default();
    let lines = parsed(BATCH * 12);
    for (n, lines) in lines.chunks(500).enumerate() {
        buffer.push_batch(batch(["a", "b"][n % 2], lines));
    }
    let count = buffer.len();
    (buffer, count)
}

fn keep(criterion: &mut Criterion) {
    let lines = parsed(BATCH);
    let mut group = criterion.benchmark_group("buffer");
    group.throughput(Throughput::Elements(BATCH as u64)).sample_size(20);
    group.bench_function("push and evict, one source", |bencher| {
        let (mut buffer, _) = full();
        bencher.iter_batched(|| batch("a", &lines), |batch| buffer.push_batch(batch), BatchSize::LargeInput);
    });
    group.bench_function("push and evict, two sources, batches of 100", |bencher| {
        let (mut buffer, _) = full();
        let batches =
            || -> Vec<_> { lines.chunks(100).enumerate().map(|(n, lines)| batch(["a", "b"][n % 2], lines)).collect() };
        bencher.iter_batched(
            batches,
            |batches| batches.into_iter().for_each(|batch| buffer.push_batch(batch)),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("push, sync a filtered view, draw", |bencher| {
        let (mut buffer, _) = full();
        let mut view = LogView::new();
        let mut filter = Filter::default();
        filter.set_text("charge failed !healthz");
        view.set_filter(&buffer, filter);
        bencher.iter_batched(
            || -> Vec<_> { lines.chunks(1_000).map(|lines| batch("a", lines)).collect() },
            |batches| {
                for batch in batches {
                    buffer.push_batch(batch);
                    view.sync(&mut buffer);
                    black_box(view.rows(&buffer, 60));
                }
            },
            BatchSize::LargeInput,
        );
    });
}

fn look(criterion: &mut Criterion) {
    let (buffer, count) = full();
    let mut group = criterion.benchmark_group("view");
    group.sample_size(20);
    let mut view = LogView::new();
    group.bench_function("60 rows, following", |bencher| bencher.iter(|| black_box(view.rows(&buffer, 60))));
    view.home(&buffer);
    group.bench_function("60 rows, at the top", |bencher| bencher.iter(|| black_box(view.rows(&buffer, 60))));
    view.set_search(Pattern::new("charge|orders"));
    group.bench_function("60 rows, with matches", |bencher| bencher.iter(|| black_box(view.rows(&buffer, 60))));

    group.throughput(Throughput::Elements(count as u64));
    for (name, text, level) in [
        ("a word", "failed", None),
        ("a regular expression", r"order \d+[05]\b", None),
        ("a level", "", Some(Level::Error)),
    ] {
        let mut filter = Filter::default();
        filter.set_text(text);
        filter.set_min_level(level);
        group.bench_function(format!("set a filter: {name}"), |bencher| {
            bencher.iter(|| LogView::new().set_filter(&buffer, filter.clone()));
        });
    }
    for (name, text) in [("a word", "no such word"), ("a regular expression", r"order \d+x")] {
        let mut view = LogView::new();
        view.set_search(Pattern::new(text));
        group.bench_function(format!("search in vain: {name}"), |bencher| {
            bencher.iter(|| black_box(view.find(&buffer, 60, Direction::Up)));
        });
    }
    group.bench_function("summary by patterns", |bencher| bencher.iter(|| black_box(Patterns::of(buffer.iter()))));
}
