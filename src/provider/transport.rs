//! Carrying a request to a system and an answer back: HTTP over TLS or a Unix socket, a program here or on another host.
//!
//! A transport knows nothing of definitions: it gets a filled-in request. What it refuses: answers without an end, redirects that
//! would carry a credential elsewhere, programs that outlive their time.

mod broken;
pub mod command;
pub mod http;
pub mod mail;
pub mod stream;
pub mod tls;

/// An answer that is larger is not read to its end.
pub const LARGEST_ANSWER: usize = 16 << 20;
