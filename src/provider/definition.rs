//! What a provider definition says: requests, programs that map answers to the model, caveats.

pub mod login;
