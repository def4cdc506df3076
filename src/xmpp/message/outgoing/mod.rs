//! The way out: held until there is a session, written, confirmed.
//!
//! **Invariant:** a message that may have been written before is sent again only after a look into the archive (or when that
//! stays silent too long); within a conversation nothing overtakes, also where the server asks for pauses.

use std::collections::{HashMap, VecDeque};

use minidom::Element;

use crate::entity::address::Address;
use crate::entity::id::ItemId;
use crate::entity::jid::Jid;
use crate::entity::message::{Delivery, Message};
use crate::entity::problem::Problem;
use crate::event::{Event, MessageEvent};
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::feature::archive::Archive;
use crate::xmpp::iq::Reply;
use crate::xmpp::ns;
use crate::xmpp::stanza::build::{Build, element, text_element};
use crate::xmpp::stanza::error;
use crate::xmpp::trust::is_own_server;

mod lookup;
mod pause;

use pause::Pause;

/// How many written messages are remembered, so that a late refusal finds its message.
const REMEMBERED: usize = 1000;
/// How many of them whole, so that they can be written again.
const WHOLE: usize = 64;

/// Messages that the server has not confirmed, oldest first.
#[derive(Default)]
pub struct Outbox {
    waiting: VecDeque<Waiting>,
    written: VecDeque<Written>,
    /// Conversations whose archive is being looked into.
    looking: HashMap<Address, lookup::Look>,
    /// Conversations that were asked for a pause.
    pausing: HashMap<Address, Pause>,
    confirmed: u64,
    /// The question whose answer confirms is under way.
    asking: bool,
    /// The server ended a session because of something of ours: one message at a time, to find out which.
    careful: bool,
}

struct Waiting {
    message: Message,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Never written.
    Held,
    /// Perhaps written by an earlier session.
    Doubtful,
    /// Written as the stanza of that number of this session.
    Written(u64),
}

/// A written message's name, to know it again.
struct Written {
    name: String,
    conversation: Address,
    id: ItemId,
    /// As long as it is one of the last.
    message: Option<Message>,
}

impl Outbox {
    /// Begins with what was stored unconfirmed.
    #[must_use]
    pub fn new(stored: Vec<Message>) -> Self {
        let waiting = stored.into_iter().map(|message| Waiting {
            state: match message.delivery {
                // Its refusal was heard.
                Delivery::Delayed(_) => State::Held,
                _ => State::Doubtful,
            },
            message,
        });
        let waiting: VecDeque<_> = waiting.collect();
        let paused = waiting
            .iter()
            .filter(|waiting| matches!(waiting.state, State::Held))
            .map(|waiting| (waiting.message.conversation.clone(), Pause::over()))
            .collect();
        Self {
            waiting,
            pausing: paused,
            ..Self::default()
        }
    }

    /// The user sends a message, which is stored already; or sends one again that was refused.
    pub fn send(&mut self, cx: &mut Cx, message: Message) {
        let conversation = message.conversation.clone();
        if !self.hold(message, State::Held) {
            // Who asks for it again does not want to wait.
            self.hurry(&conversation);
        }
        self.flush(cx, &conversation);
    }

    /// The user takes a message back that waits to be sent again.
    pub fn withdraw(&mut self, cx: &mut Cx, conversation: &Address, id: ItemId) {
        self.waiting
            .retain(|waiting| waiting.message.id != id || waiting.state != State::Held);
        self.end_pauses();
        self.flush(cx, conversation);
    }

    /// The same, where an engine that is gone may have sent it: the archive is asked first.
    pub fn send_again(&mut self, cx: &mut Cx, archive: &mut Archive, message: Message) {
        self.hold(message, State::Doubtful);
        if cx.is_connected() {
            self.look(cx, archive);
        }
    }

    /// Takes a message in. False if it is there already.
    fn hold(&mut self, message: Message, state: State) -> bool {
        let mut waiting = self.waiting.iter();
        let is_new = waiting.all(|waiting| waiting.message.id != message.id);
        if is_new {
            self.waiting.push_back(Waiting { message, state });
        }
        is_new
    }

    /// A resource is bound: look after what may have arrived, write what has not.
    pub fn on_bound(&mut self, cx: &mut Cx, archive: &mut Archive) {
        self.confirmed = 0;
        self.look(cx, archive);
        for conversation in self.conversations() {
            self.flush(cx, &conversation);
        }
    }

