//! `crashcart logs`: logs on standard output, merged by time, filtered, followed.
//!
//! ```text
//! files, globs --> last wanted lines --.                     .-> what is written from now on, with --follow
//! commands, ssh, - --> until quiet -----+--> merge --> print --'
//! ```

mod gather;
mod live;
mod merge;
mod platform;
mod print;
mod sources;
mod wanted;

use std::sync::Arc;

use super::Exit;
use super::args::{Cli, LogsArgs};
use super::environment::Environment;
use super::failure::Failure;
use crate::clock::Clock;
use crate::model::catalog::Catalog;
use crate::runtime::feeds::Reader;

use gather::gather;
use live::Live;
use print::Printer;
use wanted::Filter;

/// What one call of `crashcart logs` works with.
struct Session<'a> {
    args: &'a LogsArgs,
    filter: Filter,
    clock: Clock,
    zone: jiff::tz::TimeZone,
    catalog: Catalog,
    reader: Arc<dyn Reader>,
}

pub(super) fn run(cli: &Cli, args: &LogsArgs, environment: &Environment) -> Result<Exit, Failure> {
    let filter = Filter::new(args)?;
    let (specs, zone, catalog, definitions) = sources::named(cli, args, environment)?;
    let clock = Clock::system();
    let reader = super::outside::engine(environment, &clock, &definitions);
    let session = Session { args, filter, clock, zone, catalog, reader };
    let colour = environment.stdout_is_terminal && !environment.no_color && !cli.global.no_color;
    let mut printer = Printer::new(args.json, colour, &specs);
    // One thread is enough to hand lines on; files have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let gathered = gather(&session, &specs).await?;
        for why in &gathered.troubles {
            print::note(why);
        }
        let mut wrong = !gathered.troubles.is_empty();
        for spec in gathered.members {
            printer.learn(&spec);
        }
        if !printer.print(merge::by_time(gathered.entries))? {
            return Ok(Exit::Healthy);
        }
        if args.follow {
            wrong |= Live::start(&session, specs, gathered.ends)?.run(&mut printer).await?;
        }
        Ok(if wrong { Exit::Wrong } else { Exit::Healthy })
    })
}
