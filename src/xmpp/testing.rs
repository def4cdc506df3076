//! For tests of the features: an engine with a session, without the way there.

use std::time::Duration;

use minidom::Element;

use crate::boundary::command::AccountCommand;
use crate::entity::address::Address;
use crate::entity::contact::{Contact, Subscription};
use crate::entity::id::RequestId;
use crate::entity::jid::FullJid;
use crate::entity::message::{Delivery, Direction, Message, MessageIds, Position};
use crate::entity::time::{Instant, Timestamp};
use crate::event::{Event, Save};

use super::engine::{Credentials, Engine, Input, Output, Purpose, Settings, Snapshot, Wish};
use super::stream::StreamFeatures;

/// 2026-01-01T00:00:00Z.
pub const START: i64 = 1_767_225_600_000;

/// Romeo's session from the orchard; Juliet is a friend, Rosaline sees him, he sees Benvolio, and Mallory is nobody.
pub struct Session {
    pub engine: Engine,
    pub now: Instant,
    pub sent: Vec<Element>,
    pub events: Vec<Event>,
    pub saves: Vec<Save>,
}

pub fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

pub fn contact(text: &str, subscription: Subscription) -> Contact {
    Contact {
        address: address(text),
        name: None,
        groups: Vec::new(),
        subscription,
        asked: false,
    }
}

pub fn message(to: &str, body: &str, id: u64) -> Message {
    let time = Timestamp(START);
    Message {
        id: crate::entity::id::ItemId(id),
        position: Position { time, tie: id },
        conversation: address(to),
        direction: Direction::Outgoing,
        time,
        body: body.to_owned(),
        ids: MessageIds {
            origin: Some(format!("m{id}")),
            ..MessageIds::default()
        },
        delivery: Delivery::Sending,
    }
}

/// What the store knew.
pub fn snapshot() -> Snapshot {
    let contacts = vec![
        contact("juliet@capulet.example", Subscription::Both),
        contact("rosaline@capulet.example", Subscription::From),
        contact("benvolio@montague.example", Subscription::To),
    ];
    Snapshot {
        roster: Some((contacts, Some("v1".to_owned()))),
        ..Snapshot::default()
    }
}

impl Session {
    /// Bound, its questions answered, and nothing left to look at.
    pub fn new() -> Self {
        let mut session = Self::unanswered(snapshot());
        session.answer("query", "jabber:iq:roster", "");
        let features = "<feature var='urn:xmpp:mam:2'/><feature var='urn:xmpp:sid:0'/>";
        let info =
            format!("<query xmlns='http://jabber.org/protocol/disco#info'>{features}</query>");
        session.answer("query", "http://jabber.org/protocol/disco#info", &info);
        session.answer("query", "http://jabber.org/protocol/disco#info", &info);
        // Nothing was missed.
        let fin = "<fin xmlns='urn:xmpp:mam:2' complete='true'/>";
        session.answer("query", "urn:xmpp:mam:2", fin);
        session.forget();
        session
    }

    /// Bound, and waiting for its answers.
    pub fn unanswered(snapshot: Snapshot) -> Self {
        let settings = Settings {
            domain: "montague.example".to_owned(),
            purpose: Purpose::Session {
                address: address("romeo@montague.example"),
                credentials: Credentials::None,
            },
            language: None,
        };
        let now = Instant {
            monotonic: Duration::from_secs(100),
            wall: Timestamp(START),
        };
        let mut session = Self {
            engine: Engine::new(settings, snapshot, [7; 32]),
            now,
            sent: Vec::new(),
            events: Vec::new(),
            saves: Vec::new(),
        };
        session.bind();
        session
    }

    pub fn bind(&mut self) {
        let (roster_versions, max_bytes) = (true, Some(10_000));
        self.bind_with(StreamFeatures {
            roster_versions,
            max_bytes,
            ..StreamFeatures::default()
        });
    }

