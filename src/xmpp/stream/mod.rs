//! The stream of one account: RFC 7395 framing, features, authentication, binding, keep-alive, errors.
//!
//! ```text
//! Fresh ─ socket open ─▶ Opening ─ <open/> ─▶ Opened ─ features ─▶ Authenticating ─ success ─▶ Opening (again)
//!                                               │ (authenticated) ─ features ─▶ Binding ─ jid ─▶ Bound
//!                                               ├ (a session waits) ─ features ─▶ Resuming ─ resumed ─▶ Trying ─ <a/> ─▶ Bound
//!                                               ├ (to make an account) ─ features ─▶ Registering
//!                                               └ (SASL2) ─ features ─▶ Negotiating ─ bound ─▶ Settling ─ features ─▶ Bound
//!                                                                           ├ resumed ─▶ Trying ─ <a/> ─▶ Bound
//!                                                                           └ success ─▶ Opened (authenticated)
//! ```
//!
//! **Invariant:** a stream ends once: `SessionEvent::Ended` or `Suspended` is emitted exactly once for each socket, or never if
//! the user ended it. After that its frames mean nothing.
//! **Invariant:** each step has a deadline, so a stream is bound or ended in bounded time.
//! **Invariant:** every stanza is counted, and no stanza ends the stream.

use std::time::Duration;

use minidom::Element;

use crate::entity::account::Step;
use crate::entity::problem::Problem;
use crate::entity::secret::Secret;
use crate::entity::time::Instant;
use crate::event::{Event, SessionEvent};

use super::cx::Cx;
use super::engine::{Credentials, Purpose, Settings, Snapshot};
use super::iq::Outcome;
use super::ns;
use super::stanza::registration::Registration;

pub mod auth;
mod bind;
pub mod csi;
mod ending;
mod error;
mod features;
mod framing;
mod keepalive;
mod login;
mod registration;
mod resume;
mod sasl2;
mod sm;
mod time;

use auth::{Channel, Exchange, Kept, Mechanism, Secrets, Token};
pub use features::StreamFeatures;
use keepalive::KeepAlive;
pub use sm::Management;

/// How long a server may take for one step.
const STEP: Duration = Duration::from_secs(20);

/// What the stream made of an input.
#[derive(Debug)]
pub enum Taken {
    /// It was the stream's own.
    Nothing,
    /// A stanza for the features; already counted.
    Stanza(Element),
    /// A resource is bound; stanzas may flow.
    Bound,
    /// It is known now whether the server confirms what it has (XEP-0198).
    Managed,
    /// The server has all our stanzas up to that one, if that is news.
    Acknowledged(Option<u64>),
    /// The session goes on; the server has all our stanzas up to that one, if that is news. What is sent is held back until
    /// `Understood`.
    Resumed(Option<u64>),
    /// The server understands what we say in the session that goes on: all that was held back is written.
    Understood,
    /// The session is lost: another one begins. How far the server came in it, if it knows.
    NotResumed(Option<u64>),
    /// The stream is over; `SessionEvent::Ended` was emitted.
    Ended,
    /// The same, and the server says that what we sent is to blame.
    Blamed(Problem),
}

/// A request of the stream's own; its answer comes back to `Stream::on_reply`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// RFC 6120 §7: a resource, of our choice or of the server's.
    Bind(bind::Resource),
    /// RFC 3921 §3: a session.
    Session,
    /// XEP-0199: a sign of life.
    Ping,
    /// XEP-0077: the form.
    RegistrationForm,
    /// XEP-0077: the account.
    Registration,
}

/// The state of the stream.
pub struct Stream {
    settings: Settings,
    /// For an account; the password stays in memory, as some servers salt it anew for each log-in.
    secrets: Secrets,
    /// XEP-0484: in place of all that, for one log-in after the other.
    token: Option<Token>,
    /// What was kept last.
    kept: Kept,
    /// The name of this installation.
    agent: Option<String>,
    /// There is nothing to do but to give the token back.
    revokes: bool,
    pinned: Option<Mechanism>,
    channel: Channel,
    /// Where the socket leads: scheme, host and port.
    origin: String,
    state: State,
    deadline: Option<Instant>,
    /// When that step was begun.
    entered: Instant,
    keepalive: KeepAlive,
    /// Somebody looks at a page; and does something now and then.
    looked: bool,
    busy: bool,
    history: error::History,
    /// A log-in that went out with the `<open/>`.
    ahead: Option<Box<sasl2::Login>>,
    /// How often that may be tried before the server answers.
    ahead_left: u8,
    /// The token was refused on this stream.
    fell_back: bool,
    /// How far the server came in the session that is over, if that is certain.
    reached: Option<u64>,
    /// The machine slept while the server was to show that it understands us.
    slept: bool,
    /// The features of a session that goes on are still to come.
    features_due: bool,
    /// Stanzas that came before the session's own features.
    early: Vec<Element>,
}

