//! How often an engine that dies, or never comes to life, is started anew.

use std::time::Duration;

/// So many deaths in so long a time are too many.
const MOST: usize = 4;
const LATELY: Duration = Duration::from_secs(60);
/// How long to wait after the first death, and how many times longer after each one more.
const FIRST: Duration = Duration::from_millis(250);
const FACTOR: u32 = 2;

/// The deaths of late.
#[derive(Clone, Debug, Default)]
pub struct Deaths(Vec<Duration>);

impl Deaths {
    /// It died: how long to wait until it is started anew, or nothing if it died too often. `now` counts from any
    /// moment.
    pub fn on_death(&mut self, now: Duration) -> Option<Duration> {
        self.0.retain(|then| now.saturating_sub(*then) < LATELY);
        self.0.push(now);
        let before = self.0.len().saturating_sub(1);
        if before >= MOST {
            return None;
        }
        let factors = u32::try_from(before).unwrap_or(u32::MAX);
        Some(FIRST.saturating_mul(FACTOR.saturating_pow(factors)))
    }

    /// A person wants it tried again.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}
