//! XEP-0199 on the stream: after a silence we ask whether the server still is there; no sign of life, and the
//! connection is dead, whatever the socket believes.
//!
//! Any frame is a sign of life, not only the answer. Somebody who looks must not wait long to learn that nobody is there;
//! when nobody does, we wake once a minute, at the same moment for every account.
//!
//! **Invariant:** whoever looks has a dead connection found after fifteen seconds of silence, however many died before: where the
//! way there and back takes long, we ask sooner, so that the answer has more time.
//!
//! **Invariant:** who is slow is not taken for dead again and again: connections that were given up before they said anything may
//! have been busy with one long stanza, and lengthen the wait until one has spoken. One that spoke was alive, and is dead.

use std::time::Duration;

use crate::entity::time::Instant;

/// So long a person may write into the void: what is left to fifteen seconds is for the timers and the page.
const FOUND: Duration = Duration::from_millis(14_500);
/// After so much silence we ask while somebody looks; sooner where the answer takes longer than [`ANSWER`].
const SILENCE: Duration = Duration::from_secs(7);
/// So long we wait for a sign of life then.
const ANSWER: Duration = Duration::from_secs(6);
/// When nobody looks we ask at every full minute, unless something was heard half a minute before.
const MINUTE: Duration = Duration::from_secs(60);
/// So long we wait for a sign of life then.
const ANSWER_UNSEEN: Duration = Duration::from_secs(15);
/// A tick this much too late means that the machine slept: then nobody should wait long to learn what is left.
const LATE: Duration = Duration::from_secs(10);
/// So long we wait after a sleep.
const ANSWER_AWAKE: Duration = Duration::from_secs(5);
/// No wait is stretched beyond that when nobody looks, or nothing is known of a connection.
const LONGEST: Duration = Duration::from_secs(30);
/// No way takes that long.
const ENDLESS: Duration = Duration::from_secs(20);
/// A connection that lasted so long shows that it is none of those that never speak.
const STABLE: Duration = Duration::from_secs(60);
/// Nobody is asked more often than that, whoever cuts.
const SHORTEST: Duration = Duration::from_secs(2);
/// A cut after less silence than that has another reason than the silence.
const IDLE: Duration = Duration::from_secs(10);
/// Two cuts after silences that differ by no more were made by the same rule.
const ALIKE: Duration = Duration::from_secs(3);
/// So long it is remembered that silences are cut: we may be elsewhere by now.
const REMEMBERED: Duration = Duration::from_secs(6 * 3600);

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
    state: State,
    /// Somebody looks.
    watched: bool,
    /// The largest answer of all is here: from now on silence means something.
    settled: bool,
    /// What the server lets us be silent (XEP-0478).
    limit: Option<Duration>,
    since: Instant,
    heard: Instant,
    /// What the way there and back takes.
    round_trip: Duration,
    /// This connection has brought a stanza, or an answer.
    spoke: bool,
    /// How many connections one after the other were given up and had not.
    vain: u32,
    cuts: Cuts,
}

/// What is known of who cuts silent connections.
#[derive(Clone, Copy, Debug, Default)]
struct Cuts {
    last: Option<Duration>,
    learnt: Option<(Instant, Duration)>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Asleep,
    /// Ask at that moment, unless something is heard before.
    Listening(Instant),
    /// Asked; over at that moment, unless something is heard before.
    Asked(Instant),
}

/// Whether the machine slept over that moment.
#[must_use]
pub fn slept(due: Instant, now: Instant) -> bool {
    now.since(due) >= LATE
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self {
            state: State::Asleep,
            watched: true,
            settled: true,
            limit: None,
            since: Instant::default(),
            heard: Instant::default(),
            round_trip: Duration::ZERO,
            spoke: false,
            vain: 0,
            cuts: Cuts::default(),
        }
    }
}

impl KeepAlive {
    /// Begins to watch. `max_silence`: how long the server lets us say nothing (XEP-0478).
    pub fn start(&mut self, now: Instant, max_silence: Option<Duration>) {
        // Time for the ping to arrive. A limit of a second or two must not make us a pest.
        self.limit = max_silence.map(|max| max.min(MINUTE * 2) * 3 / 4);
        self.since = now;
        self.spoke = false;
        self.listen(now);
    }

    /// Ends the watch.
    pub fn stop(&mut self) {
        self.state = State::Asleep;
    }

    /// Somebody looks, or nobody does any more.
    pub fn set_watched(&mut self, watched: bool) {
        self.watched = watched;
        if matches!(self.state, State::Listening(_)) {
            self.state = State::Listening(self.due(self.heard));
        }
    }

    /// A new session asks for the roster, or has it: on a slow link that one stanza takes longer than anything else, and
    /// until it is there nothing else is heard.
    pub fn set_settled(&mut self, settled: bool) {
        self.settled = settled;
        self.set_watched(self.watched);
    }