enum State {
    /// No stream: before a socket opens.
    Fresh,
    /// We said `<open/>`.
    Opening(Progress),
    /// The server said it, too; its features are to come.
    Opened(Progress),
    Authenticating(Box<Exchange>),
    /// The same, by SASL2.
    Negotiating(Box<sasl2::Login>),
    /// Logged in and bound at once; the features are to come. What was bound, until it is taken.
    Settling(Option<Box<sasl2::Bound>>),
    Binding,
    /// We asked for the session that waits.
    Resuming,
    /// It goes on, and the server is to show that it understands us.
    Trying,
    Bound,
    /// The form came; the user fills it in, or the server thinks about the answers.
    Registering(Option<Box<(Registration, Option<String>)>>),
    /// We said `<close/>`, as the user wished.
    Closing,
    /// It is over, and that was said; the socket is about to close.
    Ended,
}

/// Whether we have proved who we are on this socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Progress {
    Unknown,
    Authenticated,
}

impl Stream {
    pub(super) fn new(settings: Settings, known: &Snapshot) -> Self {
        let (secrets, kept) = match &settings.purpose {
            Purpose::Session { credentials, .. } => login::read(credentials),
            Purpose::Anonymous | Purpose::Registration => Default::default(),
        };
        let revokes = matches!(
            &settings.purpose,
            Purpose::Session {
                credentials: Credentials::Revoked(_),
                ..
            }
        );
        let mechanism = known.mechanism.as_deref();
        let of_keys = secrets
            .keys
            .as_ref()
            .map(|keys| Mechanism::Scram(keys.hash));
        Self {
            pinned: mechanism.and_then(Mechanism::parse).max(of_keys),
            settings,
            secrets,
            // A token is taken from no other name than that which it was given to.
            agent: kept
                .token
                .as_ref()
                .map(|token| token.agent().to_owned())
                .or_else(|| known.agent.clone()),
            token: kept.token.clone(),
            kept,
            revokes,
            channel: Channel::Exposed,
            origin: String::new(),
            state: State::Fresh,
            deadline: None,
            entered: Instant::default(),
            keepalive: KeepAlive::default(),
            looked: true,
            busy: true,
            history: error::History::default(),
            ahead: None,
            ahead_left: sasl2::AHEAD_MAX,
            fell_back: false,
            reached: None,
            slept: false,
            features_due: false,
            early: Vec::new(),
        }
    }

    /// The socket is open: begin.
    pub(super) fn on_opened(&mut self, cx: &mut Cx, secure: bool, origin: &str) {
        origin.clone_into(&mut self.origin);
        self.channel = if secure {
            Channel::Confidential
        } else {
            Channel::Exposed
        };
        self.ahead = None;
        self.fell_back = false;
        self.features_due = false;
        self.early.clear();
        cx.emit(Event::Session(SessionEvent::Progress(Step::Opening)));
        self.open(cx, Progress::Unknown);
        self.go_ahead(cx);
    }

    /// A frame that passed the gate.
    pub(super) fn on_frame(&mut self, cx: &mut Cx, element: Element) -> Taken {
        if matches!(self.state, State::Fresh | State::Ended) {
            return Taken::Nothing;
        }
        self.on_heard(cx);
        let namespace = element.ns();
        match (element.name(), namespace.as_str()) {
            ("open", ns::FRAMING) => self.on_open(cx),
            ("close", ns::FRAMING) => self.on_close(cx, &element),
            ("error", ns::STREAM) => self.on_error(cx, &element),
            _ if matches!(self.state, State::Opening(_)) => self.not_xmpp(cx),
            ("features", ns::STREAM) => self.on_features(cx, &element),
            (_, ns::SASL) => self.on_sasl(cx, &element),
            (_, ns::SASL2) => self.on_sasl2(cx, &element),
            ("message" | "presence" | "iq", ns::CLIENT) => self.on_stanza(cx, element),
            (name, ns::SM) => self.on_management(cx, name, &element),
            (name, _) => {
                tracing::debug!(name, "nonza not understood");
                Taken::Nothing
            }
        }
    }

    /// A frame that did not: a stanza counts all the same.
    pub(super) fn on_refused(&mut self, cx: &mut Cx, is_stanza: bool) -> Taken {
        self.on_heard(cx);
        match self.state {
            State::Opening(Progress::Unknown) => self.not_xmpp(cx),
            State::Fresh | State::Ended => Taken::Nothing,
            _ => {
                if is_stanza {
                    cx.management.count_received();
                }
                Taken::Nothing
            }
        }
    }

