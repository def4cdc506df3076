//! What a [`super::FaultProxy`] saw and did, each with its moment: what an oracle judges by, and what a failure shows.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Way;

/// So much of a frame is kept.
const KEPT: usize = 2_000;
/// So much of a frame is shown.
const SHOWN: usize = 420;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// Since the proxy started.
    pub after: Duration,
    /// The number of the connection, from 1; 0 for what concerns none.
    pub connection: u32,
    /// What.
    pub what: What,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A browser asks for the server.
    Opened,
    /// A piece went through, as a whole.
    Passed(Way, String),
    /// A piece was lost on its way.
    Lost(Way, String),
    /// Of a piece only so many bytes went through.
    Torn(Way, String, usize),
    /// The connection was reset by us.
    Reset,
    /// One side ended it, or the idle time was over.
    Ended(String),
    /// The browser was turned away with this status; 0 is a reset.
    TurnedAway(u16),
    /// Somebody changed what happens here, e.g. `mend`.
    Told(String),
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.after.as_secs_f64();
        write!(f, "{seconds:>9.3} #{:<3} ", self.connection)?;
        let short = |text: &str| text.chars().take(SHOWN).collect::<String>();
        match &self.what {
            What::Opened => write!(f, "opened"),
            What::Passed(way, text) => write!(f, "{way} {}", short(text)),
            What::Lost(way, text) => write!(f, "{way} LOST {}", short(text)),
            What::Torn(way, text, bytes) => {
                write!(f, "{way} TORN after {bytes} bytes: {}", short(text))
            }
            What::Reset => write!(f, "reset"),
            What::Ended(how) => write!(f, "{how}"),
            What::TurnedAway(0) => write!(f, "turned away by a reset"),
            What::TurnedAway(status) => write!(f, "turned away with {status}"),
            What::Told(what) => write!(f, "-- {what}"),
        }
    }
}

/// The entries so far.
#[derive(Debug)]
pub(super) struct Evidence {
    start: Instant,
    entries: Mutex<Vec<Entry>>,
}

impl Evidence {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            entries: Mutex::default(),
        }
    }

    pub(super) fn note(&self, connection: u32, what: What) {
        let at = Instant::now();
        self.entries().push(Entry {
            at,
            after: at.duration_since(self.start),
            connection,
            what: what.kept(),
        });
    }

    /// Those for which the function holds.
    pub(super) fn filter(&self, fits: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let entries = self.entries();
        entries
            .iter()
            .filter(|entry| fits(entry))
            .cloned()
            .collect()
    }

    /// The first for which the function holds.
    pub(super) fn first(&self, fits: impl Fn(&Entry) -> bool) -> Option<Entry> {
        self.entries().iter().find(|entry| fits(entry)).cloned()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl What {
    /// What of it is worth its memory over hours.
    fn kept(mut self) -> Self {
        if let Self::Passed(_, text) | Self::Lost(_, text) | Self::Torn(_, text, _) = &mut self
            && text.len() > KEPT
        {
            *text = text.chars().take(KEPT).collect();
        }
        self
    }
}
