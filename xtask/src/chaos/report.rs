//! What a run came to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::act::Act;
use super::oracle::{Flaw, Kind};
use super::{Options, Server};

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    pub options: Options,
    /// How many messages were written.
    pub messages: usize,
    /// What went wrong, how often.
    pub acts: BTreeMap<Act, usize>,
    /// How long it took from the network's return until the session went on.
    pub resumed: Vec<Duration>,
    /// How long it took from the network's return until a new session stood.
    pub anew: Vec<Duration>,
    /// How long it took until a connection was found dead of which nobody was told.
    pub found: Vec<Duration>,
    /// How often somebody pressed "Retry now" because the next attempt was seconds away.
    pub pressed: usize,
    /// In how many places all of it was looked for.
    pub places: usize,
    pub flaws: Vec<Flaw>,
    /// What the server itself lost, when it was killed or with a session: it is in its sender's archive, and not in the other's.
    pub forgiven: Vec<String>,
    /// What was in its sender's archive when all was calm, and not in the other's: the server archived it late, or lost it.
    pub late: BTreeSet<String>,
    /// What was in both archives then, and not shown by a browser: it was in the end, or is among the flaws.
    pub shown_late: BTreeSet<String>,
    /// What the server itself has twice, because it denied that it had it.
    pub twice: BTreeSet<String>,
    pub took: Duration,
}

impl Report {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            messages: 0,
            acts: BTreeMap::new(),
            resumed: Vec::new(),
            anew: Vec::new(),
            found: Vec::new(),
            pressed: 0,
            places: 0,
            flaws: Vec::new(),
            forgiven: Vec::new(),
            late: BTreeSet::new(),
            shown_late: BTreeSet::new(),
            twice: BTreeSet::new(),
            took: Duration::ZERO,
        }
    }

    fn count(&self, kind: Kind) -> usize {
        self.flaws.iter().filter(|flaw| flaw.kind == kind).count()
    }
}

/// Median and 95th percentile, in words.
fn spread(times: &[Duration]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| {
        let index = sorted.len().saturating_sub(1) * percent / 100;
        sorted.get(index).map_or(0.0, Duration::as_secs_f64)
    };
    format!(
        "{} times, median {:.2} s, p95 {:.2} s, longest {:.2} s",
        times.len(),
        at(50),
        at(95),
        at(100)
    )
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = match self.options.server {
            Server::Prosody => "Prosody",
            Server::Ejabberd => "ejabberd",
        };
        let cuts: usize = self.acts.values().sum();
        writeln!(
            f,
            "{server}, seed {}: {} messages, {cuts} faults, looked for in {} places: {} lost, {} doubled, {} out of order, {} \
             strange; {:.0} s",
            self.options.seed,
            self.messages,
            self.places,
            self.count(Kind::Lost),
            self.count(Kind::Doubled),
            self.count(Kind::OutOfOrder),
            self.count(Kind::Strange),
            self.took.as_secs_f64()
        )?;
        for (act, count) in &self.acts {
            writeln!(f, "  {count:>4}  {act}")?;
        }
        writeln!(f, "  session resumed: {}", spread(&self.resumed))?;
        writeln!(f, "  new session: {}", spread(&self.anew))?;
        write!(f, "  dead connection found: {}", spread(&self.found))?;
        write!(f, "\n  \"Retry now\" pressed {} times", self.pressed)?;
        if !self.forgiven.is_empty() {
            let lost = self.forgiven.join(" ");
            write!(f, "\n  lost by the server: {lost}")?;
        }
        for (what, late) in [
            ("in no archive of the other when all was calm", &self.late),
            ("archived then, and shown later", &self.shown_late),
        ] {
            if !late.is_empty() {
                let late: Vec<&str> = late.iter().map(String::as_str).collect();
                write!(f, "\n  {what}: {}", late.join(" "))?;
            }
        }
        for message in &self.twice {
            write!(
                f,
                "\n  taken twice by the server, which had denied it: {message}"
            )?;
        }
        for flaw in self.flaws.iter().take(40) {
            write!(f, "\n  {flaw}")?;
        }
        Ok(())
    }
}
