//! Puts the terminal of a command through to the console, and the console's keys to it.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

use crate::app::effect::TerminalRequest;
use crate::app::event::{Event, EventKind};
use crate::clock::Clock;
use crate::model::id::RunId;
use crate::model::text::Line;
use crate::worker::step::{Frame, connect};

/// Between two tries to reach a worker that is only just starting.
const BETWEEN: Duration = Duration::from_millis(50);
const TRIES: u32 = 200;

/// The line to one terminal; it is given up when this is dropped.
#[derive(Debug, Default)]
pub struct Terminals(Option<mpsc::UnboundedSender<Frame>>);

impl Terminals {
    /// Does what is wanted.
    pub fn wish(
        &mut self,
        request: TerminalRequest,
        state_dir: &Path,
        events: &mpsc::Sender<Event>,
        clock: &Clock,
        runtime: &tokio::runtime::Handle,
    ) {
        match request {
            TerminalRequest::Open { run, execution, columns, rows } => {
                let (to, frames) = mpsc::unbounded_channel();
                let _ = to.send(Frame::Resized { columns, rows });
                self.0 = Some(to);
                let line = Wire {
                    state_dir: state_dir.to_path_buf(),
                    run,
                    execution,
                    events: events.clone(),
                    clock: clock.clone(),
                };
                runtime.spawn(line.carry(frames));
            }
            TerminalRequest::Type(bytes) => self.send(Frame::Typed(bytes)),
            TerminalRequest::Resize { columns, rows } => self.send(Frame::Resized { columns, rows }),
            TerminalRequest::Leave => self.0 = None,
        }
    }

    fn send(&self, frame: Frame) {
        if let Some(to) = &self.0 {
            // Who has gone has said so.
            let _ = to.send(frame);
        }
    }
}

struct Wire {
    state_dir: std::path::PathBuf,
    run: RunId,
    execution: u32,
    events: mpsc::Sender<Event>,
    clock: Clock,
}

impl Wire {
    async fn carry(self, mut frames: mpsc::UnboundedReceiver<Frame>) {
        let mut stream = None;
        for _ in 0..TRIES {
            match connect(&self.state_dir, &self.run, self.execution).await {
                Ok(connected) => {
                    stream = Some(connected);
                    break;
                }
                Err(_) => tokio::time::sleep(BETWEEN).await,
            }
            if frames.is_closed() {
                return;
            }
        }
        let Some(stream) = stream else { return self.end("its terminal cannot be reached").await };
        let (mut reader, mut writer) = stream.into_split();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            tokio::select! {
                read = reader.read(&mut buffer) => match read {
                    Ok(0) | Err(_) => return self.end("the command has ended; any key closes this").await,
                    Ok(count) => {
                        let kind = EventKind::Terminal {
                            run: self.run.clone(),
                            execution: self.execution,
                            bytes: buffer[..count].to_vec(),
                        };
                        self.send(kind).await;
                    }
                },
                frame = frames.recv() => match frame {
                    Some(frame) => {
                        if writer.write_all(&frame.encoded()).await.is_err() {
                            return self.end("the command has ended; any key closes this").await;
                        }
                    }
                    None => return,
                },
            }
        }
    }

    async fn end(&self, why: &str) {
        let why = Line::from_text(why);
        self.send(EventKind::TerminalEnded { run: self.run.clone(), execution: self.execution, why }).await;
    }

    async fn send(&self, kind: EventKind) {
        // A console that has gone has no use for it.
        let _ = self.events.send(Event { at: self.clock.now(), kind }).await;
    }
}
