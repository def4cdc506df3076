//! XEP-0199 on the stream: after a silence we ask whether the server still is there; no sign of life, and the
//! connection is dead, whatever the socket believes.
//!
//! Any frame is a sign of life, not only the answer.

use std::time::Duration;

use crate::entity::time::Instant;

/// After so much silence we ask. Shorter than the 30 seconds after which the most impatient proxies cut.
const SILENCE: Duration = Duration::from_secs(25);
/// So long we wait for a sign of life.
const ANSWER: Duration = Duration::from_secs(15);
/// A tick this much too late means that the machine slept: then nobody should wait long to learn what is left.
const LATE: Duration = Duration::from_secs(10);
/// So long we wait after a sleep.
const ANSWER_AWAKE: Duration = Duration::from_secs(5);

/// What to do now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Nothing.
    Wait,
    /// Send a ping.
    Ask,
    /// Give the connection up.
    GiveUp,
}

/// Watches over the connection, once a resource is bound.
#[derive(Clone, Copy, Debug)]
pub struct KeepAlive {
    silence: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Asleep,
    /// Ask at that moment, unless something is heard before.
    Listening(Instant),
    /// Asked; over at that moment, unless something is heard before.
    Asked(Instant),
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            silence: SILENCE,
            state: State::Asleep,
        }
    }
}

impl KeepAlive {
    /// Begins to watch. `max_silence`: how long the server lets us say nothing (XEP-0478).
    pub fn start(&mut self, now: Instant, max_silence: Option<Duration>) {
        // Time for the ping to arrive. A limit of a second or two must not make us a pest.
        let allowed = max_silence.map_or(SILENCE, |max| max.min(SILENCE * 2) * 3 / 4);
        self.silence = allowed.clamp(Duration::from_secs(2), SILENCE);
        self.state = State::Listening(now + self.silence);
    }

    /// Ends the watch.
    pub fn stop(&mut self) {
        self.state = State::Asleep;
    }

    /// A frame came, of whatever kind.
    pub fn on_heard(&mut self, now: Instant) {
        if !matches!(self.state, State::Asleep) {
            self.state = State::Listening(now + self.silence);
        }
    }

    /// The time may have come.
    pub fn on_tick(&mut self, now: Instant) -> Act {
        let (due, asked) = match self.state {
            State::Asleep => return Act::Wait,
            State::Listening(due) => (due, false),
            State::Asked(due) => (due, true),
        };
        if now.monotonic < due.monotonic {
            return Act::Wait;
        }
        let slept = now.since(due) >= LATE;
        // After a sleep, what answered meanwhile may lie unread in the socket: ask again before giving up.
        if asked && !slept {
            self.state = State::Asleep;
            return Act::GiveUp;
        }
        self.state = State::Asked(now + if slept { ANSWER_AWAKE } else { ANSWER });
        Act::Ask
    }

    /// When to call [`KeepAlive::on_tick`].
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Asleep => None,
            State::Listening(at) | State::Asked(at) => Some(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::default() + Duration::from_secs(seconds)
    }

    fn started() -> KeepAlive {
        let mut keepalive = KeepAlive::default();
        keepalive.start(at(0), None);
        keepalive
    }

    #[test]
    fn silence_is_asked_about_and_more_silence_is_the_end() {
        let mut keepalive = started();
        assert_eq!(keepalive.poll_timeout(), Some(at(25)));
        assert_eq!(keepalive.on_tick(at(24)), Act::Wait);
        assert_eq!(keepalive.on_tick(at(25)), Act::Ask);
        assert_eq!(keepalive.on_tick(at(39)), Act::Wait);
        assert_eq!(keepalive.on_tick(at(40)), Act::GiveUp);
        assert_eq!(keepalive.on_tick(at(400)), Act::Wait);
    }

    #[test]
    fn any_frame_is_a_sign_of_life() {
        let mut keepalive = started();
        keepalive.on_heard(at(20));
        assert_eq!(keepalive.on_tick(at(25)), Act::Wait);
        assert_eq!(keepalive.on_tick(at(45)), Act::Ask);
        keepalive.on_heard(at(50));
        assert_eq!(keepalive.on_tick(at(60)), Act::Wait);
        assert_eq!(keepalive.poll_timeout(), Some(at(75)));
    }

    #[test]
    fn after_a_sleep_we_ask_at_once_and_wait_less() {
        let mut keepalive = started();
        assert_eq!(keepalive.on_tick(at(3_600)), Act::Ask);
        assert_eq!(keepalive.poll_timeout(), Some(at(3_605)));
        assert_eq!(keepalive.on_tick(at(3_605)), Act::GiveUp);
    }

    #[test]
    fn a_sleep_while_asking_is_no_proof_of_death() {
        let mut keepalive = started();
        assert_eq!(keepalive.on_tick(at(25)), Act::Ask);
        assert_eq!(keepalive.on_tick(at(7_200)), Act::Ask);
        assert_eq!(keepalive.on_tick(at(7_205)), Act::GiveUp);
    }

    #[test]
    fn a_servers_own_limit_shortens_the_silence() {
        let after = |limit| {
            let mut keepalive = KeepAlive::default();
            keepalive.start(at(0), Some(Duration::from_secs(limit)));
            keepalive.poll_timeout().unwrap()
        };
        assert_eq!(after(20), at(15));
        assert_eq!(after(1), at(2));
        assert_eq!(after(600), at(25));
        assert_eq!(after(u64::MAX), at(25), "whatever a server says");
    }

    #[test]
    fn nothing_is_watched_before_the_start_or_after_the_stop() {
        let mut keepalive = KeepAlive::default();
        keepalive.on_heard(at(1));
        assert_eq!(keepalive.poll_timeout(), None);
        let mut keepalive = started();
        keepalive.stop();
        assert_eq!(keepalive.on_tick(at(1_000)), Act::Wait);
    }
}
