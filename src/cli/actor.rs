//! Who is at the keyboard, as the journal calls them.

use super::environment::Environment;
use crate::model::operation::Actor;
use crate::model::text::Line;

/// Returns the person and the machine. Several people behind one login say who they are with `CRASHCART_USER`.
pub fn actor(environment: &Environment) -> Actor {
    let variable = |name: &str| environment.surroundings.variable(name).map(str::to_owned);
    let user = variable("CRASHCART_USER").or_else(|| variable("USER")).or_else(|| variable("LOGNAME"));
    let user = user.or_else(named).unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Actor { user: Line::from_text(&user), host: Line::from_text(&host) }
}

/// Returns what the system's list of users calls this one: some shells and containers set no variable.
fn named() -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let own = rustix::process::getuid().as_raw().to_string();
    let mut fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    fields.find(|fields| fields.get(2) == Some(&own.as_str())).map(|fields| fields[0].to_owned())
}
