//! Whether anybody is there: away after a while without a sign of life from any page; and whether anybody looks.

use std::time::Duration;

use crate::entity::time::{Instant, Timestamp};

/// How long nobody does anything before we are away.
const AWAY: Duration = Duration::from_secs(600);

/// How long no page is seen before nobody looks.
const HIDDEN: Duration = Duration::from_secs(10);

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

/// Whether any page is seen: for a short look elsewhere nothing is told.
#[derive(Clone, Debug)]
pub struct Looked {
    hidden: Option<Instant>,
    told: bool,
}

impl Default for Looked {
    fn default() -> Self {
        Self {
            hidden: None,
            told: true,
        }
    }
}

impl Looked {
    /// What was told last.
    #[must_use]
    pub fn told(&self) -> bool {
        self.told
    }

    /// Looks: whether somebody sees a page, if that is news.
    pub fn on_tick(&mut self, now: Instant, looked: bool) -> Option<bool> {
        if looked {
            self.hidden = None;
        } else {
            self.hidden.get_or_insert(now);
        }
        let is_over = |since| now.since(since) >= HIDDEN;
        let next = match self.hidden {
            None => true,
            Some(since) if is_over(since) => false,
            Some(_) => self.told,
        };
        (std::mem::replace(&mut self.told, next) != next).then_some(next)
    }

    /// When to look again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let since = self.hidden.filter(|_| self.told)?;
        Some(since + HIDDEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_look_elsewhere_is_not_told_and_a_look_back_told_at_once() {
        let start = Instant::default();
        let mut looked = Looked::default();
        assert_eq!(looked.on_tick(start, true), None);
        assert_eq!(looked.poll_timeout(), None);
        assert_eq!(looked.on_tick(start, false), None);
        assert_eq!(looked.on_tick(start + HIDDEN / 2, true), None);
        assert_eq!(looked.on_tick(start + HIDDEN, false), None);
        assert_eq!(looked.poll_timeout(), Some(start + HIDDEN + HIDDEN));
        assert_eq!(looked.on_tick(start + HIDDEN + HIDDEN, false), Some(false));
        assert_eq!(looked.poll_timeout(), None);
        assert_eq!(looked.on_tick(start + HIDDEN * 3, false), None);
        assert_eq!(looked.on_tick(start + HIDDEN * 3, true), Some(true));
    }

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
