//! The engine on a bad night: systems that hang, break, repeat themselves, lie and never end. What is said each time, within
//! its deadline, while others go on undisturbed.

mod support;

#[path = "engine/answers.rs"]
mod answers;
#[path = "engine/clusters.rs"]
mod clusters;
#[path = "engine/credentials.rs"]
mod credentials;
#[path = "engine/harness.rs"]
mod harness;
#[path = "engine/pages.rs"]
mod pages;
#[path = "engine/streams.rs"]
mod streams;
#[path = "engine/ways.rs"]
mod ways;