    /// The answer to a question of ours, or its absence.
    pub(super) fn on_reply(&mut self, cx: &mut Cx, question: Question, outcome: Outcome) -> Taken {
        // Cut off: the stream is over, and that was said.
        if matches!(outcome, Outcome::CutOff) {
            return Taken::Nothing;
        }
        match (question, &self.state) {
            (Question::Bind(resource), State::Binding) => self.on_bind(cx, resource, outcome),
            (Question::Session, State::Binding) => self.on_session(cx, outcome),
            (Question::RegistrationForm, State::Registering(_)) => self.on_form(cx, outcome),
            (Question::Registration, State::Registering(_)) => self.on_registered(cx, outcome),
            // The frame itself was the sign of life.
            _ => Taken::Nothing,
        }
    }

    /// New credentials, for the next attempt.
    pub(super) fn set_credentials(&mut self, credentials: &Credentials) {
        let (secrets, kept) = login::read(credentials);
        self.secrets = secrets;
        self.token = kept.token;
    }

    /// The next attempt comes after a pause. A server that everybody is sent to may be away for long, and the pauses grow: that is
    /// no circle.
    pub(super) fn on_pause(&mut self) {
        self.history.on_pause();
    }

    /// How far the server came in the session that is over, if that is certain: what was sent later never came there.
    pub(super) fn take_reached(&mut self) -> Option<u64> {
        self.reached.take()
    }

    /// Stanzas that came before the session began, to be taken now.
    pub(super) fn take_early(&mut self) -> Vec<Element> {
        std::mem::take(&mut self.early)
    }

    /// Sends the registration form filled in.
    pub(super) fn register(&mut self, cx: &mut Cx, answers: Vec<(String, Vec<Secret>)>) {
        self.on_answers(cx, answers);
    }

    fn open(&mut self, cx: &mut Cx, progress: Progress) {
        let from = match &self.settings.purpose {
            Purpose::Session { address, .. } if self.speaks_sasl2() => Some(address.as_str()),
            _ => None,
        };
        cx.send(&framing::open(
            &self.settings.domain,
            from,
            self.settings.language.as_deref(),
        ));
        self.enter(cx, State::Opening(progress));
    }

    fn on_open(&mut self, cx: &mut Cx) -> Taken {
        if let State::Opening(progress) = self.state {
            self.keepalive.on_round_trip(cx.now.since(self.entered));
            self.enter(cx, State::Opened(progress));
        }
        Taken::Nothing
    }

    fn on_features(&mut self, cx: &mut Cx, element: &Element) -> Taken {
        let features = StreamFeatures::parse(element);
        let progress = match self.state {
            State::Opened(progress) => progress,
            State::Settling(_) => return self.on_features_after(cx, features),
            State::Trying | State::Bound if self.features_due => {
                return self.on_features_after(cx, features);
            }
            _ => return Taken::Nothing,
        };
        if let Some(login) = self.ahead.take() {
            return self.on_features_behind(cx, login, features);
        }
        match (progress, &self.settings.purpose) {
            (Progress::Authenticated, _) => self.start(cx, features),
            (Progress::Unknown, Purpose::Registration) => self.ask_for_form(cx),
            (Progress::Unknown, _) if self.revokes => self.revoke(cx, features),
            (Progress::Unknown, _) => self.log_in(cx, features),
        }
    }

    fn on_stanza(&mut self, cx: &mut Cx, stanza: Element) -> Taken {
        cx.management.count_received();
        self.keepalive.on_spoken();
        match self.state {
            State::Bound | State::Closing => Taken::Stanza(stanza),
            State::Trying => {
                self.on_resent(cx);
                Taken::Stanza(stanza)
            }
            State::Settling(_) => {
                self.early.push(stanza);
                Taken::Nothing
            }
            // Before that, only answers to our own questions can matter.
            State::Binding | State::Registering(_) if stanza.name() == "iq" => {
                match stanza.attr("type") {
                    Some("result" | "error") => Taken::Stanza(stanza),
                    _ => Taken::Nothing,
                }
            }
            _ => Taken::Nothing,
        }
    }

    /// Enters a step of the negotiation.
    fn enter(&mut self, cx: &Cx, state: State) {
        self.state = state;
        self.entered = cx.now;
        self.deadline = Some(cx.now + STEP);
    }

    /// The resource is bound, and a session established where that is asked for.
    fn begin(&mut self, cx: &mut Cx) -> Taken {
        self.keepalive.set_settled(false);
        cx.begin();
        self.enter_bound(cx);
        Taken::Bound
    }

    fn enter_bound(&mut self, cx: &mut Cx) {
        self.state = State::Bound;
        self.deadline = None;
        self.history.on_bound(cx.now);
        self.keepalive
            .start(cx.now, cx.stream_features().max_silence);
    }
}

#[cfg(test)]
mod tests;
