//! Whether anybody is there: away after a while without a sign of life from any page.

use std::time::Duration;

use crate::entity::time::{Instant, Timestamp};

/// How long nobody does anything before we are away.
const AWAY: Duration = Duration::from_secs(600);

/// Whether anybody is there.
#[derive(Clone, Debug)]
pub struct Idle {
    last: Instant,
    away: bool,
}

impl Idle {
    /// Somebody is there now.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            last: now,
            away: false,
        }
    }

    /// Somebody did something. True if we were away.
    pub fn on_activity(&mut self, now: Instant) -> bool {
        self.last = now;
        std::mem::take(&mut self.away)
    }

    /// When to look again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        (!self.away).then(|| self.last + AWAY)
    }

    /// Looks: since when nobody has been there, if that is news.
    pub fn on_tick(&mut self, now: Instant) -> Option<Timestamp> {
        if self.away || now.since(self.last) < AWAY {
            return None;
        }
        self.away = true;
        Some(self.last.wall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn away_comes_once_and_ends_with_the_first_sign_of_life() {
        let start = Instant::default();
        let mut idle = Idle::new(start);
        let late = start + AWAY;
        assert_eq!(idle.poll_timeout(), Some(late));
        assert_eq!(idle.on_tick(start + AWAY / 2), None);
        assert_eq!(idle.on_tick(late), Some(start.wall));
        assert_eq!(idle.on_tick(late + AWAY), None);
        assert_eq!(idle.poll_timeout(), None);
        assert!(idle.on_activity(late + AWAY));
        assert!(!idle.on_activity(late + AWAY));
        assert_eq!(idle.poll_timeout(), Some(late + AWAY + AWAY));
    }
}
