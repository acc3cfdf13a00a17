//! Every built-in definition: it is right, it has fixtures for everything that it can do, and they come out as recorded. And
//! the one that the documentation teaches.

#[path = "providers/fixtures.rs"]
mod fixtures;
#[path = "providers/lesson.rs"]
mod lesson;
#[path = "providers/mistakes.rs"]
mod mistakes;
#[path = "providers/names_only.rs"]
mod names_only;
mod support;