    /// With whom something waits, each once, in order.
    fn conversations(&self) -> Vec<Address> {
        let mut all: Vec<Address> = Vec::new();
        for waiting in &self.waiting {
            if !all.contains(&waiting.message.conversation) {
                all.push(waiting.message.conversation.clone());
            }
        }
        all
    }

    /// The session is over: what was written and not confirmed may have arrived, or not.
    pub fn on_ended(&mut self) {
        for waiting in &mut self.waiting {
            if matches!(waiting.state, State::Written(_)) {
                waiting.state = State::Doubtful;
            }
        }
        self.looking.clear();
        self.asking = false;
    }

    /// The server ended the session because of something that we wrote. Written again, that would end the next one, too:
    /// from now on one message at a time is under way, and the one that is when it happens again has failed.
    pub fn on_blamed(&mut self, cx: &mut Cx, problem: &Problem) {
        let is_written = |waiting: &Waiting| matches!(waiting.state, State::Written(_));
        let mut written = self.waiting.iter().filter(|waiting| is_written(waiting));
        let (first, second) = (written.next(), written.next());
        match (first.map(|waiting| &waiting.message), second) {
            (Some(message), None) if self.careful => {
                let failed = Delivery::Failed(problem.clone());
                cx.emit(delivery(&message.conversation, message.id, failed));
                self.waiting.retain(|waiting| !is_written(waiting));
            }
            (first, _) => self.careful |= first.is_some(),
        }
    }

    /// The server has all stanzas up to that one (XEP-0198), if that is news.
    pub fn on_acknowledged(&mut self, cx: &mut Cx, upto: Option<u64>) {
        self.on_handled(cx, upto.unwrap_or_default());
        self.ask(cx);
    }

    /// The session goes on: what came to us meanwhile is written now, or looked for.
    pub fn on_resumed(&mut self, cx: &mut Cx, archive: &mut Archive, upto: Option<u64>) {
        self.look(cx, archive);
        self.on_handled(cx, upto.unwrap_or_default());
        for conversation in self.conversations() {
            self.flush(cx, &conversation);
        }
        self.ask(cx);
    }

    /// The session is lost, and the server told how far it came. The rest is in doubt all the same: a Prosody that is stopped
    /// notes its count, and then reads and delivers what is left in its sockets.
    pub fn on_count(&mut self, cx: &mut Cx, upto: u64) {
        self.settle_handled(cx, upto);
    }

    /// The session went on and is lost: the server has all up to that one, and what was written later never came there.
    pub fn on_known(&mut self, cx: &mut Cx, upto: u64) {
        self.settle_handled(cx, upto);
        for waiting in &mut self.waiting {
            if matches!(waiting.state, State::Written(_)) {
                waiting.state = State::Held;
            }
        }
    }

    /// Something that was asked after that stanza was answered: the server handles stanzas in order (RFC 6120 §10.1).
    pub fn on_answered(&mut self, cx: &mut Cx, upto: u64) {
        self.asking = false;
        self.on_handled(cx, upto);
        self.ask(cx);
    }

    /// The answer did not come in time. The connection may be well, and the next one tells as much.
    pub fn on_unanswered(&mut self, cx: &mut Cx) {
        self.asking = false;
        self.ask(cx);
    }

    fn on_handled(&mut self, cx: &mut Cx, upto: u64) {
        self.settle_handled(cx, upto);
        if self.careful || !self.pausing.is_empty() {
            self.careful &= !self.waiting.is_empty();
            for conversation in self.conversations() {
                self.flush(cx, &conversation);
            }
        }
    }

    fn settle_handled(&mut self, cx: &mut Cx, upto: u64) {
        self.confirmed = self.confirmed.max(upto);
        let confirmed = self.confirmed;
        self.waiting.retain(|waiting| match waiting.state {
            State::Written(number) if number <= confirmed => {
                let message = &waiting.message;
                cx.emit(delivery(&message.conversation, message.id, Delivery::Sent));
                false
            }
            _ => true,
        });
        self.end_pauses();
    }

