//! How often the pages are told of what comes: at once when all was quiet, with each frame for a moment, and a few times
//! a second in a flood. Whoever floods us would otherwise keep the machine busy with drawing what nobody can read.

use std::time::Duration;

use crate::entity::time::Instant;

/// A frame of the screen.
const FRAME: Duration = Duration::from_millis(16);
/// In a flood.
const FLOOD: Duration = Duration::from_millis(100);
/// So many frames one after the other are a flood.
const MANY: u32 = 5;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// When pages were told last, or since when something waits; nothing since there was nothing to tell.
    last: Option<Instant>,
    /// How often pages were told without a pause.
    run: u32,
}

impl Pace {
    /// Whether pages may be told now.
    pub(super) fn allows(&self, now: Instant) -> bool {
        self.timeout()
            .is_none_or(|at| at.monotonic <= now.monotonic)
    }

    /// Something is to be told when its time comes.
    pub(super) fn on_waiting(&mut self, now: Instant) {
        self.last = self.last.or(Some(now));
    }

    /// Pages were told.
    pub(super) fn on_told(&mut self, now: Instant) {
        self.run = self.last.map_or(0, |_| self.run.saturating_add(1));
        self.last = Some(now);
    }

    /// There was nothing to tell.
    pub(super) fn on_quiet(&mut self) {
        *self = Self::default();
    }

    /// When to tell what waits, or to find that there is nothing.
    pub(super) fn timeout(&self) -> Option<Instant> {
        let pause = if self.run < MANY { FRAME } else { FLOOD };
        Some(self.last? + pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rare_is_told_at_once_and_a_flood_a_few_times_a_second() {
        let mut now = Instant::default();
        let mut pace = Pace::default();
        let mut told = 0;
        for _ in 0..1_000 {
            if pace.allows(now) {
                pace.on_told(now);
                told += 1;
            } else {
                pace.on_waiting(now);
            }
            now = now + Duration::from_millis(1);
        }
        assert_eq!(told, 1 + 5 + 9);
        // The last word is said in time, and then all is quiet.
        let at = pace.timeout().unwrap();
        assert!(at.since(now) <= FLOOD);
        pace.on_told(at);
        pace.on_quiet();
        assert_eq!(pace.timeout(), None);
        assert!(pace.allows(at));
        pace.on_told(at);
        assert_eq!(pace.timeout(), Some(at + FRAME));
    }
}
