//! Whole dialogues of the stream with a scripted server, without the features.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::auth::Hash;
use super::auth::scripted::server;
use super::*;
use crate::entity::address::Address;
use crate::event::{Next, Save};
use crate::xmpp::engine::{Input, Output, Why, Wish};
use crate::xmpp::iq::Reply;
use crate::xmpp::stanza::error;
use crate::xmpp::{gate, parse};

const PASSWORD: &str = "r0m30";
const AGENT: &str = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const OPEN: &str =
    "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.org' id='s1' version='1.0'/>";

/// Where the server of example.org is.
const HOME: &str = "wss://example.org:443";

mod binding;
mod login;
mod registration;
mod sasl2;

/// The socket is open, there.
fn opened(secure: bool) -> Input<'static> {
    let origin = HOME;
    Input::Opened { secure, origin }
}

/// A stream, and what it said.
struct Play {
    cx: Cx,
    stream: Stream,
    sent: Vec<Element>,
    events: Vec<SessionEvent>,
    saved: Vec<Save>,
    closed: usize,
}

impl Play {
    fn new(purpose: Purpose, mechanism: Option<&str>) -> Self {
        let settings = Settings {
            domain: "example.org".into(),
            purpose,
            language: Some("en".into()),
        };
        let known = Snapshot {
            mechanism: mechanism.map(str::to_owned),
            agent: Some(AGENT.to_owned()),
            ..Snapshot::default()
        };
        Self {
            cx: Cx::new(&settings, [7; 32]),
            stream: Stream::new(settings, &known),
            sent: Vec::new(),
            events: Vec::new(),
            saved: Vec::new(),
            closed: 0,
        }
    }

    fn romeo(credentials: Credentials) -> Self {
        let purpose = Purpose::Session {
            address: Address::parse("romeo@example.org").unwrap(),
            credentials,
        };
        Self::new(purpose, None)
    }

    /// Romeo with his password, and the socket open.
    fn opened() -> Self {
        let mut play = Self::romeo(password());
        play.input(opened(true));
        play
    }

    /// Logged in, and the stream restarted.
    fn authenticated() -> Self {
        let mut play = Self::opened();
        play.log_in();
        play.server(OPEN);
        play
    }

    fn bound() -> Self {
        let mut play = Self::authenticated();
        play.bind("");
        assert!(matches!(play.events.last(), Some(SessionEvent::Bound(_))));
        play.stream.settle();
        play.sent.clear();
        play.events.clear();
        play
    }

    fn input(&mut self, input: Input<'_>) {
        let taken = match input {
            Input::Opened { secure, origin } => {
                self.stream.on_opened(&mut self.cx, secure, origin);
                Taken::Nothing
            }
            Input::Skipped(text) => self.stream.on_refused(&mut self.cx, gate::is_stanza(text)),
            Input::Closed => {
                self.stream.on_closed(&mut self.cx);
                Taken::Ended
            }
            Input::Rejected => {
                let _in_session = self.stream.on_rejected(&mut self.cx);
                Taken::Ended
            }
            Input::Frame(text) => match gate::check(text) {
                Ok(passed) => self
                    .stream
                    .on_frame(&mut self.cx, parse::parse(&passed).unwrap()),
                Err(refused) => self.stream.on_refused(&mut self.cx, refused.is_stanza()),
            },
            Input::Tick => self.stream.on_tick(&mut self.cx),
            Input::Wish(Wish::Close) => {
                self.stream.close(&mut self.cx);
                Taken::Nothing
            }
            Input::Wish(Wish::Credentials(credentials)) => {
                self.stream.set_credentials(&credentials);
                Taken::Nothing
            }
            Input::Wish(Wish::Register(answers)) => {
                self.stream.register(&mut self.cx, answers);
                Taken::Nothing
            }
            Input::Wish(wish) => panic!("{wish:?} is not the stream's"),
        };
        self.on_taken(taken);
        self.drain();
    }