    /// A message was refused. Only the addressee or our server can refuse it.
    pub fn on_error(&mut self, cx: &mut Cx, from: Option<&Jid>, stanza: &Element) {
        let Some(name) = stanza.attr("id") else {
            return;
        };
        let by_server = from.is_none_or(|from| is_own_server(from, cx.account()))
            || (cx.is_own_account(from) && from.is_some_and(|from| from.resource().is_none()));
        let peer = from.map(|from| from.address().clone());
        let refused = self.written.iter().position(|written| {
            written.name == name && (by_server || peer.as_ref() == Some(&written.conversation))
        });
        let refused = refused.and_then(|index| self.written.remove(index));
        let (condition, text) = error::read(stanza);
        let problem = error::problem(condition, text);
        let Some(written) = refused else {
            return self.on_late_error(cx, peer, name, problem);
        };
        let failed = if error::is_rate_limit(stanza) {
            self.pause(cx, written, problem.clone())
        } else {
            Some(written)
        };
        let Some(written) = failed else { return };
        self.waiting
            .retain(|waiting| waiting.message.id != written.id);
        let failed = Delivery::Failed(problem);
        cx.emit(delivery(&written.conversation, written.id, failed));
        self.end_pauses();
        self.flush(cx, &written.conversation);
    }

    /// The same of a message that we have not written, but perhaps an engine that is gone. What waits is not refused: it was
    /// never written, or is about to be sent again, and what becomes of that will be told.
    fn on_late_error(&self, cx: &mut Cx, from: Option<Address>, called: &str, problem: Problem) {
        let is_known = self.written.iter().any(|written| written.name == called)
            || self
                .waiting
                .iter()
                .any(|waiting| name(&waiting.message) == called);
        let Some(conversation) = from.filter(|_| !is_known) else {
            return tracing::debug!("error for no message of ours");
        };
        let name = called.to_owned();
        cx.emit(Event::Message(MessageEvent::Refused {
            conversation,
            name,
            problem,
        }));
    }

    /// Writes what a conversation holds, in order, unless its archive is being looked into.
    fn flush(&mut self, cx: &mut Cx, conversation: &Address) {
        if !cx.is_connected()
            || self.looking.contains_key(conversation)
            || self.pausing.get(conversation).is_some_and(Pause::lasts)
        {
            return;
        }
        let paused = self.pausing.contains_key(conversation);
        // One at a time: of all, or of this conversation.
        let careful = self.careful || paused;
        let mut last = None;
        let mut under_way = self.waiting.iter().any(|waiting| {
            matches!(waiting.state, State::Written(_))
                && (self.careful || waiting.message.conversation == *conversation)
        });
        self.waiting.retain_mut(|waiting| {
            if careful && under_way {
                return true;
            }
            let message = &mut waiting.message;
            if matches!(waiting.state, State::Written(_)) || message.conversation != *conversation {
                return true;
            }
            let name = name(message);
            let stanza = build(message, &name);
            // XEP-0478: the server would end the stream for it, and again each time it is tried.
            let most = cx.stream_features().max_bytes;
            if most.is_some_and(|most| String::from(&stanza).len() > most) {
                cx.emit(delivery(
                    conversation,
                    message.id,
                    Delivery::Failed(Problem::TooLong),
                ));
                return false;
            }
            if message.delivery != Delivery::Sending {
                message.delivery = Delivery::Sending;
                cx.emit(delivery(conversation, message.id, Delivery::Sending));
            }
            cx.send(&stanza);
            if self.written.len() >= REMEMBERED {
                self.written.pop_front();
            }
            if let Some(old) = self.written.iter_mut().rev().nth(WHOLE - 1) {
                old.message = None;
            }
            self.written.push_back(Written {
                name,
                conversation: conversation.clone(),
                id: message.id,
                message: Some(message.clone()),
            });
            waiting.state = State::Written(cx.sent());
            under_way = true;
            last = Some(waiting.message.id);
            true
        });
        if let (Some(id), Some(pause)) = (last, self.pausing.get_mut(conversation)) {
            pause.on_written(cx.now, id);
        }
        self.ask(cx);
    }

    /// Asks what the server has: by stream management, else the answer to a ping tells it.
    pub fn ask(&mut self, cx: &mut Cx) {
        let open = self
            .waiting
            .iter()
            .any(|waiting| matches!(waiting.state, State::Written(_)));
        if !open || !cx.is_connected() || cx.management.is_asked() {
            return;
        }
        if cx.management.is_on() {
            cx.ask_for_acknowledgement();
        } else if !self.asking {
            self.asking = true;
            let upto = cx.sent();
            cx.request(
                None,
                Kind::Get,
                element("ping", ns::PING),
                Reply::Handled(upto),
            );
        }
    }
}