    /// A frame came, of whatever kind.
    pub fn on_heard(&mut self, now: Instant) {
        if !matches!(self.state, State::Asleep) {
            self.listen(now);
        }
    }

    /// It was a stanza, or an answer to us: what a server says by itself when a connection begins proves little.
    pub fn on_spoken(&mut self) {
        self.spoke = true;
    }

    /// What the way to the server and back took: a question that it answers at once.
    pub fn on_round_trip(&mut self, took: Duration) {
        // What took longer was no way but a sleep, or a connection that is gone.
        if took < ENDLESS {
            self.round_trip = took.max((self.round_trip * 3 + took) / 4);
            self.set_watched(self.watched);
        }
    }

    /// How long to wait for something that takes no longer than `usual`, on a usual way.
    #[must_use]
    pub fn stretch(&self, usual: Duration) -> Duration {
        let slack = self.slack();
        let most = if slack == 1 && self.is_watched() {
            FOUND
        } else {
            LONGEST
        };
        let long = usual.max(self.round_trip * 3).saturating_mul(slack);
        long.min(most.max(usual))
    }

    /// How long we wait for an answer while somebody looks.
    #[must_use]
    pub fn answer(&self) -> Duration {
        let answer = self.stretch(ANSWER);
        if self.slack() == 1 {
            answer.min(FOUND.saturating_sub(SHORTEST))
        } else {
            answer
        }
    }

    /// There is a reason to doubt that anybody is there: the wait for a sign of life begins now, and is no longer than that.
    /// True if we are to ask.
    pub fn doubt(&mut self, now: Instant, patience: Duration) -> bool {
        if matches!(self.state, State::Asleep) {
            return false;
        }
        let over = now + self.stretch(patience);
        self.state = match self.state {
            // A wait that ends sooner was not slept through: its end is still ahead.
            State::Asked(before) if now.monotonic < before.monotonic => {
                State::Asked(before.min(over))
            }
            _ => State::Asked(over),
        };
        true
    }

    /// The socket was closed under us. Where that happens after the same silence twice, there is somebody between us and the
    /// server who counts: from now on we speak before.
    pub fn on_cut(&mut self, now: Instant) {
        let silence = now.since(self.heard);
        if !matches!(self.state, State::Listening(_)) || silence < IDLE {
            return;
        }
        let alike = |before: Duration| before.abs_diff(silence) <= ALIKE;
        match self.cuts.last {
            Some(before) if alike(before) => {
                let least = before.min(silence);
                self.cuts.learnt = Some((now, least * 3 / 4));
                self.cuts.last = None;
            }
            _ => self.cuts.last = Some(silence),
        }
    }

    /// Nothing is heard any more, and the connection is given up.
    pub fn on_given_up(&mut self, now: Instant) {
        let is_vain = !self.has_spoken() && now.since(self.since) < STABLE;
        self.vain = if is_vain {
            self.vain.saturating_add(1)
        } else {
            0
        };
        self.state = State::Asleep;
    }

