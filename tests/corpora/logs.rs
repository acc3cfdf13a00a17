use std::collections::BTreeMap;
use std::path::Path;

use crashcart::logs::buffer::LogBuffer;
use crashcart::logs::parse::LineParser;
use crashcart::logs::view::LogView;
use crashcart::model::id::LogSourceId;
use crashcart::model::log::{LogBatch, LogLine};
use crashcart::model::time::Timestamp;
use jiff::tz::TimeZone;

use super::{corpus, files};

fn parse(path: &Path) -> Vec<LogLine> {
    let mut parser = LineParser::new(TimeZone::UTC);
    // Later than any of the logs.
    let received = Timestamp::parse_rfc3339("2026-11-25T12:00:00Z").unwrap();
    let bytes = std::fs::read(path).unwrap();
    let mut lines = Vec::new();
    let mut offset = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        lines.push(parser.parse(line.strip_suffix(b"\n").unwrap_or(line), Some(offset), received));
        offset += line.len() as u64;
    }
    lines
}

#[derive(Default)]
struct Share {
    lines: usize,
    heads: usize,
    timed: usize,
    levelled: usize,
}

impl Share {
    fn add(&mut self, lines: &[LogLine]) {
        self.lines += lines.len();
        self.heads += lines.iter().filter(|line| !line.continues).count();
        self.timed += lines.iter().filter(|line| !line.continues && line.stated.is_some()).count();
        self.levelled += lines.iter().filter(|line| !line.continues && line.level.is_some()).count();
    }

    fn percent(&self, part: usize) -> usize {
        (part * 100).checked_div(self.heads).unwrap_or(100)
    }
}

/// At least so many percent of the entries state a time and a level.
const FLOORS: &[(&str, usize, usize)] = &[
    ("loghub/Android", 100, 100),
    ("loghub/Apache", 100, 100),
    ("loghub/BGL", 100, 90),
    ("loghub/HDFS", 100, 100),
    ("loghub/Hadoop", 100, 99),
    ("loghub/Linux", 100, 0),
    ("loghub/Mac", 95, 0),
    ("loghub/OpenSSH", 100, 0),
    ("loghub/Windows", 100, 100),
    ("loghub/Zookeeper", 100, 100),
];

#[test]
fn well_known_logs_state_their_times_and_levels() {
    let Some(directory) = corpus("logs") else { return };
    let mut shares: BTreeMap<String, Share> = BTreeMap::new();
    for path in files(&directory) {
        let name = path.strip_prefix(&directory).unwrap().display().to_string();
        if name == "MANIFEST.tsv" {
            continue;
        }
        shares.entry(name).or_default().add(&parse(&path));
    }
    println!("{:>6} {:>6} {:>5} {:>5}  file", "lines", "heads", "time%", "lvl%");
    for (name, share) in &shares {
        println!(
            "{:>6} {:>6} {:>5} {:>5}  {name}",
            share.lines,
            share.heads,
            share.percent(share.timed),
            share.percent(share.levelled)
        );
    }
    for &(part, time, level) in FLOORS {
        let (name, share) = shares.iter().find(|(name, _)| name.contains(part)).unwrap_or_else(|| panic!("no {part}"));
        assert!(share.percent(share.timed) >= time, "{name}: only {} % have a time", share.percent(share.timed));
        assert!(
            share.percent(share.levelled) >= level,
            "{name}: only {} % have a level",
            share.percent(share.levelled)
        );
    }
}

#[test]
fn every_log_can_be_merged_and_shown() {
    let Some(directory) = corpus("logs") else { return };
    let mut buffer = LogBuffer::new(2 * 1024 * 1024);
    let mut view = LogView::new();
    for path in files(&directory) {
        let source = LogSourceId::new(path.display().to_string());
        for lines in parse(&path).chunks(200) {
            buffer.push_batch(LogBatch { source: source.clone(), lines: lines.to_vec(), dropped: 0 });
            view.sync(&mut buffer);
            let entries = buffer.iter().rev().take(24).filter(|item| item.id.is_head()).count();
            assert!(view.rows(&buffer, 24).len() >= entries, "{}", path.display());
        }
    }
    assert!(buffer.iter().map(|item| item.id).is_sorted());
}
