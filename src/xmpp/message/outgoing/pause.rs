//! Who is asked for a pause (RFC 6120 §8.3.2: `wait`) makes one: what was refused is written again later, one message at a
//! time, before what was written after it.
//!
//! **Invariant:** a pause ends: after [`TRIES`] refusals a message has failed, and the next one has its turn.

use std::time::Duration;

use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::message::Delivery;
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::xmpp::cx::Cx;

use super::{Outbox, State, Waiting, Written, delivery};

/// The first pause; each further one for the same message is twice as long.
const FIRST: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);
/// Between two messages of a conversation that was asked for a pause.
const BREATH: Duration = Duration::from_secs(1);
/// How often a message is refused before it has failed: ten minutes in all.
const TRIES: u32 = 8;

/// A conversation that was asked for a pause.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pause {
    /// Nothing is written before.
    until: Option<Instant>,
    /// What was written last, to see whether it is taken; and how often it was refused.
    probe: Option<ItemId>,
    tries: u32,
}

impl Pause {
    /// One of an earlier life: nothing is known of it but that there was one.
    pub(super) fn over() -> Self {
        Self {
            until: None,
            probe: None,
            tries: 0,
        }
    }

    /// Whether nothing may be written yet.
    pub(super) fn lasts(&self) -> bool {
        self.until.is_some()
    }

    /// That message was written: the next one comes a little later.
    pub(super) fn on_written(&mut self, now: Instant, id: ItemId) {
        self.until = Some(now + BREATH);
        if self.probe != Some(id) {
            self.probe = Some(id);
            self.tries = 0;
        }
    }
}

impl Outbox {
    /// A message was refused for now: it waits, and with it all that comes after it. Gives it back if it has failed.
    pub(super) fn pause(
        &mut self,
        cx: &mut Cx,
        written: Written,
        problem: Problem,
    ) -> Option<Written> {
        let Written {
            conversation, id, ..
        } = &written;
        let waiting = self
            .waiting
            .iter_mut()
            .find(|waiting| waiting.message.id == *id);
        if waiting.is_none() && written.message.is_none() {
            return Some(written);
        }
        let is_first = !self.pausing.contains_key(conversation);
        let pause = self
            .pausing
            .entry(conversation.clone())
            .or_insert_with(Pause::over);
        // What was under way with it is refused for the same reason.
        if is_first || pause.probe == Some(*id) {
            pause.tries += 1;
            if pause.tries > TRIES {
                pause.until = None;
                return Some(written);
            }
            let times = 1_u32.checked_shl(pause.tries - 1).unwrap_or(u32::MAX);
            let wait = FIRST.saturating_mul(times).min(LONGEST);
            // Not all who were refused at once come back at once.
            let more = u64::try_from(wait.as_millis() / 4).unwrap_or_default();
            let more = Duration::from_millis(cx.random_u64() % more.max(1));
            pause.probe = Some(*id);
            pause.until = Some(cx.now + wait + more);
        }
        let delayed = Delivery::Delayed(problem);
        cx.emit(delivery(conversation, *id, delayed.clone()));
        match (waiting, written.message) {
            (Some(waiting), _) => {
                waiting.state = State::Held;
                waiting.message.delivery = delayed;
            }
            (None, Some(mut message)) => {
                message.delivery = delayed;
                // Before what was written after it.
                let later = |waiting: &Waiting| {
                    waiting.message.conversation == message.conversation
                        && waiting.message.position > message.position
                };
                let at = self.waiting.iter().position(later);
                let at = at.unwrap_or(self.waiting.len());
                let state = State::Held;
                self.waiting.insert(at, Waiting { message, state });
            }
            (None, None) => {}
        }
        None
    }

    /// A conversation in which nothing waits any more is like any other.
    pub(super) fn end_pauses(&mut self) {
        let waiting = &self.waiting;
        self.pausing.retain(|conversation, _| {
            let mut waiting = waiting.iter();
            waiting.any(|waiting| waiting.message.conversation == *conversation)
        });
    }

    /// The user does not want to wait.
    pub(super) fn hurry(&mut self, conversation: &Address) {
        if let Some(pause) = self.pausing.get_mut(conversation) {
            pause.until = None;
        }
    }

    /// Writes on where a pause is over.
    pub(super) fn tick_pauses(&mut self, cx: &mut Cx) {
        let mut over = Vec::new();
        for (conversation, pause) in &mut self.pausing {
            let due = |at: Instant| at.monotonic <= cx.now.monotonic;
            if pause.until.is_some_and(due) {
                pause.until = None;
                over.push(conversation.clone());
            }
        }
        for conversation in over {
            self.flush(cx, &conversation);
        }
    }

