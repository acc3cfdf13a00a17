//! From the bytes of a line to the model's [`LogLine`]: what `logs` knows, for lines that may be cut.

use jiff::tz::TimeZone;

use crate::logs::parse::LineParser;
use crate::model::log::LogLine;
use crate::model::text::Line;
use crate::model::time::Timestamp;

use super::split::RawLine;

/// Understands the lines of one source, one after the other.
#[derive(Debug)]
pub struct LineReader {
    parser: LineParser,
    has_offsets: bool,
}

impl LineReader {
    /// Returns a reader of lines of a file.
    pub fn of_file(zone: &TimeZone) -> Self {
        Self { parser: LineParser::new(zone.clone()), has_offsets: true }
    }

    /// Returns a reader of lines that can be read only once.
    pub fn of_stream(zone: &TimeZone) -> Self {
        Self { parser: LineParser::new(zone.clone()), has_offsets: false }
    }

    /// Understands one line.
    pub fn read(&mut self, raw: &RawLine<'_>, received: Timestamp) -> LogLine {
        let offset = self.has_offsets.then_some(raw.offset);
        let left_out = match raw.elided {
            0 => None,
            bytes => Some(format!(" [{bytes} more bytes]")),
        };
        let whole;
        let bytes = match &left_out {
            None => &raw.bytes,
            Some(note) => {
                whole = [&raw.bytes, note.as_bytes()].concat();
                whole.as_slice()
            }
        };
        if raw.continues {
            // Its beginning stands on the line above; by itself it means nothing.
            let text = Line::from_bytes(bytes);
            return LogLine { stated: None, received, level: None, continues: true, offset, text };
        }
        self.parser.parse(bytes, offset, received)
    }

    /// Notes that the next line does not follow the last one.
    pub fn interrupt(&mut self) {
        self.parser.interrupt();
    }
}
