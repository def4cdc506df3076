//! When to try again: exponential back-off with full jitter.
//!
//! **Invariant:** a server that comes back is not met by everybody at once: each wait is drawn from the whole
//! range below a growing ceiling. The ceiling falls back only after a connection that stayed.

use std::time::Duration;

use crate::entity::problem::Problem;
use crate::entity::time::Instant;

/// The ceiling of the first wait.
const FIRST: Duration = Duration::from_secs(3);
/// The ceiling of every wait.
const CEILING: Duration = Duration::from_secs(180);
/// A connection that lasted so long was a good one.
const STABLE: Duration = Duration::from_secs(60);
/// How many failures a server's displeasure counts for.
const DISPLEASED: u32 = 3;

/// How long to wait before the next attempt.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
    online_since: Option<Instant>,
}

impl Backoff {
    /// We are online.
    pub fn on_online(&mut self, now: Instant) {
        self.online_since = Some(now);
    }

    /// An attempt or a connection ended: how long to wait. `random` is uniform over all of `u64`.
    pub fn on_lost(&mut self, now: Instant, problem: &Problem, random: u64) -> Duration {
        let stable = self
            .online_since
            .take()
            .is_some_and(|since| now.since(since) >= STABLE);
        if stable {
            self.failures = 0;
        }
        let ceiling = ceiling(self.failures);
        self.failures = self.failures.saturating_add(match problem {
            Problem::PolicyViolation(_) | Problem::ServerFull | Problem::TooFast => DISPLEASED,
            _ => 1,
        });
        let ceiling = u64::try_from(ceiling.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(random % ceiling.saturating_add(1))
    }
}

fn ceiling(failures: u32) -> Duration {
    FIRST
        .saturating_mul(1_u32.checked_shl(failures.min(16)).unwrap_or(u32::MAX))
        .min(CEILING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    fn at(seconds: u64) -> Instant {
        Instant::default() + Duration::from_secs(seconds)
    }

    #[test]
    fn the_ceiling_doubles_up_to_three_minutes() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..9)
            .map(|_| {
                let wait = backoff.on_lost(at(0), &Problem::ConnectionLost, 0);
                assert_eq!(wait, Duration::ZERO);
                ceiling(backoff.failures - 1).as_secs()
            })
            .collect();
        assert_eq!(waits, [3, 6, 12, 24, 48, 96, 180, 180, 180]);
    }

    #[test]
    fn only_a_connection_that_stayed_forgives() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.on_lost(at(0), &Problem::ConnectionLost, 7);
        }
        backoff.on_online(at(10));
        backoff.on_lost(at(69), &Problem::ConnectionLost, 7);
        assert_eq!(backoff.failures, 6);
        backoff.on_online(at(70));
        backoff.on_lost(at(130), &Problem::ConnectionLost, 7);
        assert_eq!(backoff.failures, 1);
    }

    #[test]
    fn a_displeased_server_is_left_alone_longer() {
        let mut backoff = Backoff::default();
        backoff.on_lost(at(0), &Problem::PolicyViolation(None), 7);
        assert_eq!(ceiling(backoff.failures), Duration::from_secs(24));
    }

    #[test]
    fn a_thousand_clients_do_not_return_in_the_same_second() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        // The server is away for a minute; each client tries until it is back.
        let mut returns = std::collections::BTreeMap::<u64, u32>::new();
        for _ in 0..1_000 {
            let mut backoff = Backoff::default();
            let mut now = at(0);
            while now.since(at(0)) < Duration::from_secs(60) {
                now = now + backoff.on_lost(now, &Problem::ConnectionLost, random.next_u64());
            }
            *returns.entry(now.since(at(0)).as_secs()).or_default() += 1;
        }
        let busiest = returns.values().max().copied().unwrap();
        assert!(busiest <= 100, "{busiest} of 1000 in one second (seed 7)");
    }
}
