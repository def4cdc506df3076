//! The log that the diagnostics show: the newest lines of `tracing`, kept in a ring.
//!
//! **Invariant:** only our own events, from DEBUG up: addresses and bodies are logged at TRACE at most, and so
//! never reach a line that a user may send to somebody.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Metadata, Subscriber};

use crate::boundary::change::{Level, LogLine};
use crate::entity::time::Timestamp;

/// How many lines are kept.
const MOST: usize = 500;
/// The longest line, in bytes.
const LONGEST: usize = 1_000;

/// The ring of lines. Clones share it.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Ring>>);

#[derive(Default)]
struct Ring {
    now: Timestamp,
    /// The number of the line after the newest.
    next: u64,
    lines: VecDeque<LogLine>,
}

impl Log {
    /// What takes part in `tracing` on behalf of this log.
    #[must_use]
    pub fn subscriber(&self) -> impl Subscriber + use<> {
        Recorder(self.clone())
    }

    /// Tells the time of the lines to come.
    pub fn set_now(&self, now: Timestamp) {
        self.ring().now = now;
    }

    /// The lines from a number on (as far as they are kept), and the number to ask for next.
    #[must_use]
    pub fn since(&self, number: u64) -> (Vec<LogLine>, u64) {
        let ring = self.ring();
        let kept = u64::try_from(ring.lines.len()).unwrap_or(u64::MAX);
        let first = ring.next.saturating_sub(kept);
        let skip = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        (ring.lines.iter().skip(skip).cloned().collect(), ring.next)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Recorder(Log);

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::DEBUG && metadata.target().starts_with("waxwing")
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        if line.0.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|at| line.0.is_char_boundary(*at));
            line.0.truncate(end.unwrap_or(0));
        }
        let metadata = event.metadata();
        let level = match *metadata.level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            _ => Level::Debug,
        };
        let mut ring = self.0.ring();
        let line = LogLine {
            time: ring.now,
            level,
            target: metadata.target().to_owned(),
            text: line.0,
        };
        if ring.lines.len() >= MOST {
            ring.lines.pop_front();
        }
        ring.lines.push_back(line);
        ring.next = ring.next.wrapping_add(1);
    }

    // Spans are for other subscribers: a line says what it needs by itself.
    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}
    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}
    fn enter(&self, _span: &span::Id) {}
    fn exit(&self, _span: &span::Id) {}
}

/// `message name=value name=value`.
struct Line(String);

impl Visit for Line {
    // Nobody notes one, and writing them would bring the arithmetic for it.
    fn record_f64(&mut self, _field: &Field, _value: f64) {}

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = if field.name() == "message" {
            let rest = std::mem::take(&mut self.0);
            write!(self.0, "{value:?}{rest}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_log(act: impl FnOnce(&Log)) {
        let log = Log::default();
        tracing::subscriber::with_default(log.subscriber(), || act(&log));
    }

    #[test]
    fn a_line_says_when_where_and_what() {
        with_log(|log| {
            log.set_now(Timestamp(7));
            tracing::warn!(target: "waxwing::test", attempts = 3, "the server is silent");
            tracing::warn!(target: "elsewhere", "not ours");
            tracing::trace!(target: "waxwing::test", "<message/>");
            let (lines, next) = log.since(0);
            assert_eq!(next, 1);
            let [line] = &lines[..] else {
                panic!("{lines:?}");
            };
            assert_eq!(line.text, "the server is silent attempts=3");
            assert_eq!((line.time, line.level), (Timestamp(7), Level::Warn));
        });
    }

    #[test]
    fn only_the_newest_lines_are_kept() {
        with_log(|log| {
            for number in 0..MOST + 10 {
                tracing::debug!(target: "waxwing", "line {number}");
            }
            let (lines, next) = log.since(0);
            assert_eq!(lines.len(), MOST);
            assert_eq!(lines[0].text, "line 10");
            assert_eq!(log.since(next - 2).0.len(), 2);
            assert!(log.since(next).0.is_empty());
        });
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        with_log(|log| {
            tracing::info!(target: "waxwing", "x{}", "é".repeat(LONGEST));
            assert_eq!(log.since(0).0[0].text.len(), LONGEST - 1);
        });
    }
}
