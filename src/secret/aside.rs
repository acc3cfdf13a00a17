//! Work that may hang, on a thread that nobody waits for.
//!
//! Not on the runtime's pool for blocking work: that waits for its threads when the program ends, and one that waits
//! for an answer from a keyring's window would keep a dead console in the terminal for ever.

use std::time::Duration;

use tokio::sync::oneshot;

/// Why there is no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missed {
    /// It is still at it.
    Late,
    /// There is no thread, or it has panicked.
    NoThread,
}

/// Does something on a thread of its own and gives it that long.
pub async fn aside<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Missed> {
    let (done, result) = oneshot::channel();
    let started = std::thread::Builder::new().name("secret".to_owned()).spawn(move || {
        // Nobody may be left to be told.
        let _ = done.send(work());
    });
    if started.is_err() {
        return Err(Missed::NoThread);
    }
    match tokio::time::timeout(limit, result).await {
        Ok(result) => result.map_err(|_| Missed::NoThread),
        Err(_) => Err(Missed::Late),
    }
}
