//! How many messages a second the engine takes in: gate, tree, dispatch, fold, drain. Prints one line each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

use std::hint::black_box;
use std::time::{Duration, Instant as Stopwatch};

use waxwing::boundary::change::Edge;
use waxwing::entity::address::Address;
use waxwing::entity::id::{AccountId, WindowId};
use waxwing::entity::secret::Secret;
use waxwing::entity::time::{Instant, Timestamp};
use waxwing::event::Event;
use waxwing::model::timeline::{Ends, Watch, Window};
use waxwing::model::{Model, Stored};
use waxwing::xmpp::engine::{Credentials, Engine, Input, Output, Purpose, Settings, Snapshot};
use waxwing::xmpp::{gate, parse};

const MESSAGES: usize = 200_000;
const ROUNDS: usize = 5;
/// As many as a turn takes.
const TURN: usize = 512;

fn main() {
    let frames = frames();
    measure("gate", || {
        for frame in &frames {
            black_box(gate::check(frame).is_ok());
        }
    });
    measure("gate, tree", || {
        for frame in &frames {
            let passed = gate::check(frame).unwrap();
            black_box(parse::parse(&passed).is_ok());
        }
    });
    measure("gate, tree, dispatch", || {
        let mut engine = online();
        for frame in &frames {
            engine.handle(at(2), Input::Frame(frame));
            while let Some(output) = engine.poll_output() {
                black_box(output);
            }
        }
    });
    measure("gate, tree, dispatch, fold, drain", || {
        let mut engine = online();
        let mut model = watched();
        for turn in frames.chunks(TURN) {
            for frame in turn {
                engine.handle(at(2), Input::Frame(frame));
                while let Some(output) = engine.poll_output() {
                    if let Output::Event(event) = output {
                        model.apply(&event);
                    }
                }
            }
            black_box(model.drain());
        }
        let peer = Address::parse("juliet@example.org").unwrap();
        let unread = model.conversations.of(&peer).unwrap().unread;
        assert_eq!(usize::try_from(unread).unwrap() * 4, MESSAGES);
    });
}

fn measure(what: &str, mut act: impl FnMut()) {
    act();
    let mut rates: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let watch = Stopwatch::now();
            act();
            f64::from(u32::try_from(MESSAGES).unwrap()) / watch.elapsed().as_secs_f64()
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    let all: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    println!(
        "engine: {what}: {:.0} messages/s (of {})",
        rates[ROUNDS / 2],
        all.join(" ")
    );
}

/// Ordinary messages of four people, as a server with an archive sends them.
fn frames() -> Vec<String> {
    let people = ["juliet", "mercutio", "benvolio", "nurse"];
    (0..MESSAGES)
        .map(|number| {
            let who = people[number % people.len()];
            format!(
                "<message xmlns='jabber:client' from='{who}@example.org/balcony' to='romeo@example.org/orchard' \
                 type='chat' id='m{number}'><body>But soft, what light through yonder window breaks? {number}</body>\
                 <origin-id xmlns='urn:xmpp:sid:0' id='m{number}'/><request xmlns='urn:xmpp:receipts'/>\
                 <stanza-id xmlns='urn:xmpp:sid:0' by='romeo@example.org' id='a{number}'/></message>"
            )
        })
        .collect()
}

fn at(seconds: u64) -> Instant {
    Instant {
        monotonic: Duration::from_secs(seconds),
        wall: Timestamp(1_767_225_600_000),
    }
}

fn watched() -> Model {
    let romeo = Address::parse("romeo@example.org").unwrap();
    let mut model = Model::new(AccountId(1), romeo, Stored::default());
    let watch = Watch {
        page: 1,
        window: WindowId(1),
    };
    let ends = Ends {
        older: Edge::End,
        newer: Edge::End,
    };
    let peer = Address::parse("juliet@example.org").unwrap();
    model
        .timelines
        .open(watch, Window::new(peer, 50, Vec::new(), ends, None));
    model
}

/// An engine in a session, by way of PLAIN on an encrypted stream.
fn online() -> Engine {
    let settings = Settings {
        domain: "example.org".into(),
        purpose: Purpose::Session {
            address: Address::parse("romeo@example.org").unwrap(),
            credentials: Credentials::Password(Secret::new("pencil".into())),
        },
        language: None,
    };
    let mut engine = Engine::new(settings, Snapshot::default(), [7; 32]);
    engine.handle(
        at(1),
        Input::Opened {
            secure: true,
            origin: "wss://example.org:443",
        },
    );
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' id='s' version='1.0'/>";
    let features = |inner: &str| {
        format!(
            "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{inner}</stream:features>"
        )
    };
    engine.handle(at(1), Input::Frame(open));
    engine.handle(at(1), Input::Frame(&features("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>")));
    engine.handle(
        at(1),
        Input::Frame("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"),
    );
    engine.handle(at(1), Input::Frame(open));
    engine.handle(
        at(1),
        Input::Frame(&features(
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>",
        )),
    );
    let mut online = false;
    for _ in 0..4 {
        let mut answers = Vec::new();
        while let Some(output) = engine.poll_output() {
            match output {
                Output::Transmit(frame) if frame.contains("<iq") => answers.push(frame),
                Output::Event(Event::Session(waxwing::event::SessionEvent::Online)) => {
                    online = true
                }
                _ => {}
            }
        }
        for frame in answers {
            let iq: minidom::Element = frame.parse().unwrap();
            let id = iq.attr("id").unwrap();
            let from = iq
                .attr("to")
                .map(|to| format!(" from='{to}'"))
                .unwrap_or_default();
            let payload = match iq.children().next().map(minidom::Element::ns).as_deref() {
                Some("urn:ietf:params:xml:ns:xmpp-bind") => {
                    "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@example.org/orchard</jid></bind>"
                }
                Some("jabber:iq:roster") => "<query xmlns='jabber:iq:roster'/>",
                _ => {
                    "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:sid:0'/></query>"
                }
            };
            let answer =
                format!("<iq xmlns='jabber:client' type='result' id='{id}'{from}>{payload}</iq>");
            engine.handle(at(1), Input::Frame(&answer));
        }
    }
    assert!(online, "no session");
    engine
}
