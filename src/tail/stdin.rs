//! Following what is piped into the program.

use std::io::{IsTerminal, Read};

use tokio::io::AsyncWriteExt;

use crate::model::id::LogSourceId;
use crate::model::log::LogSourceState;
use crate::model::text::Line;

use super::engine::Context;
use super::event::{TailEvent, reason};
use super::stream::{End, pump, send};

/// What is read ahead of what is shown.
const AHEAD: usize = 64 * 1024;

/// Reads the standard input to its end.
pub async fn follow(source: LogSourceId, context: Context) {
    let state = if std::io::stdin().is_terminal() {
        LogSourceState::Failed(Line::from_text("nothing is piped in; try my-program | crashcart --log -"))
    } else {
        let following = LogSourceState::Following { bytes: None };
        if !send(&context, TailEvent::State(source.clone(), following)).await {
            return;
        }
        let (to, from) = tokio::io::duplex(AHEAD);
        let runtime = context.runtime.clone();
        // A thread of its own, and not one of the runtime's: it may wait for input for ever, and the runtime waits for
        // its threads when it ends.
        let reader = std::thread::Builder::new().name("stdin".to_owned()).spawn(move || read(to, &runtime));
        let end = match reader {
            Ok(_) => pump(source.clone(), Box::pin(from), None, &context).await,
            Err(error) => End::Broken(error),
        };
        match end {
            End::Over => return,
            End::Closed { .. } => LogSourceState::Ended(Line::from_text("the piped input ended")),
            End::Broken(error) => {
                LogSourceState::Failed(Line::from_text(&format!("the piped input cannot be read: {}", reason(&error))))
            }
        }
    };
    send(&context, TailEvent::State(source, state)).await;
}

fn read(mut to: tokio::io::DuplexStream, runtime: &tokio::runtime::Handle) {
    let mut buffer = vec![0; AHEAD];
    loop {
        match std::io::stdin().lock().read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => {
                if runtime.block_on(to.write_all(&buffer[..read])).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::warn!(%error, "the piped input cannot be read");
                return;
            }
        }
    }
}
