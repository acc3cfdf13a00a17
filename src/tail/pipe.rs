//! Named pipes: a log that some daemons write to, which only one reader gets.

use std::path::PathBuf;

use tokio::net::unix::pipe;

use crate::model::id::LogSourceId;
use crate::model::log::LogSourceState;
use crate::model::text::Line;

use super::engine::Context;
use super::event::{TailEvent, reason};
use super::stream::{End, pump, send};

/// Reads a named pipe until it is over.
pub async fn follow(source: LogSourceId, path: PathBuf, context: Context) {
    loop {
        let mut options = pipe::OpenOptions::new();
        // As long as we could write to it ourselves, it does not end when its writers leave.
        #[cfg(target_os = "linux")]
        options.read_write(true);
        let end = match options.open_receiver(&path) {
            Ok(receiver) => pump(source.clone(), Box::pin(receiver), None, &context).await,
            Err(error) => End::Broken(error),
        };
        match end {
            End::Over => return,
            End::Closed { .. } => {}
            End::Broken(error) => {
                let why = format!("{} cannot be read: {}; it is tried again", path.display(), reason(&error));
                let state = LogSourceState::Failed(Line::from_text(&why));
                if !send(&context, TailEvent::State(source.clone(), state)).await {
                    return;
                }
            }
        }
        tokio::select! {
            () = context.cancel.cancelled() => return,
            () = tokio::time::sleep(context.options.look_up) => {}
        }
    }
}
