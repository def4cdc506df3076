//! When to try again: exponential back-off with full jitter.
//!
//! **Invariant:** a server that comes back is not met by everybody at once: each wait is drawn from the whole
//! range below a growing ceiling. The ceiling falls back only after a connection that stayed.
//!
//! A cut is tried again soon. Where that fails, too, or where the server said that it is going down, it is the server that
//! is away, for everybody: from then on the waits are wide enough that no second sees a tenth of all clients.
//!
//! A server that is back within those first seconds, or a proxy before it that only dropped all connections, looks like a
//! single cut. Somebody who looks is not made to wait for the sake of that; but most clients are seen by nobody at any moment, and
//! theirs are wide from the first one on. So no second sees a tenth either, as long as no more than one in ten looks.

use std::time::Duration;

use crate::entity::problem::Problem;
use crate::entity::time::Instant;

/// The ceiling of the first wait.
const FIRST: Duration = Duration::from_secs(3);
/// The ceiling of the first waits where nobody looks: whoever begins to is not made to wait for the end of it.
const UNSEEN: Duration = Duration::from_secs(30);
/// The ceiling of the second wait; it doubles from there on.
const SECOND: Duration = Duration::from_secs(20);
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
    displeased: bool,
}

impl Backoff {
    /// We are online.
    pub fn on_online(&mut self, now: Instant) {
        self.online_since = Some(now);
    }

    /// An attempt or a connection ended: how long to wait. `is_seen`: somebody looks. `random` is uniform over all of `u64`.
    pub fn on_lost(
        &mut self,
        now: Instant,
        problem: &Problem,
        is_seen: bool,
        random: u64,
    ) -> Duration {
        let stable = self
            .online_since
            .take()
            .is_some_and(|since| now.since(since) >= STABLE);
        if stable {
            self.failures = 0;
        }
        self.displeased = matches!(
            problem,
            Problem::PolicyViolation(_) | Problem::ServerFull | Problem::TooFast
        );
        self.failures = match problem {
            _ if self.displeased => self.failures.saturating_add(DISPLEASED),
            Problem::SystemShutdown => self.failures.max(1),
            _ => self.failures,
        };
        let least = if is_seen { FIRST } else { UNSEEN };
        let ceiling = ceiling(self.failures).max(least);
        self.failures = self.failures.saturating_add(1);
        // Who is told to go away does not come back at once, not even by chance.
        let least = if self.displeased {
            ceiling / 2
        } else {
            Duration::ZERO
        };
        let width = u64::try_from((ceiling - least).as_millis()).unwrap_or(u64::MAX);
        least + Duration::from_millis(random % width.saturating_add(1))
    }

    /// Whether the server wants to be left alone: then only the user may make it shorter.
    #[must_use]
    pub fn is_displeased(&self) -> bool {
        self.displeased
    }
}

fn ceiling(failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else {
        return FIRST;
    };
    let times = 1_u32.checked_shl(doublings.min(16)).unwrap_or(u32::MAX);
    SECOND.saturating_mul(times).min(CEILING)
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
        let waits: Vec<_> = (0..8)
            .map(|_| {
                let wait = backoff.on_lost(at(0), &Problem::ConnectionLost, true, 0);
                assert_eq!(wait, Duration::ZERO);
                ceiling(backoff.failures - 1).as_secs()
            })
            .collect();
        assert_eq!(waits, [3, 20, 40, 80, 160, 180, 180, 180]);
        assert_eq!(ceiling(u32::MAX), CEILING);
    }

    #[test]
    fn only_a_connection_that_stayed_forgives() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.on_lost(at(0), &Problem::ConnectionLost, true, 7);
        }
        backoff.on_online(at(10));
        backoff.on_lost(at(69), &Problem::ConnectionLost, true, 7);
        assert_eq!(backoff.failures, 6);
        backoff.on_online(at(70));
        backoff.on_lost(at(130), &Problem::ConnectionLost, true, 7);
        assert_eq!(backoff.failures, 1);
    }

    #[test]
    fn a_displeased_server_is_left_alone_longer() {
        for random in [0, 7, 39_999, u64::MAX] {
            let mut backoff = Backoff::default();
            let wait = backoff.on_lost(at(0), &Problem::PolicyViolation(None), true, random);
            assert!((40..=80).contains(&wait.as_secs()), "{wait:?}");
            assert!(backoff.is_displeased());
            backoff.on_lost(at(100), &Problem::ConnectionLost, true, random);
            assert!(!backoff.is_displeased());
        }
    }

    /// When a thousand clients come back to a server that is away for so long, in milliseconds. One in so many is seen.
    fn returns(seed: u64, away: u64, problem: &Problem, seen: usize) -> Vec<u64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut returns: Vec<_> = (0..1_000)
            .map(|client| {
                let mut backoff = Backoff::default();
                let mut wait = |now, problem| {
                    now + backoff.on_lost(now, problem, client % seen == 0, random.next_u64())
                };
                let mut now = wait(at(0), problem);
                while now.since(at(0)) < Duration::from_millis(away) {
                    now = wait(now, &Problem::ConnectionLost);
                }
                u64::try_from(now.since(at(0)).as_millis()).unwrap()
            })
            .collect();
        returns.sort_unstable();
        returns
    }

    /// How many come back in the busiest second, wherever it begins.
    fn busiest(returns: &[u64]) -> usize {
        let within = |from: u64| {
            let second = from..from + 1_000;
            returns.iter().filter(|at| second.contains(at)).count()
        };
        returns.iter().map(|from| within(*from)).max().unwrap()
    }

    #[test]
    fn a_thousand_clients_do_not_return_in_the_same_second() {
        for (away, seed) in [3, 4, 5, 8, 10, 15, 20, 30, 60, 120, 300]
            .into_iter()
            .zip(1..)
        {
            let busiest = busiest(&returns(seed, away * 1_000, &Problem::ConnectionLost, 1));
            assert!(
                busiest <= 100,
                "{busiest} in a second, away for {away} s (seed {seed})"
            );
        }
        // A server that says so may be back at once.
        for (away, seed) in [0, 1, 2, 5, 30].into_iter().zip(1..) {
            let busiest = busiest(&returns(seed, away * 1_000, &Problem::SystemShutdown, 1));
            assert!(
                busiest <= 100,
                "{busiest} in a second, away for {away} s (seed {seed})"
            );
        }
    }

    /// It was cut and is back before anybody notices, or took a few seconds.
    #[test]
    fn a_server_that_is_back_soon_is_not_met_by_those_whom_nobody_sees() {
        for seed in 1..10 {
            for away in [
                0, 300, 500, 1_000, 1_500, 2_000, 3_000, 5_000, 20_000, 60_000,
            ] {
                let busiest = busiest(&returns(seed, away, &Problem::ConnectionLost, 10));
                assert!(
                    busiest <= 100,
                    "{busiest} in a second, away for {away} ms (seed {seed})"
                );
            }
        }
    }

    #[test]
    fn one_cut_is_mended_within_three_seconds_for_whoever_looks() {
        let last = |seen| {
            *returns(1, 0, &Problem::ConnectionLost, seen)
                .last()
                .unwrap()
        };
        assert!(last(1) <= 3_000);
        assert!(last(1_001) <= 30_000);
    }
}