/// The name of a message on the wire, always the same one: `id` and origin-id alike (XEP-0359 §4).
fn name(message: &Message) -> String {
    let given = message.ids.origin.as_ref().or(message.ids.stanza.as_ref());
    given
        .cloned()
        .unwrap_or_else(|| format!("{:016x}", message.id.0))
}

fn build(message: &Message, name: &str) -> Element {
    element("message", ns::CLIENT)
        .with("type", "chat")
        .with("to", message.conversation.as_str())
        .with("id", name)
        .with_child(text_element("body", ns::CLIENT, &message.body))
        .with_child(element("origin-id", ns::STANZA_ID).with("id", name))
}

fn delivery(conversation: &Address, id: ItemId, delivery: Delivery) -> Event {
    Event::Message(MessageEvent::Delivery {
        conversation: conversation.clone(),
        id,
        delivery,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::engine::Wish;
    use crate::xmpp::testing::{Session, address, message};

    pub(super) const JULIET: &str = "juliet@capulet.example";

    pub(super) fn deliveries(session: &Session) -> Vec<(u64, Delivery)> {
        let told = session.events.iter().filter_map(|event| match event {
            Event::Message(MessageEvent::Delivery { id, delivery, .. }) => {
                Some((id.0, delivery.clone()))
            }
            _ => None,
        });
        told.collect()
    }

    pub(super) fn bodies(session: &Session) -> Vec<String> {
        let messages = session
            .sent
            .iter()
            .filter(|stanza| stanza.name() == "message");
        messages
            .map(|message| message.get_child("body", ns::CLIENT).unwrap().text())
            .collect()
    }

    fn refusal(from: &str, id: &str) -> String {
        format!(
            "<message xmlns='jabber:client'{from} type='error' id='{id}'><error type='cancel'>\
             <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>"
        )
    }

    #[test]
    fn a_message_goes_out_with_its_name_and_is_confirmed() {
        let mut session = Session::new();
        session.wish(Wish::Send(message(JULIET, "Ay me\u{0}", 1)));
        let sent = session.sent.remove(0);
        assert_eq!(
            (sent.attr("to"), sent.attr("type"), sent.attr("id")),
            (Some(JULIET), Some("chat"), Some("m1"))
        );
        assert_eq!(
            sent.get_child("origin-id", ns::STANZA_ID)
                .unwrap()
                .attr("id"),
            Some("m1")
        );
        assert_eq!(sent.get_child("body", ns::CLIENT).unwrap().text(), "Ay me");
        assert_eq!(deliveries(&session), []);
        session.answer("ping", ns::PING, "");
        assert_eq!(deliveries(&session), [(1, Delivery::Sent)]);
    }

    #[test]
    fn what_was_written_after_the_question_waits_for_the_next_one() {
        let mut session = Session::new();
        for id in 1..=3 {
            session.wish(Wish::Send(message(JULIET, "x", id)));
        }
        session.answer("ping", ns::PING, "");
        assert_eq!(deliveries(&session), [(1, Delivery::Sent)]);
        session.answer("ping", ns::PING, "");
        assert_eq!(deliveries(&session).len(), 3);
        assert!(
            session.sent.iter().all(|stanza| stanza.name() == "message"),
            "no question is left"
        );
    }

    #[test]
    fn a_question_that_goes_unanswered_is_asked_again() {
        let mut session = Session::new();
        session.wish(Wish::Send(message(JULIET, "x", 1)));
        let _unanswered = session.request("ping", ns::PING);
        session.wait(crate::xmpp::iq::DEADLINE);
        assert_eq!(deliveries(&session), []);
        session.answer("ping", ns::PING, "");
        assert_eq!(deliveries(&session), [(1, Delivery::Sent)]);
    }

    #[test]
    fn an_acknowledgement_confirms_by_number() {
        let mut session = Session::new();
        session.wish(Wish::Send(message(JULIET, "x", 1)));
        session.wish(Wish::Send(message(JULIET, "y", 2)));
        let before = session.engine.sent() - 3;
        session.acknowledge(before + 1);
        assert_eq!(deliveries(&session), [(1, Delivery::Sent)]);
        session.acknowledge(before + 3);
        assert_eq!(deliveries(&session).len(), 2);
    }

    #[test]
    fn a_message_that_the_server_would_not_bear_fails_alone() {
        let mut session = Session::new();
        session.wish(Wish::Send(message(JULIET, &"<".repeat(5_000), 1)));
        session.wish(Wish::Send(message(JULIET, &"x".repeat(5_000), 2)));
        assert_eq!(
            deliveries(&session),
            [(1, Delivery::Failed(Problem::TooLong))]
        );
        assert_eq!(bodies(&session).len(), 1);
    }

    #[test]
    fn only_the_addressee_or_our_server_can_refuse() {
        for from in [
            " from='mallory@montague.example/m'",
            " from='capulet.example'",
            " from='romeo@montague.example/x'",
        ] {
            let mut session = Session::new();
            session.wish(Wish::Send(message(JULIET, "x", 1)));
            session.receive(&refusal(from, "m1"));
            assert_eq!(session.events, [], "{from}");
            // Another engine may have written that one to them.
            session.receive(&refusal(" from='juliet@capulet.example'", "m2"));
            assert!(matches!(
                &session.events[..],
                [Event::Message(MessageEvent::Refused { conversation, name, .. })]
                    if *conversation == address(JULIET) && name == "m2"
            ));
        }
        for from in [
            "",
            " from='juliet@capulet.example/balcony'",
            " from='montague.example'",
        ] {
            let mut session = Session::new();
            session.wish(Wish::Send(message(JULIET, "x", 1)));
            session.answer("ping", ns::PING, "");
            session.forget();
            session.receive(&refusal(from, "m1"));
            assert_eq!(
                deliveries(&session),
                [(1, Delivery::Failed(Problem::NoSuchContact))],
                "{from}"
            );
            session.receive(&refusal(from, "m1"));
            assert_eq!(deliveries(&session).len(), 1, "once");
        }
    }

    #[test]
    fn what_the_server_ends_the_session_for_fails_and_the_rest_goes_out() {
        let mut session = Session::new();
        for (id, body) in ["good", "bad", "also good"].into_iter().enumerate() {
            session.wish(Wish::Send(message(JULIET, body, id as u64 + 1)));
        }
        let problem = Problem::PolicyViolation(None);
        let mut failed_at = None;
        for attempt in 0..4 {
            session.forget();
            session.blame(problem.clone());
            if deliveries(&session) == [(2, Delivery::Failed(problem.clone()))] {
                failed_at = Some(attempt);
            }
            session.forget();
            session.bind();
            session.answer("query", ns::ROSTER, "");
            if session.sent.iter().any(|iq| iq.has_child("query", ns::MAM)) {
                let fin = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>";
                session.answer("query", ns::MAM, fin);
            }
            // The server handles what is good, and chokes on the other one.
            while bodies(&session).last().is_some_and(|last| last != "bad")
                && session.sent.iter().any(|iq| iq.has_child("ping", ns::PING))
            {
                session.answer("ping", ns::PING, "");
            }
            if bodies(&session).last().is_none_or(|last| last != "bad") {
                break;
            }
        }
        assert_eq!(failed_at, Some(1), "at the second time");
        assert_eq!(bodies(&session), ["also good"]);
    }

    #[test]
    fn what_is_held_is_written_once_there_is_a_session() {
        let mut session = Session::new();
        session.cut();
        session.forget();
        session.wish(Wish::Send(message(JULIET, "one", 1)));
        session.wish(Wish::Send(message(JULIET, "two", 2)));
        session.wish(Wish::Send(message(JULIET, "two", 2)));
        session.nothing();
        session.bind();
        assert_eq!(bodies(&session), ["one", "two"]);
    }

    #[test]
    fn a_message_without_a_name_is_given_the_same_one_each_time() {
        let mut nameless = message(JULIET, "x", 0xAB);
        nameless.ids.origin = None;
        assert_eq!(name(&nameless), "00000000000000ab");
        nameless.ids.stanza = Some("s".into());
        assert_eq!(name(&nameless), "s");
        assert_eq!(address(JULIET), nameless.conversation);
    }
}
