//! When the next attempt is, and when a connection is doubted: back-off, the network, sleep, people who look again.
//!
//! **Invariant:** never two attempts at a time: what makes us hurry begins one where none is under way, or in place of
//! one whose socket is not open yet. A connection that may be dead is asked, not dropped: what the browser says of the
//! network is a reason to look, never one to believe.

use std::time::Duration;

use crate::entity::account::Connection;
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::event::Next;
use crate::xmpp::engine::{Input, Wish};
use rand_chacha::rand_core::Rng;

use super::turn::Work;
use super::{Account, Phase, drift};
use crate::client::hub::Asker;

/// How far the clocks may part before we say that the machine slept, in milliseconds.
pub(in crate::client) const SLEPT: i64 = 10_000;
/// So long a server may be silent after a sleep, or when somebody looks again.
const AWAKE: Duration = Duration::from_secs(5);
/// So long it may be silent when the network is said to be back: another socket is cheap then.
const BACK: Duration = Duration::from_millis(1_500);
/// So long it may be silent when the network is said to be gone.
const GONE: Duration = Duration::from_secs(3);
/// So long after such a doubt a loss is put down to it.
const DOUBTED: Duration = Duration::from_secs(15);
/// Without a network, as far as the browser knows, nothing is tried sooner.
const PAUSE: Duration = Duration::from_secs(10);

impl Account {
    /// The next attempt, if it is time.
    pub(super) fn retry_if_due(&mut self, now: Instant) {
        if let Phase::Waiting(at) = self.phase
            && at.monotonic <= now.monotonic
        {
            self.attempt(now);
        }
    }

    /// The next attempt, whatever the back-off says; but not against the server's will.
    fn hurry(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Waiting(_)) && !self.backoff.is_displeased() {
            self.attempt(now);
        }
    }

    /// "Retry now".
    pub(super) fn reconnect(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Waiting(_) | Phase::Stopped) {
            self.attempt(now);
        }
    }

    /// After a sleep whatever was under way is stale.
    pub(super) fn wake(&mut self, now: Instant, work: &mut Work) {
        let drift = drift(now);
        let slept = drift.saturating_sub(self.drift) > SLEPT;
        self.drift = drift;
        if !slept {
            return;
        }
        tracing::debug!("the machine slept");
        match self.phase {
            Phase::Waiting(_) => self.hurry(now),
            Phase::Stopped => {}
            Phase::LoggingIn(_) | Phase::Connecting { .. } | Phase::Online => {
                self.link.begin_anew(now);
                self.doubt(now, AWAKE, work);
            }
        }
    }

    /// Somebody looks again.
    pub(super) fn on_seen(&mut self, now: Instant, work: &mut Work) {
        self.hurry(now);
        if matches!(self.phase, Phase::Online) {
            self.doubt(now, AWAKE, work);
        }
    }

    /// Nobody has done anything for long, or somebody does again.
    pub(super) fn on_idle(&mut self, now: Instant, is_idle: bool) {
        self.is_idle = is_idle;
        if !is_idle {
            self.hurry(now);
        }
    }

    /// The browser's word on the network.
    pub(super) fn on_network(&mut self, now: Instant, network: bool, work: &mut Work) {
        let was_gone = !std::mem::replace(&mut self.network, network);
        match self.phase {
            Phase::Waiting(_) if network => self.hurry(now),
            Phase::Waiting(at) => self.wait_until(at.max(now + PAUSE), Problem::NoNetwork),
            Phase::Online if network => self.doubt(now, BACK, work),
            Phase::Online => {
                self.doubt(now, GONE, work);
                self.eager = None;
            }
            // It was begun before: it may have failed already, or hang where there was no way.
            Phase::LoggingIn(_) | Phase::Connecting { .. } if network => {
                self.doubt(now, AWAKE, work);
                if was_gone {
                    self.link.begin_anew(now);
                }
            }
            Phase::LoggingIn(_) | Phase::Connecting { .. } | Phase::Stopped => {}
        }
    }

    /// The server has so long to say anything at all.
    fn doubt(&mut self, now: Instant, patience: Duration, work: &mut Work) {
        self.eager = Some(now + DOUBTED);
        self.handle(now, Input::Wish(Wish::Verify(patience)), work);
    }

    /// A session or an attempt is over: the next one is later, or never by itself. `asker` waits for it to succeed.
    pub(super) fn wait_or_stop(
        &mut self,
        now: Instant,
        problem: Problem,
        next: &Next,
        asker: Option<Asker>,
        work: &mut Work,
    ) {
        let eager = self.eager.take().is_some_and(|until| now <= until);
        let is_way = matches!(problem, Problem::ConnectionLost | Problem::Timeout);
        let stops = matches!(next, Next::Stop | Next::Move(_));
        let at_once = eager && self.network && is_way && !stops;
        if let Some(asker) = asker.filter(|_| !at_once) {
            work.answers.push((asker, Err(problem.clone())));
        }
        if stops {
            return self.stop(problem);
        }
        let is_seen = self.is_looked_at && !self.is_idle;
        let random = self.random.next_u64();
        let wait = self.backoff.on_lost(now, &problem, is_seen, random);
        if at_once {
            self.phase = Phase::Connecting { asker };
            return self.attempt(now);
        }
        match problem {
            _ if !self.network => self.wait_until(now + wait.max(PAUSE), Problem::NoNetwork),
            // That was the first time: it may mean nothing.
            Problem::Conflict | Problem::AuthFailed { .. } => {
                self.wait_until(now + wait, Problem::ConnectionLost);
            }
            problem => self.wait_until(now + wait, problem),
        }
    }

    fn wait_until(&mut self, at: Instant, problem: Problem) {
        self.engine.on_pause();
        self.phase = Phase::Waiting(at);
        self.set_connection(Connection::Waiting {
            problem,
            retry: at.wall,
        });
    }
}
