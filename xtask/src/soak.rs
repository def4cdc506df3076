//! `cargo xtask soak`: what takes long. Each kind prints its seed first; `WAXWING_SEED` plays it again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::chaos::{self, Server, kills};
use crate::error::{Error, Result};
use crate::{site, test};

/// What the command line says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How many, if not as many as usual.
    pub count: Option<u64>,
    /// On which server, if not on both.
    pub server: Option<Server>,
    /// Whether `dist/` is taken as it is, whatever the sources say.
    pub as_is: bool,
}

/// One kind of soak.
pub struct Kind {
    /// What the command line calls it.
    pub name: &'static str,
    /// What it does, for the help.
    pub what: &'static str,
    /// How many of it are usual.
    pub count: u64,
    run: fn(u64, Options) -> Result<bool>,
}

/// All kinds; the first is meant where none is named.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "frames",
        what: "frames that were tampered with, through the whole client",
        count: 1_000_000,
        run: |count, _| test::soak("fuzz", "", "WAXWING_FUZZ", count),
    },
    Kind {
        name: "properties",
        what: "cases of what must hold whatever happens",
        count: 10_000,
        run: |count, _| test::soak("properties", "", "WAXWING_CASES", count),
    },
    Kind {
        name: "simulation",
        what: "runs of several devices through a bad network, against a reference server",
        count: 100_000,
        run: |count, _| test::soak("simulation", "", "WAXWING_SIMULATION", count),
    },
    Kind {
        name: "chaos",
        what: "so many faults, and ten times as many messages each way, between real browsers and both servers",
        count: 500,
        run: chaos,
    },
    Kind {
        name: "kills",
        what: "kills of renderers at random moments after Enter",
        count: 100,
        run: kills,
    },
    Kind {
        name: "engines",
        what: "kills of the engine among two to six tabs that do things at random",
        count: 50,
        run: engines,
    },
];

/// Runs one kind, and says whether all was well.
///
/// # Errors
/// When there is no such kind, or something does not start.
pub fn run(name: &str, options: Options) -> Result<bool> {
    let kind = KINDS.iter().find(|kind| kind.name == name);
    let kind = kind.ok_or_else(|| {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        Error::Usage(format!("there is no soak {name:?}: {}", names.join(", ")))
    })?;
    (kind.run)(options.count.unwrap_or(kind.count), options)
}

fn chaos(cuts: u64, options: Options) -> Result<bool> {
    on_servers(options, |server| {
        let cuts = usize::try_from(cuts).unwrap_or(usize::MAX);
        let report = chaos::play(chaos::Options {
            server,
            seed: chaos::seed(),
            each: cuts.saturating_mul(10),
            foreign: cuts,
            cuts,
        })?;
        println!("{report}");
        Ok(report.flaws.is_empty())
    })
}

fn kills(count: u64, options: Options) -> Result<bool> {
    on_servers(options, |server| {
        let report = kills::play(server, chaos::seed(), count)?;
        println!("{report}");
        Ok(report.flaws.is_empty())
    })
}

fn engines(count: u64, options: Options) -> Result<bool> {
    if !options.as_is {
        site::build(false)?;
    }
    test::soak("e2e", "however_many_tabs", "WAXWING_DEATHS", count)
}

/// Plays on one server or on both, one after the other. What is waited for in vain ends in a panic, and counts as a failure.
fn on_servers(options: Options, play: impl Fn(Server) -> Result<bool>) -> Result<bool> {
    if !options.as_is {
        site::build(false)?;
    }
    let all = [Server::Prosody, Server::Ejabberd];
    let mut is_well = true;
    for server in all {
        if options.server.is_none_or(|one| one == server) {
            let played = catch_unwind(AssertUnwindSafe(|| play(server)));
            is_well &= played.unwrap_or(Ok(false))?;
        }
    }
    Ok(is_well)
}