    /// The time may have come.
    pub fn on_tick(&mut self, now: Instant) -> Act {
        if now.since(self.since) >= STABLE && !matches!(self.state, State::Asleep) {
            self.vain = 0;
        }
        let (due, asked) = match self.state {
            State::Asleep => return Act::Wait,
            State::Listening(due) => (due, false),
            State::Asked(due) => (due, true),
        };
        if now.monotonic < due.monotonic {
            return Act::Wait;
        }
        let slept = slept(due, now);
        // After a sleep, what answered meanwhile may lie unread in the socket: ask again before giving up.
        if asked && !slept {
            return Act::GiveUp;
        }
        let patience = match (slept, self.is_watched()) {
            (true, _) => self.stretch(ANSWER_AWAKE),
            (false, true) => self.answer(),
            (false, false) => self.stretch(ANSWER_UNSEEN),
        };
        self.state = State::Asked(now + patience);
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

    /// Whether somebody looks at a session that has all it needs: from now on silence means something.
    fn is_watched(&self) -> bool {
        self.watched && self.settled
    }

    /// Whether this connection is known to have been alive.
    fn has_spoken(&self) -> bool {
        self.spoke && self.settled
    }

    /// By how much we are more patient than usual. Once is chance.
    fn slack(&self) -> u32 {
        if self.has_spoken() {
            1
        } else {
            1 << self.vain.saturating_sub(1).min(3)
        }
    }

    fn listen(&mut self, now: Instant) {
        self.heard = now;
        self.state = State::Listening(self.due(now));
    }

    /// When to ask, if nothing is heard from now on.
    fn due(&self, now: Instant) -> Instant {
        let learnt = self.cuts.learnt;
        let learnt = learnt.filter(|(at, _)| now.since(*at) < REMEMBERED);
        let most = [self.limit, learnt.map(|(_, most)| most)];
        let most = most.into_iter().flatten().min();
        let wait = if self.is_watched() {
            SILENCE.min(FOUND.saturating_sub(self.answer()).max(SHORTEST))
        } else {
            let earliest = now.monotonic.saturating_add(MINUTE / 2).as_millis();
            let minute = earliest.div_ceil(MINUTE.as_millis()) * MINUTE.as_millis();
            let wait = minute.saturating_sub(now.monotonic.as_millis());
            Duration::from_millis(u64::try_from(wait).unwrap_or_default())
        };
        now + most.map_or(wait, |most| wait.min(most.max(SHORTEST)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::default() + Duration::from_secs(seconds)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn started() -> KeepAlive {
        let mut keepalive = KeepAlive::default();
        keepalive.start(at(0), None);
        keepalive
    }

    fn unseen() -> KeepAlive {
        let mut keepalive = started();
        keepalive.set_watched(false);
        keepalive
    }

    #[test]
    fn silence_is_asked_about_and_more_silence_is_the_end() {
        let mut keepalive = started();
        assert_eq!(keepalive.poll_timeout(), Some(at(7)));
        assert_eq!(keepalive.on_tick(at(6)), Act::Wait);
        assert_eq!(keepalive.on_tick(at(7)), Act::Ask);
        assert_eq!(keepalive.on_tick(at(12)), Act::Wait);
        assert_eq!(keepalive.on_tick(at(13)), Act::GiveUp);
        keepalive.on_given_up(at(13));
        assert_eq!(keepalive.on_tick(at(400)), Act::Wait);
    }

    #[test]
    fn when_nobody_looks_every_account_asks_at_the_full_minute() {
        let mut keepalive = unseen();
        assert_eq!(keepalive.poll_timeout(), Some(at(60)));
        keepalive.on_heard(at(29));
        assert_eq!(keepalive.poll_timeout(), Some(at(60)));
        keepalive.on_heard(at(31));
        assert_eq!(keepalive.poll_timeout(), Some(at(120)));
        assert_eq!(keepalive.on_tick(at(120)), Act::Ask);
        assert_eq!(keepalive.poll_timeout(), Some(at(135)));
        keepalive.on_heard(at(121));
        assert_eq!(keepalive.poll_timeout(), Some(at(180)));
        // Whoever looks now waits no longer than others who look.
        keepalive.set_watched(true);
        assert_eq!(keepalive.poll_timeout(), Some(at(128)));
    }

    #[test]
    fn a_roster_on_a_slow_link_is_waited_for() {
        let mut keepalive = started();
        keepalive.set_settled(false);
        assert_eq!(keepalive.poll_timeout(), Some(at(60)));
        keepalive.set_settled(true);
        assert_eq!(keepalive.poll_timeout(), Some(at(7)));
    }

    #[test]
    fn any_frame_is_a_sign_of_life() {
        let mut keepalive = started();
        keepalive.on_heard(at(6));
        assert_eq!(keepalive.on_tick(at(8)), Act::Wait);
        assert_eq!(keepalive.on_tick(at(15)), Act::Ask);
        keepalive.on_heard(at(20));
        assert_eq!(keepalive.on_tick(at(21)), Act::Wait);
        assert_eq!(keepalive.poll_timeout(), Some(at(27)));
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
        assert_eq!(keepalive.on_tick(at(8)), Act::Ask);
        assert_eq!(keepalive.on_tick(at(7_200)), Act::Ask);
        assert_eq!(keepalive.on_tick(at(7_205)), Act::GiveUp);
    }

    #[test]
    fn a_doubt_is_settled_soon_and_a_second_one_waits_no_longer() {
        let mut keepalive = unseen();
        assert!(keepalive.doubt(at(10), seconds(5)));
        assert_eq!(keepalive.poll_timeout(), Some(at(15)));
        assert!(keepalive.doubt(at(12), seconds(5)));
        assert_eq!(keepalive.poll_timeout(), Some(at(15)));
        assert!(keepalive.doubt(at(12), seconds(1)));
        assert_eq!(keepalive.on_tick(at(13)), Act::GiveUp);
        // What was asked before a sleep is not over because of it.
        let mut keepalive = started();
        assert_eq!(keepalive.on_tick(at(8)), Act::Ask);
        assert!(keepalive.doubt(at(900), seconds(5)));
        assert_eq!(keepalive.poll_timeout(), Some(at(905)));
        keepalive.stop();
        assert!(!keepalive.doubt(at(901), seconds(5)));
    }

    #[test]
    fn a_long_way_is_waited_for_longer() {
        let mut keepalive = started();
        keepalive.on_round_trip(seconds(4));
        assert_eq!(keepalive.on_tick(at(8)), Act::Ask);
        assert_eq!(keepalive.poll_timeout(), Some(at(20)));
        for _ in 0..20 {
            keepalive.on_round_trip(Duration::from_millis(50));
        }
        assert_eq!(keepalive.stretch(ANSWER), ANSWER, "it is short again");
        keepalive.on_round_trip(seconds(1_000));
        assert_eq!(keepalive.stretch(ANSWER), ANSWER, "that was a sleep");
        for _ in 0..2 {
            keepalive.on_round_trip(seconds(9));
            keepalive.on_given_up(at(9));
        }
        assert_eq!(keepalive.stretch(ANSWER), LONGEST);
    }

    #[test]
    fn who_never_speaks_is_waited_for_longer_until_a_connection_speaks_or_lasts() {
        let in_vain = |keepalive: &mut KeepAlive| {
            let mut waits = Vec::new();
            for _ in 0..5 {
                keepalive.start(at(0), None);
                assert_eq!(keepalive.on_tick(at(8)), Act::Ask);
                waits.push(keepalive.poll_timeout().unwrap().since(at(8)).as_secs());
                keepalive.on_given_up(at(50));
            }
            assert_eq!(waits, [6, 6, 12, 24, 30]);
            keepalive.start(at(0), None);
        };
        let mut keepalive = started();
        in_vain(&mut keepalive);
        keepalive.on_heard(at(60));
        assert_eq!(keepalive.on_tick(at(68)), Act::Ask);
        assert_eq!(keepalive.poll_timeout(), Some(at(74)));
        keepalive.on_given_up(at(74));
        in_vain(&mut keepalive);
        keepalive.on_spoken();
        keepalive.on_heard(at(2));
        assert_eq!(keepalive.on_tick(at(9)), Act::Ask);
        assert_eq!(keepalive.poll_timeout(), Some(at(15)));
    }

    #[test]
    fn whoever_looks_has_a_dead_connection_found_in_time_however_many_died_and_however_long_the_way()
     {
        let mut keepalive = started();
        for way in (0..20).chain([0; 10]) {
            keepalive.start(at(0), None);
            keepalive.on_heard(at(30));
            keepalive.on_round_trip(seconds(way));
            keepalive.on_spoken();
            let mut asked = None;
            let lost = loop {
                let due = keepalive.poll_timeout().unwrap();
                match keepalive.on_tick(due) {
                    Act::Wait => {}
                    Act::Ask => asked = Some(due),
                    Act::GiveUp => break due,
                }
            };
            keepalive.on_given_up(lost);
            assert!(lost.since(at(30)) <= FOUND, "{lost:?} at a way of {way} s");
            let wait = lost.since(asked.unwrap());
            assert!(wait >= (seconds(way) * 3).min(seconds(12)), "{wait:?}");
        }
    }

    #[test]
    fn who_cuts_silent_connections_is_spoken_to_before() {
        let mut keepalive = unseen();
        keepalive.on_cut(at(30));
        keepalive.start(at(31), None);
        assert_eq!(keepalive.poll_timeout(), Some(at(120)), "once is chance");
        keepalive.on_cut(at(62));
        keepalive.start(at(70), None);
        assert_eq!(keepalive.poll_timeout(), Some(at(70) + seconds(30) * 3 / 4));
        // Elsewhere nobody may count; what was right once is tried again.
        keepalive.on_heard(at(70) + REMEMBERED);
        let due = keepalive.poll_timeout().unwrap();
        assert!(due.since(at(70) + REMEMBERED) > seconds(30));
    }

    #[test]
    fn cuts_of_other_reasons_teach_nothing() {
        // After different silences, in the middle of talk, while we wait for an answer.
        let mut keepalive = unseen();
        for (silence, asked) in [(45, false), (20, false), (3, false), (3, false), (60, true)] {
            keepalive.start(at(0), None);
            if asked {
                assert_eq!(keepalive.on_tick(at(60)), Act::Ask);
            }
            keepalive.on_cut(at(silence));
        }
        keepalive.start(at(0), None);
        assert_eq!(keepalive.poll_timeout(), Some(at(60)));
    }

    #[test]
    fn a_servers_own_limit_shortens_the_silence() {
        let after = |limit, watched| {
            let mut keepalive = KeepAlive::default();
            keepalive.set_watched(watched);
            keepalive.start(at(0), Some(seconds(limit)));
            keepalive.poll_timeout().unwrap()
        };
        assert_eq!(after(8, true), at(6));
        assert_eq!(after(20, false), at(15));
        assert_eq!(after(1, false), at(2));
        assert_eq!(after(600, true), at(7));
        assert_eq!(after(600, false), at(60));
        assert_eq!(after(u64::MAX, false), at(60), "whatever a server says");
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
