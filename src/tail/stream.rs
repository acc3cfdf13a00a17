//! Lines from something that can only be read once: a command, a named pipe, the piped input.
//!
//! Nothing is dropped here: a writer that is faster than we are waits, as it would in front of any pager.

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::{Instant, sleep_until};

use crate::model::id::LogSourceId;
use crate::model::log::{LogBatch, LogLine};
use crate::model::text::Line;
use crate::model::time::Timestamp;

use super::encoding::Encoding;
use super::engine::Context;
use super::event::TailEvent;
use super::line::LineReader;
use super::split::{RawLine, Splitter};

/// Where bytes come from.
pub type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// How a stream ended.
#[derive(Debug)]
pub enum End {
    /// There is nothing more. The last line of the second reader is what a command complained about.
    Closed {
        complaint: Option<Line>,
    },
    Broken(io::Error),
    /// Cancelled, or nobody listens any more.
    Over,
}

/// One of the readers of a stream.
struct Side {
    reader: Option<Reader>,
    splitter: Splitter,
    lines: LineReader,
    buffer: Vec<u8>,
}

impl Side {
    /// A pipe holds that much.
    const BUFFER: usize = 64 * 1024;

    fn new(reader: Option<Reader>, context: &Context) -> Self {
        let longest = context.options.limits.longest_line;
        Self {
            reader,
            splitter: Splitter::new(Encoding::Utf8, 0, longest),
            lines: LineReader::of_stream(&context.options.zone),
            buffer: vec![0; Self::BUFFER],
        }
    }

    /// Reads once; never ends when there is nothing to read from.
    async fn read(&mut self) -> io::Result<usize> {
        match &mut self.reader {
            Some(reader) => reader.read(&mut self.buffer).await,
            None => std::future::pending().await,
        }
    }
}

/// Sends the lines of one or two readers until both are closed.
pub fn pump(
    source: LogSourceId,
    first: Reader,
    second: Option<Reader>,
    context: &Context,
) -> impl Future<Output = End> + Send {
    let options = context.options.clone();
    let mut sides = (Side::new(Some(first), context), Side::new(second, context));
    let context = context.clone();
    async move {
        let mut lines: Vec<LogLine> = Vec::new();
        let mut complaint = None;
        let mut sent_at = Instant::now() - options.pace;
        let mut read_at = sent_at;
        while sides.0.reader.is_some() || sides.1.reader.is_some() {
            let partial = sides.0.splitter.has_partial() || sides.1.splitter.has_partial();
            let full = lines.len() >= options.limits.batch_lines;
            tokio::select! {
                biased;
                () = context.cancel.cancelled() => return End::Over,
                () = sleep_until(sent_at + options.pace), if !lines.is_empty() => {
                    let batch = LogBatch { source: source.clone(), lines: std::mem::take(&mut lines), dropped: 0 };
                    sent_at = Instant::now();
                    if !send(&context, TailEvent::Lines(batch)).await {
                        return End::Over;
                    }
                }
                () = sleep_until(read_at + options.partial_after), if partial && !full => {
                    let received = context.clock.now();
                    for side in [&mut sides.0, &mut sides.1] {
                        side.splitter.take_partial(|raw| lines.push(side.lines.read(&raw, received)));
                    }
                }
                read = sides.0.read(), if !full => {
                    read_at = Instant::now();
                    if let Err(error) = take(&mut sides.0, read, context.clock.now(), &mut lines) {
                        return End::Broken(error);
                    }
                }
                read = sides.1.read(), if !full => {
                    read_at = Instant::now();
                    let known = lines.len();
                    let taken = take(&mut sides.1, read, context.clock.now(), &mut lines);
                    let said = lines[known..].iter().rfind(|line| !line.text.as_str().trim().is_empty());
                    complaint = said.map(|line| line.text.clone()).or(complaint);
                    if let Err(error) = taken {
                        return End::Broken(error);
                    }
                }
            }
        }
        if !lines.is_empty() {
            let batch = LogBatch { source, lines, dropped: 0 };
            if !send(&context, TailEvent::Lines(batch)).await {
                return End::Over;
            }
        }
        End::Closed { complaint }
    }
}

/// Takes in what was read; at the end gives the unfinished line and closes the side.
fn take(side: &mut Side, read: io::Result<usize>, received: Timestamp, lines: &mut Vec<LogLine>) -> io::Result<()> {
    let Side { reader, splitter, lines: understood, buffer } = side;
    let mut give = |raw: RawLine<'_>| lines.push(understood.read(&raw, received));
    let read = read?;
    if read == 0 {
        *reader = None;
        splitter.take_partial(&mut give);
    } else {
        splitter.feed(&buffer[..read], &mut give);
    }
    Ok(())
}

/// Sends, unless it is over first.
pub async fn send(context: &Context, event: TailEvent) -> bool {
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => false,
        sent = context.events.send(event) => sent.is_ok(),
    }
}