    pub fn bind_with(&mut self, offered: StreamFeatures) {
        let jid = FullJid::parse("romeo@montague.example/orchard").unwrap();
        self.engine.begin_session(self.now, jid, offered);
        self.drain();
    }

    pub fn cut(&mut self) {
        self.engine.cut_session();
        self.drain();
    }

    /// The server ends the session, and says that we are to blame.
    pub fn blame(&mut self, problem: crate::entity::problem::Problem) {
        self.engine.blame(problem);
        self.drain();
    }

    /// The server has all stanzas up to that one.
    pub fn acknowledge(&mut self, upto: u64) {
        self.engine.acknowledge(upto);
        self.drain();
    }

    pub fn receive(&mut self, frame: &str) {
        self.engine.handle_stanza(self.now, frame);
        self.drain();
    }

    pub fn wish(&mut self, wish: Wish) {
        self.engine.handle(self.now, Input::Wish(wish));
        self.drain();
    }

    pub fn command(&mut self, request: u32, command: AccountCommand) {
        self.wish(Wish::Command(RequestId(request), command));
    }

    /// Time passes, with the ticks that the engine wants.
    pub fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some((at, _)) = self.engine.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.engine.handle(self.now, Input::Tick);
            self.drain();
        }
        self.now = end;
    }

    /// Something wakes the engine.
    pub fn tick(&mut self) {
        self.engine.handle(self.now, Input::Tick);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Transmit(frame) => self.sent.push(frame.parse().unwrap()),
                Output::Event(event) => self.events.push(event),
                Output::Save(save) => self.saves.push(save),
                Output::Close => {}
            }
        }
    }

    /// Takes the first request sent with that payload.
    pub fn request(&mut self, name: &str, ns: &str) -> Element {
        let asks = |iq: &Element| iq.name() == "iq" && iq.has_child(name, ns);
        let index = self
            .sent
            .iter()
            .position(asks)
            .unwrap_or_else(|| panic!("no {name} of {ns} was sent"));
        self.sent.remove(index)
    }

    /// Answers the first request sent with that payload, as whom it was sent to.
    pub fn answer(&mut self, name: &str, ns: &str, payload: &str) {
        let iq = self.request(name, ns);
        let from = iq
            .attr("to")
            .map(|to| format!(" from='{to}'"))
            .unwrap_or_default();
        let id = iq.attr("id").unwrap();
        self.receive(&format!(
            "<iq xmlns='jabber:client' type='result' id='{id}'{from}>{payload}</iq>"
        ));
    }

    /// Forgets what went out so far.
    pub fn forget(&mut self) {
        self.sent.clear();
        self.events.clear();
        self.saves.clear();
    }

    /// Forgets all but the requests with that payload.
    pub fn forget_all_but(&mut self, name: &str, ns: &str) {
        self.events.clear();
        self.saves.clear();
        self.sent
            .retain(|iq| iq.name() == "iq" && iq.has_child(name, ns));
    }

    /// Asserts that nothing happened at all.
    #[track_caller]
    pub fn nothing(&self) {
        assert_eq!(self.events, [], "events");
        assert_eq!(self.saves, [], "saves");
        let frames: Vec<String> = self.sent.iter().map(String::from).collect();
        assert!(frames.is_empty(), "{frames:?}");
    }

    /// Asserts that nothing was reported.
    #[track_caller]
    pub fn nothing_but_requests(&self) {
        assert_eq!(self.events, [], "events");
        assert!(self.sent.iter().all(|stanza| stanza.name() == "iq"));
    }

    /// Takes the one stanza that was sent.
    #[track_caller]
    pub fn only_sent(&mut self) -> Element {
        let frames: Vec<String> = self.sent.iter().map(String::from).collect();
        assert_eq!(frames.len(), 1, "{frames:?}");
        self.sent.remove(0)
    }

    /// Takes the one event that was emitted.
    #[track_caller]
    pub fn only_event(&mut self) -> Event {
        assert_eq!(self.events.len(), 1, "{:?}", self.events);
        self.events.remove(0)
    }
}
