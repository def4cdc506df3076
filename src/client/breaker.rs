//! The breaker: a frame that was in hand at two deaths of an engine is not taken a third time.
//!
//! **Invariant:** what is skipped is counted as received, so that the server does not send it again, and it is logged.
//! **Invariant:** once an engine has died of a frame, a turn takes one frame at a time: then the frame in hand is the
//! one to blame, also for what follows from it.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::boundary::deadly::fingerprint;

/// So many deaths are the frame's fault.
const ENOUGH: usize = 2;

/// What is known of frames that were in hand when engines died.
#[derive(Debug, Default)]
pub struct Breaker {
    deaths: RefCell<HashMap<u64, usize>>,
}

impl Breaker {
    /// What a page remembers: one fingerprint for each death. All pages remember the same deaths.
    pub fn learn(&self, remembered: &[u64]) {
        let mut deaths = self.deaths.borrow_mut();
        for print in remembered {
            let count = remembered.iter().filter(|other| *other == print).count();
            let known = deaths.entry(*print).or_default();
            *known = count.max(*known);
        }
    }

    /// Whether any engine died with a frame in hand.
    #[must_use]
    pub fn is_careful(&self) -> bool {
        !self.deaths.borrow().is_empty()
    }

    /// Whether this frame is to be skipped.
    #[must_use]
    pub fn skips(&self, frame: &str) -> bool {
        let deaths = self.deaths.borrow();
        !deaths.is_empty()
            && deaths
                .get(&fingerprint(frame))
                .is_some_and(|count| *count >= ENOUGH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_skipped_after_two_deaths_whoever_tells_of_them() {
        let breaker = Breaker::default();
        let (poison, honey) = ("<message>poison</message>", "<message>honey</message>");
        assert!(!breaker.is_careful());
        breaker.learn(&[fingerprint(poison), fingerprint(honey)]);
        breaker.learn(&[fingerprint(poison)]);
        assert!(breaker.is_careful());
        assert!(!breaker.skips(poison), "two pages tell of one death");
        breaker.learn(&[fingerprint(poison), 7, fingerprint(poison)]);
        assert!(breaker.skips(poison));
        assert!(!breaker.skips(honey));
    }
}