    /// What the engine does with it, for a stream that has no features.
    fn on_taken(&mut self, taken: Taken) {
        match taken {
            Taken::Stanza(iq) if matches!(iq.attr("type"), Some("result" | "error")) => {
                let Ok(from) = iq
                    .attr("from")
                    .map(crate::entity::jid::Jid::parse)
                    .transpose()
                else {
                    return;
                };
                let outcome = match iq.attr("type") {
                    Some("result") => Outcome::Result(iq.children().next().cloned()),
                    _ => error::outcome(&iq),
                };
                let id = iq.attr("id").unwrap_or_default();
                self.cx.take_answer(from.as_ref(), id, outcome);
            }
            Taken::Ended => self.cx.abandon_requests(),
            Taken::NotResumed(_) => {
                self.cx.unbind();
                let taken = self.stream.begin_anew(&mut self.cx);
                self.on_taken(taken);
            }
            _ => {}
        }
        while let Some((Reply::Stream(question), outcome)) = self.cx.next_reply() {
            let taken = self.stream.on_reply(&mut self.cx, question, outcome);
            self.on_taken(taken);
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.cx.poll_output() {
            match output {
                Output::Transmit(frame) => self.sent.push(frame.parse().unwrap()),
                Output::Event(Event::Session(event)) => self.events.push(event),
                Output::Event(_) => {}
                Output::Save(save) => self.saved.push(save),
                Output::Close => self.closed += 1,
            }
        }
    }

    fn server(&mut self, frame: &str) {
        self.input(Input::Frame(frame));
    }

    fn features(&mut self, inner: &str) {
        self.server(&format!("<stream:features xmlns:stream='http://etherx.jabber.org/streams'>{inner}</stream:features>"));
    }

    fn offer(&mut self, mechanisms: &[&str]) {
        let list: String = mechanisms
            .iter()
            .map(|name| format!("<mechanism>{name}</mechanism>"))
            .collect();
        self.features(&format!(
            "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{list}</mechanisms>"
        ));
    }

    fn sasl(&mut self, name: &str, inner: &str) {
        self.server(&format!(
            "<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{inner}</{name}>"
        ));
    }

    fn stream_error(&mut self, inner: &str) {
        self.server(&format!(
            "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>{inner}</stream:error>"
        ));
    }

    /// From the socket's opening to the second `<open/>` of ours.
    fn log_in(&mut self) {
        self.server(OPEN);
        self.offer(&["SCRAM-SHA-1", "PLAIN"]);
        let auth = self.last_sent();
        assert_eq!(auth.attr("mechanism"), Some("SCRAM-SHA-1"));
        let first = String::from_utf8(BASE64.decode(auth.text()).unwrap()).unwrap();
        let (challenge, success) = server(&first, PASSWORD, Hash::Sha1);
        self.sasl("challenge", &challenge);
        assert!(self.last_sent().is("response", ns::SASL));
        self.sasl("success", &success);
        assert!(self.last_sent().is("open", ns::FRAMING));
    }

    fn bind(&mut self, more: &str) {
        self.features(&format!(
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>{more}"
        ));
        self.answer(
            "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@example.org/w</jid></bind>",
        );
    }

    /// Answers the last request with a result.
    fn answer(&mut self, payload: &str) {
        let id = self.last_sent().attr("id").unwrap().to_owned();
        self.server(&format!("<iq type='result' id='{id}'>{payload}</iq>"));
    }

    /// Answers the last request with an error.
    fn refuse(&mut self, condition: &str) {
        let id = self.last_sent().attr("id").unwrap().to_owned();
        self.server(&format!(
            "<iq type='error' id='{id}'><error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
             <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>No.</text></error></iq>"
        ));
    }

    fn wait(&mut self, seconds: u64) {
        let end = self.cx.now + Duration::from_secs(seconds);
        while let Some((at, _)) = self.stream.poll_timeout(&self.cx)
            && at.monotonic <= end.monotonic
        {
            self.cx.now = self.cx.now.max(at);
            self.input(Input::Tick);
        }
        self.cx.now = end;
    }

    fn last_sent(&self) -> Element {
        self.sent.last().expect("something was sent").clone()
    }

    fn ends(&self) -> Vec<(Problem, Next)> {
        let ended = |event: &SessionEvent| match event {
            SessionEvent::Ended(problem, next) => Some((problem.clone(), next.clone())),
            _ => None,
        };
        self.events.iter().filter_map(ended).collect()
    }

    /// It ended once, for that reason, with a goodbye and a closed socket, and nothing matters afterwards.
    fn assert_ended(&mut self, problem: Problem, next: Next) {
        assert_eq!(self.ends(), [(problem, next)]);
        assert!(self.last_sent().is("close", ns::FRAMING));
        assert_eq!(self.closed, 1);
        let sent = self.sent.len();
        self.server(OPEN);
        self.offer(&["PLAIN"]);
        self.server("<message from='juliet@example.org/b'><body>late</body></message>");
        self.wait(600);
        self.input(Input::Closed);
        assert_eq!(
            (self.ends().len(), self.sent.len(), self.closed),
            (1, sent, 1)
        );
        assert_eq!(self.stream.poll_timeout(&self.cx), None);
    }
}

fn password() -> Credentials {
    Credentials::Password(Secret::new(PASSWORD.into()))
}

#[test]
fn the_way_to_a_bound_resource() {
    let mut play = Play::opened();
    let open = play.last_sent();
    assert!(open.is("open", ns::FRAMING));
    assert_eq!(open.attr("to"), Some("example.org"));
    assert_eq!(open.attr_ns(ns::XML, "lang"), Some("en"));
    play.log_in();
    play.server(OPEN);
    play.features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><ver xmlns='urn:xmpp:features:rosterver'/>");
    let iq = play.last_sent();
    assert_eq!((iq.name(), iq.attr("type")), ("iq", Some("set")));
    let bind = iq.get_child("bind", ns::BIND).unwrap();
    let resource = bind.get_child("resource", ns::BIND).unwrap().text();
    assert!(resource.starts_with("Waxwing."), "{resource}");
    play.answer(
        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>romeo@example.org/w</jid></bind>",
    );
    assert_eq!(
        play.events,
        [
            SessionEvent::Progress(Step::Opening),
            SessionEvent::Progress(Step::Authenticating),
            SessionEvent::Authenticated {
                mechanism: "SCRAM-SHA-1".into()
            },
            SessionEvent::Progress(Step::Starting),
            SessionEvent::Bound("romeo@example.org/w".into()),
        ]
    );
    assert!(matches!(&play.saved[..], [Save::Credentials(kept)] if !kept.is_empty()));
}

#[test]
fn a_lost_connection_is_made_again_with_the_same_engine() {
    let mut play = Play::bound();
    play.input(Input::Closed);
    assert_eq!(play.ends(), [(Problem::ConnectionLost, Next::Retry)]);
    play.saved.clear();
    play.input(opened(true));
    play.log_in();
    play.server(OPEN);
    play.bind("");
    assert!(play.saved.is_empty(), "the keys are the same");
}

#[test]
fn a_socket_that_could_not_be_opened_is_an_end() {
    let mut play = Play::romeo(password());
    for _ in 0..2 {
        play.input(Input::Closed);
        assert_eq!(
            std::mem::take(&mut play.events),
            [SessionEvent::Ended(Problem::ConnectionLost, Next::Retry)]
        );
    }
    assert!(play.sent.is_empty());
}

#[test]
fn what_is_no_xmpp_is_said_to_be_none() {
    for frame in ["HTTP/1.1 400", "{\"hello\":1}", "<html/>", "<message/>"] {
        let mut play = Play::opened();
        play.server(frame);
        let url = "example.org".into();
        play.assert_ended(Problem::NotXmpp { url }, Next::Stop);
    }
}

#[test]
fn every_step_has_its_deadline() {
    let silent: [fn() -> Play; 4] = [
        Play::opened,
        || {
            let mut play = Play::opened();
            play.server(OPEN);
            play
        },
        || {
            let mut play = Play::opened();
            play.server(OPEN);
            play.offer(&["SCRAM-SHA-1"]);
            play
        },
        Play::authenticated,
    ];
    for start in silent {
        let mut play = start();
        play.wait(19);
        assert_eq!(play.ends(), []);
        play.wait(1);
        play.assert_ended(Problem::Timeout, Next::Retry);
    }
    let mut play = Play::authenticated();
    play.features("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    play.wait(20);
    play.assert_ended(Problem::Timeout, Next::Retry);
}

#[test]
fn a_silent_connection_is_asked_and_given_up() {
    let mut play = Play::bound();
    play.wait(8);
    let ping = play.last_sent();
    assert!(ping.has_child("ping", ns::PING));
    assert_eq!(ping.attr("to"), Some("example.org"));
    play.wait(4);
    assert_eq!(play.ends(), []);
    play.wait(1);
    play.assert_ended(Problem::ConnectionLost, Next::Retry);
}

#[test]
fn a_living_connection_is_asked_again_and_again() {
    let mut play = Play::bound();
    for _ in 0..100 {
        play.wait(9);
        let id = play.last_sent().attr("id").unwrap().to_owned();
        play.server(&format!("<iq type='result' id='{id}' from='example.org'/>"));
    }
    assert_eq!(play.ends(), []);
    assert_eq!(play.sent.len(), 100);
}

#[test]
fn every_stanza_counts_also_one_that_was_refused() {
    let mut play = Play::bound();
    let h = |play: &Play| -> u32 {
        let acknowledgement = play.cx.management.acknowledgement();
        acknowledgement.attr("h").unwrap().parse().unwrap()
    };
    let before = h(&play);
    for frame in [
        "<message/>",
        "<iq type='nonsense'/>",
        "<message><body>",
        "<!-- nothing -->",
        "<r xmlns='urn:xmpp:sm:3'/>",
    ] {
        play.server(frame);
    }
    assert_eq!(h(&play) - before, 3);
    for frame in ["<message>poison</message>", "<enabled/>", "<iq"] {
        play.input(Input::Skipped(frame));
    }
    assert_eq!(h(&play) - before, 5);
}

#[test]
fn a_bad_stanza_never_ends_the_stream() {
    let mut play = Play::bound();
    let deep = format!("<message>{}</message>", "<a>".repeat(20_000));
    for frame in [
        deep.as_str(),
        "<message><body>",
        "<iq/>",
        "<iq type='result'/>",
        "<iq type='result' id='x' from='@@@'/>",
        "<presence from='juliet@example.org' type='nonsense'/>",
        "<nonza xmlns='urn:example'/>",
        "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AAAA</challenge>",
        "",
        " \n",
    ] {
        play.server(frame);
    }
    play.features("");
    play.server(OPEN);
    assert_eq!((play.ends(), play.closed), (vec![], 0));
}

#[test]
fn a_stream_error_ends_the_session() {
    let mut play = Play::bound();
    play.stream_error("<system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
    play.assert_ended(Problem::SystemShutdown, Next::Retry);

    let mut play = Play::opened();
    play.stream_error("<host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
    play.assert_ended(Problem::HostUnknown("example.org".into()), Next::Stop);
}

#[test]
fn a_server_that_closes_may_say_where_to_go() {
    let mut play = Play::bound();
    play.server("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    play.assert_ended(Problem::ConnectionLost, Next::Retry);

    let mut play = Play::opened();
    play.server("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='wss://b.example.org/ws'/>");
    play.assert_ended(
        Problem::ConnectionLost,
        Next::Move("wss://b.example.org/ws".into()),
    );

    let mut play = Play::opened();
    play.server("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='ws://b.example.org/ws'/>");
    play.assert_ended(
        Problem::UnsafeRedirect("ws://b.example.org/ws".into()),
        Next::Stop,
    );
}

#[test]
fn a_wished_end_waits_for_the_servers_goodbye() {
    let mut play = Play::bound();
    play.input(Input::Wish(Wish::Close));
    assert!(play.last_sent().is("close", ns::FRAMING));
    assert_eq!(play.closed, 0);
    play.server("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    assert_eq!(play.closed, 1);
    play.input(Input::Closed);
    assert_eq!(play.ends(), []);

    let mut play = Play::bound();
    play.input(Input::Wish(Wish::Close));
    play.wait(3);
    assert_eq!((play.closed, play.ends()), (1, vec![]));
    assert_eq!(play.stream.poll_timeout(&play.cx), None);
}
