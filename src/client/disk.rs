//! A disk that failed: what people are told, and when it is tried again.

use std::time::Duration;

use crate::entity::id::AccountId;
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::store::{Depot, StoreError};

/// The first wait, doubled with every further failure.
const FIRST: Duration = Duration::from_secs(5);
/// The longest wait.
const CEILING: Duration = Duration::from_secs(300);

/// When a disk that failed is tried again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retry {
    wait: Duration,
    at: Instant,
}

impl Retry {
    /// It failed for the first time.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            wait: FIRST,
            at: now + FIRST,
        }
    }

    /// Nothing failed: it is tried at once.
    #[must_use]
    pub fn at_once(now: Instant) -> Self {
        let mut retry = Self::new(now);
        retry.hurry(now);
        retry
    }

    /// It failed again.
    pub fn again(&mut self, now: Instant) {
        self.wait = self.wait.saturating_mul(2).min(CEILING);
        self.at = now + self.wait;
    }

    /// There is a reason to try at once.
    pub fn hurry(&mut self, now: Instant) {
        self.at = now;
    }

    /// When to try.
    #[must_use]
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Whether to try now.
    #[must_use]
    pub fn is_due(&self, now: Instant) -> bool {
        self.at.monotonic <= now.monotonic
    }
}

/// Removes what is left of an account that is to be erased: what it stored, and then the record that says so. Whoever dies in
/// between leaves the rest to the next engine.
///
/// # Errors
/// What the disk says.
pub async fn erase(depot: &dyn Depot, id: AccountId) -> Result<(), StoreError> {
    depot.erase(id).await?;
    depot.remove_account(id).await
}

/// What people are told of a failure.
#[must_use]
pub fn problem(error: &StoreError) -> Problem {
    match error {
        StoreError::Full => Problem::StorageFull,
        StoreError::Unavailable(_)
        | StoreError::Newer
        | StoreError::Unread
        | StoreError::Removed => Problem::NoStorage,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::time::Timestamp;

    #[test]
    fn a_disk_that_stays_broken_is_tried_ever_more_rarely_but_for_ever() {
        let mut now = Instant {
            monotonic: Duration::ZERO,
            wall: Timestamp(0),
        };
        let mut retry = Retry::new(now);
        let mut waits = Vec::new();
        for _ in 0..9 {
            assert!(!retry.is_due(now));
            waits.push(retry.at().since(now).as_secs());
            now = retry.at();
            assert!(retry.is_due(now));
            retry.again(now);
        }
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
    }
}