    /// When the next pause is over.
    pub(super) fn next_pause(&self) -> Option<Instant> {
        self.pausing.values().filter_map(|pause| pause.until).min()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{JULIET, bodies, deliveries};
    use super::*;
    use crate::xmpp::engine::{Snapshot, Wish};
    use crate::xmpp::ns;
    use crate::xmpp::testing::{Session, address, message, snapshot};

    fn problem() -> Problem {
        Problem::Refused {
            condition: "policy-violation".into(),
            text: Some("Slow down".into()),
        }
    }

    fn refuse(session: &mut Session, id: u64) {
        session.receive(&format!(
            "<message xmlns='jabber:client' type='error' from='{JULIET}' id='m{id}'><error type='wait'>\
             <policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
             <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Slow down</text></error></message>"
        ));
    }

    /// The server has all that was written.
    fn confirm(session: &mut Session) {
        while session.sent.iter().any(|iq| iq.has_child("ping", ns::PING)) {
            session.answer("ping", ns::PING, "");
        }
    }

    fn send(session: &mut Session, to: &str, id: u64) {
        session.wish(Wish::Send(message(to, &format!("{id}"), id)));
    }

    #[test]
    fn what_is_refused_for_now_waits_and_so_does_what_comes_after_it() {
        let mut session = Session::new();
        send(&mut session, JULIET, 1);
        // The refusal comes after the server has said that it has the message.
        confirm(&mut session);
        session.forget();
        refuse(&mut session, 1);
        assert_eq!(deliveries(&session), [(1, Delivery::Delayed(problem()))]);
        send(&mut session, JULIET, 2);
        send(&mut session, "benvolio@montague.example", 3);
        assert_eq!(bodies(&session), ["3"], "others are not held up");
        confirm(&mut session);
        session.forget();
        session.wait(FIRST - Duration::from_millis(1));
        assert_eq!(bodies(&session), Vec::<String>::new());
        session.wait(FIRST / 4 + Duration::from_millis(1));
        assert_eq!(bodies(&session), ["1"]);
        assert_eq!(deliveries(&session), [(1, Delivery::Sending)]);
        session.wait(BREATH * 3);
        assert_eq!(bodies(&session), ["1"], "nobody knows yet if it is taken");
        confirm(&mut session);
        session.wait(BREATH);
        assert_eq!(bodies(&session), ["1", "2"]);
        confirm(&mut session);
        // And all is as before.
        session.forget();
        send(&mut session, JULIET, 4);
        send(&mut session, JULIET, 5);
        assert_eq!(bodies(&session), ["4", "5"]);
    }

    #[test]
    fn what_was_under_way_together_is_written_again_in_its_order() {
        let mut session = Session::new();
        for id in 1..=4 {
            send(&mut session, JULIET, id);
        }
        session.answer("ping", ns::PING, "");
        for id in 1..=4 {
            refuse(&mut session, id);
        }
        send(&mut session, JULIET, 5);
        confirm(&mut session);
        session.forget();
        for _ in 0..20 {
            session.wait(Duration::from_secs(1));
            confirm(&mut session);
        }
        assert_eq!(bodies(&session), ["1", "2", "3", "4", "5"]);
        let sent = deliveries(&session).into_iter();
        let sent = sent.filter(|(_, delivery)| *delivery == Delivery::Sent);
        assert_eq!(sent.map(|(id, _)| id).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn what_is_refused_again_and_again_fails_and_the_next_one_has_its_turn() {
        let mut session = Session::new();
        send(&mut session, JULIET, 1);
        send(&mut session, JULIET, 2);
        refuse(&mut session, 1);
        refuse(&mut session, 2);
        confirm(&mut session);
        let mut pauses = Vec::new();
        while !deliveries(&session).contains(&(1, Delivery::Failed(problem()))) {
            session.forget();
            let before = session.now;
            while bodies(&session).is_empty() {
                session.wait(Duration::from_millis(100));
            }
            pauses.push(session.now.since(before).as_secs());
            assert_eq!(bodies(&session), ["1"]);
            confirm(&mut session);
            refuse(&mut session, 1);
            assert!(pauses.len() <= 8, "{pauses:?}");
        }
        let least = [5, 10, 20, 40, 80, 160, 300, 300];
        assert_eq!(pauses.len(), least.len());
        for (pause, least) in pauses.iter().zip(least) {
            assert!((least..=least * 5 / 4 + 1).contains(pause), "{pauses:?}");
        }
        session.wait(BREATH);
        confirm(&mut session);
        assert!(deliveries(&session).contains(&(2, Delivery::Sent)));
    }

    #[test]
    fn a_server_that_takes_one_at_a_time_gets_one_at_a_time() {
        let mut session = Session::new();
        send(&mut session, JULIET, 1);
        send(&mut session, JULIET, 2);
        refuse(&mut session, 2);
        confirm(&mut session);
        session.forget();
        session.wait(FIRST * 2);
        assert_eq!(bodies(&session), ["2"]);
        refuse(&mut session, 2);
        confirm(&mut session);
        session.wait(FIRST + FIRST / 4 + BREATH);
        assert_eq!(bodies(&session), ["2"], "the second pause is longer");
        session.wait(FIRST * 2);
        assert_eq!(bodies(&session), ["2", "2"]);
    }

    #[test]
    fn who_does_not_want_to_wait_is_heard_and_so_is_who_changes_their_mind() {
        let mut session = Session::new();
        for id in 1..=2 {
            send(&mut session, JULIET, id);
        }
        refuse(&mut session, 1);
        refuse(&mut session, 2);
        confirm(&mut session);
        session.forget();
        session.wish(Wish::Withdraw(address(JULIET), ItemId(1)));
        session.nothing();
        send(&mut session, JULIET, 2);
        assert_eq!(bodies(&session), ["2"]);
        confirm(&mut session);
        session.wait(LONGEST);
        assert_eq!(bodies(&session), ["2"]);
    }

    #[test]
    fn what_was_refused_in_an_earlier_life_is_written_without_a_look_into_the_archive() {
        let delayed = message(JULIET, "1", 1);
        let stored = Snapshot {
            outbox: vec![crate::entity::message::Message {
                delivery: Delivery::Delayed(problem()),
                ..delayed
            }],
            ..snapshot()
        };
        let session = Session::unanswered(stored);
        assert_eq!(bodies(&session), ["1"]);
        assert_eq!(deliveries(&session), [(1, Delivery::Sending)]);
    }
}
