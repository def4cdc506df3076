//! `cargo xtask bench`: the budgets, measured on the built site in a real browser against a real Prosody.
//!
//! **Invariant:** nothing is taken for done because time has passed: what is measured is waited for where it can be seen,
//! with a deadline. A row that fails leaves the others be and is shown as not measured.

mod away;
mod engine;
mod history;
mod memory;
mod page;
mod peer;
mod quiet;
mod report;
mod roster;
mod rows;
mod start;
mod talk;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::site;
use crate::tool::{say, timed};
use report::Findings;
use rows::{Key, ROWS};
use world::{Kept, World};

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// Only rows whose names contain this.
    pub filter: String,
    /// How often each thing is done.
    pub runs: usize,
    /// Whether `dist/` is taken as it is, whatever the sources say.
    pub as_is: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            filter: String::new(),
            runs: 7,
            as_is: false,
        }
    }
}

/// Rows that are measured together.
struct Group {
    name: &'static str,
    keys: &'static [Key],
    /// How long the server keeps a session whose socket is gone.
    hibernation: Duration,
    /// Where the server keeps what nobody hears.
    kept: Kept,
    measure: fn(&World, &mut Findings) -> Result<()>,
}

/// Long enough for every row in which a session is to go on.
const KEEPS: Duration = Duration::from_secs(600);

const GROUPS: &[Group] = &[
    Group {
        name: "the first visit",
        keys: &[Key::WireForm, Key::WireConversation, Key::ColdStart],
        hibernation: KEEPS,
        kept: Kept::Twice,
        measure: start::measure,
    },
    Group {
        name: "contacts",
        keys: &[
            Key::Contacts1000,
            Key::Contacts1000Task,
            Key::Contacts5000,
            Key::Memory,
            Key::Nodes,
        ],
        hibernation: KEEPS,
        kept: Kept::Twice,
        measure: roster::measure,
    },
    Group {
        name: "a long history",
        keys: &[
            Key::Burst,
            Key::BurstStored,
            Key::Typing,
            Key::Open,
            Key::ScrollBack,
            Key::ScrollBackTask,
            Key::MemoryScrolled,
            Key::Reload,
            Key::Nodes,
        ],
        hibernation: KEEPS,
        kept: Kept::Twice,
        measure: history::measure,
    },
    Group {
        name: "a talk",
        keys: &[Key::ToOther, Key::OwnPainted, Key::Received],
        hibernation: KEEPS,
        kept: Kept::Twice,
        measure: talk::measure,
    },
    Group {
        name: "memory over time",
        keys: &[Key::MemoryPerMessage],
        hibernation: KEEPS,
        kept: Kept::Twice,
        measure: memory::per_message,
    },
    Group {
        name: "the network comes back",
        keys: &[Key::Resumed, Key::ResumedMost, Key::HalfOpen],
        hibernation: KEEPS,
        kept: Kept::Twice,
        measure: away::session,
    },
    Group {
        name: "after a long time",
        keys: &[
            Key::Missed,
            Key::HeldBack,
            Key::HeldBackShown,
            Key::CaughtUpTask,
        ],
        hibernation: away::FORGETS,
        kept: Kept::Twice,
        measure: away::missed,
    },
    Group {
        name: "after a long time, from the archive",
        keys: &[Key::CaughtUp, Key::CaughtUpNewest, Key::CaughtUpTask],
        hibernation: away::FORGETS,
        kept: Kept::InDatabase,
        measure: away::archived,
    },
    Group {
        name: "nothing happens",
        keys: &[Key::WakesPage, Key::WakesEngine],
        hibernation: KEEPS,
        kept: Kept::Twice,
        measure: quiet::measure,
    },
];

fn group_of(key: Key) -> &'static str {
    let group = GROUPS.iter().find(|group| group.keys.contains(&key));
    group.map_or("", |group| group.name)
}

/// Measures, and prints the table.
///
/// # Errors
/// When the site cannot be built or no row has such a name. A missed budget is none.
pub fn run(options: &Options) -> Result<()> {
    let filter = options.filter.to_lowercase();
    let wanted: Vec<Key> = ROWS
        .iter()
        .filter(|row| {
            row.what.to_lowercase().contains(&filter) || group_of(row.key).contains(&filter)
        })
        .map(|row| row.key)
        .collect();
    if wanted.is_empty() {
        let names: Vec<&str> = ROWS.iter().map(|row| row.what).collect();
        return Err(Error::Usage(format!(
            "no row is named {:?}; there are:\n{}",
            options.filter,
            names.join("\n")
        )));
    }
    if !options.as_is {
        site::build(false)?;
    }
    let mut findings = Findings::default();
    for group in GROUPS {
        if !group.keys.iter().any(|key| wanted.contains(key)) {
            continue;
        }
        let measured = timed(group.name, || {
            // What the browser's hands wait for in vain ends in a panic.
            catch_unwind(AssertUnwindSafe(|| {
                (group.measure)(
                    &World::new(options.runs, group.hibernation, group.kept)?,
                    &mut findings,
                )
            }))
            .unwrap_or_else(|_| Err(Error::Usage("it was given up, see above".into())))
        });
        if let Err(error) = measured {
            say(format!("{}: {error}", group.name));
            if let Some(key) = group.keys.first() {
                findings.note(
                    *key,
                    format!("its group was not measured to the end: {error}"),
                );
            }
        }
    }
    if wanted.contains(&Key::Engine) {
        timed("the engine", || engine::measure(&mut findings))?;
    }
    println!("\n{}\n", findings.table(&wanted));
    Ok(())
}
