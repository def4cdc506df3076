//! The protocol core of one account, sans-IO.
//!
//! ```ignore
//! engine.handle(now, Input::Frame(text));
//! while let Some(output) = engine.poll_output() { /* commit, transmit, publish */ }
//! let (when, why) = engine.poll_timeout();
//! ```
//!
//! **Invariant:** no clock, no task, no socket, no randomness source: they come in as arguments. One `handle`,
//! then drain, before the next. An engine lives as long as its account: it is opened and closed many times.

use std::time::Duration;

use crate::boundary::command::AccountCommand;
use crate::entity::address::Address;
use crate::entity::archive::{Cursor, Reach};
use crate::entity::contact::Contact;
use crate::entity::id::{ItemId, RequestId};
use crate::entity::message::Message;
use crate::entity::presence::OwnPresence;
use crate::entity::problem::Problem;
use crate::entity::secret::Secret;
use crate::entity::time::{Instant, Timestamp};
use crate::event::{Event, Save, Since};

use super::cx::Cx;
use super::dispatch;
use super::feature::Features;
use super::feature::archive::Wanted;
use super::stream::{Stream, Taken};
use super::{gate, parse};

/// What an engine is made for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's domain.
    pub domain: String,
    /// What to do there.
    pub purpose: Purpose,
    /// The language of the stream (`xml:lang`), if the user chose one.
    pub language: Option<String>,
}

/// What an engine does at its server.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// A session as this account.
    Session {
        /// Who we are.
        address: Address,
        /// What proves it.
        credentials: Credentials,
    },
    /// A session as nobody (RFC 4505); the server gives the address.
    Anonymous,
    /// Making an account (XEP-0077); there is no session.
    Registration,
}

/// What proves who we are.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Typed by the user.
    Password(Secret),
    /// What `Save::Credentials` said at an earlier log-in.
    Kept(Vec<u8>),
    /// The same, to be worth nothing from now on: the server is told so (XEP-0484 §4.6), and there is no session.
    Revoked(Vec<u8>),
    /// Nothing: the user must type the password first.
    None,
}

/// What the core knew when it was last alive.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The roster and its version.
    pub roster: Option<(Vec<Contact>, Option<String>)>,
    /// The SASL mechanism of the account's last log-in, as `SessionEvent::Authenticated` said; nothing weaker will do.
    pub mechanism: Option<String>,
    /// The name of this installation, for the account's server alone (XEP-0388 §2.3), always the same: a UUID.
    pub agent: Option<String>,
    /// Known capabilities: (ver, features).
    pub caps: Vec<(String, Vec<String>)>,
    /// Messages that the server has not confirmed, oldest first.
    pub outbox: Vec<Message>,
    /// What the user chose for themselves.
    pub presence: OwnPresence,
    /// How far the archive is known without a gap; absent if it was never asked.
    pub cursor: Option<Cursor>,
    /// How far it is known beyond that, and where it is not.
    pub reach: Reach,
}

/// What comes in.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "it lives as long as one call, and is never kept; with pointers of 32 bits it is small enough"
)]
pub enum Input<'a> {
    /// A socket is open.
    Opened {
        /// TLS, or to this very machine: what is said there cannot be overheard.
        secure: bool,
        /// Where it leads: scheme, host and port ([`Endpoint::origin`]).
        ///
        /// [`Endpoint::origin`]: crate::entity::endpoint::Endpoint::origin
        origin: &'a str,
    },
    /// A frame came.
    Frame(&'a str),
    /// A frame came that must not be looked at: engines died of it.
    Skipped(&'a str),
    /// The socket is closed, or could not be opened.
    Closed,
    /// It was closed because the other end would not take a frame of ours (RFC 6455 §7.4.1: too big, not as it must be).
    Rejected,
    /// A wish of the user.
    Wish(Wish),
    /// The time of `poll_timeout` has come (or not; ticks are harmless).
    Tick,
}

/// A wish, as the client hands it on.
#[derive(Clone, Debug)]
pub enum Wish {
    /// A command that is the core's to carry out.
    Command(RequestId, AccountCommand),
    /// Send this message, which is stored already. Held while there is no session.
    Send(Message),
    /// The same, but an engine that is gone may have sent it before.
    SendAgain(Message),
    /// Do not send this message again that was refused for now: the user takes it back.
    Withdraw(Address, ItemId),
    /// Ask the archive for a page of a conversation before an archive id (or the newest); answered by `ArchiveEvent`.
    History {
        /// With whom.
        conversation: Address,
        /// The archive id to start before.
        before: Option<String>,
        /// Nothing newer than that.
        until: Option<Timestamp>,
        /// How many messages.
        count: u32,
    },
    /// Ask the archive for a stretch of a conversation; answered by `ArchiveEvent::Stretch` with that ticket.
    Stretch(Address, u64, Wanted),
    /// That page of `ArchiveEvent::Missed` is committed, with its cursor and gaps: catch-up goes on from there.
    CatchUp,
    /// Flag a conversation as displayed up to this archive id (XEP-0490), after [`DisplayedEvent::Known`].
    ///
    /// [`DisplayedEvent::Known`]: crate::event::DisplayedEvent::Known
    Displayed(Address, String),
    /// The user is idle since then, or is back.
    Idle(Option<Timestamp>),
    /// Somebody looks at a page, or nobody has for a while.
    Looked(bool),
    /// There is a reason to doubt that the connection lives: the server has so long for a sign of life.
    Verify(Duration),
    /// Send the registration form filled in.
    Register(Vec<(String, Vec<Secret>)>),
    /// New credentials, after the old ones were refused.
    Credentials(Credentials),
    /// End the session properly.
    Close,
}

/// What goes out. Per drain: commit every `Save`, then transmit, then publish events.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// To be committed before anything is transmitted.
    Save(Save),
    /// A frame to send.
    Transmit(String),
    /// A fact.
    Event(Event),
    /// Close the socket.
    Close,
}

/// Why the engine wants to be woken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Why {
    /// A request's deadline.
    Answer,
    /// The stream's negotiation takes too long.
    Negotiation,
    /// Nothing was heard for a while: look whether the connection lives.
    KeepAlive,
    /// A feature's own reason.
    Feature,
}

/// The protocol core of one account.
pub struct Engine {
    cx: Cx,
    stream: Stream,
    features: Features,
}

impl Engine {
    /// Makes an engine. `seed` is all its randomness.
    #[must_use]
    pub fn new(settings: Settings, snapshot: Snapshot, seed: [u8; 32]) -> Self {
        Self {
            cx: Cx::new(&settings, seed),
            stream: Stream::new(settings, &snapshot),
            features: Features::new(snapshot),
        }
    }

    /// Whether there is a session, be it that it waits for another socket.
    #[must_use]
    pub fn has_session(&self) -> bool {
        self.cx.bound().is_some()
    }

    /// Tells it that the next attempt comes after a pause.
    pub fn on_pause(&mut self) {
        self.stream.on_pause();
    }

    /// Whether everything is there that was missed, as far as it can be had in this session.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.features.catch_up.is_settled()
    }

    /// Whether what was archived late will be looked for in this session.
    #[must_use]
    pub fn looks_again(&self) -> bool {
        self.features.catch_up.looks_again()
    }

    /// Whether what was missed is being asked for, or is about to be.
    #[must_use]
    pub fn is_catching_up(&self) -> bool {
        self.features.catch_up.is_under_way()
    }

    /// The newest place of the archive that is known.
    #[must_use]
    pub fn archive_top(&self) -> Option<&Cursor> {
        self.features.catch_up.top()
    }

    /// Up to when the whole archive is known, by its own clock.
    #[must_use]
    pub fn caught_up_until(&self) -> Option<Timestamp> {
        self.features.catch_up.floor()
    }

    /// Whether our account may have an archive; unknown until it was asked.
    #[must_use]
    pub fn has_archive(&self) -> Option<bool> {
        self.features.disco.has_archive()
    }

    /// The archive id after which the messages of the page come that was told last, until that page is stored.
    #[must_use]
    pub fn caught_up_to(&self, since: Since) -> Option<&str> {
        self.features.catch_up.caught_up_to(since)
    }

    /// Begins anew with what was stored, between two sessions: the way to the server and its secrets stay.
    pub fn restore(&mut self, snapshot: Snapshot) {
        debug_assert!(!self.has_session(), "a session knows what it began with");
        self.features.restore(snapshot);
    }

    /// Takes one input. Drain the outputs before the next.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        self.cx.now = now;
        match input {
            Input::Opened { secure, origin } => {
                self.stream.on_opened(&mut self.cx, secure, origin);
            }
            Input::Frame(text) => self.on_frame(text),
            Input::Skipped(text) => {
                let taken = self.stream.on_refused(&mut self.cx, gate::is_stanza(text));
                self.on_taken(taken);
            }
            Input::Closed => {
                self.stream.on_closed(&mut self.cx);
                if !self.cx.management.is_suspended() {
                    self.end_session();
                }
            }
            Input::Rejected => {
                if self.stream.on_rejected(&mut self.cx) {
                    let outbox = &mut self.features.outbox;
                    outbox.on_blamed(&mut self.cx, &Problem::TooLong);
                }
                if !self.cx.management.is_suspended() {
                    self.end_session();
                }
            }
            Input::Wish(wish) => self.on_wish(wish),
            Input::Tick => {
                let taken = self.stream.on_tick(&mut self.cx);
                self.on_taken(taken);
                self.cx.expire_requests();
                self.features.on_tick(&mut self.cx);
            }
        }
        self.deliver_replies();
    }

    /// The next output, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.cx.poll_output()
    }

    /// When to call with `Input::Tick`, and why.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Why)> {
        [
            self.cx.poll_timeout(),
            self.stream.poll_timeout(&self.cx),
            self.features.poll_timeout(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn on_frame(&mut self, text: &str) {
        let passed = match gate::check(text) {
            Ok(passed) => passed,
            Err(refused) => {
                tracing::debug!(reason = ?refused.reason, at = refused.at, "frame refused");
                let taken = self.stream.on_refused(&mut self.cx, refused.is_stanza());
                return self.on_taken(taken);
            }
        };
        match parse::parse(&passed) {
            Ok(element) => {
                let taken = self.stream.on_frame(&mut self.cx, element);
                self.on_taken(taken);
            }
            Err(_) => {
                tracing::debug!("frame passed the gate, but has no tree");
                let taken = self.stream.on_refused(&mut self.cx, passed.is_stanza());
                self.on_taken(taken);
            }
        }
    }

    fn on_taken(&mut self, taken: Taken) {
        match taken {
            Taken::Nothing => {}
            Taken::Stanza(stanza) => dispatch::on_stanza(&mut self.cx, &mut self.features, stanza),
            Taken::Bound => {
                self.features.on_bound(&mut self.cx);
                for stanza in self.stream.take_early() {
                    dispatch::on_stanza(&mut self.cx, &mut self.features, stanza);
                }
            }
            Taken::Managed => self.features.on_management(&mut self.cx),
            Taken::Acknowledged(upto) => self.features.on_acknowledged(&mut self.cx, upto),
            Taken::Resumed(upto) => self.features.on_resumed(&mut self.cx, upto),
            Taken::Understood => self.features.on_understood(&mut self.cx),
            Taken::NotResumed(upto) => {
                if let Some(upto) = upto {
                    self.features.outbox.on_count(&mut self.cx, upto);
                }
                self.end_session();
                let taken = self.stream.begin_anew(&mut self.cx);
                self.on_taken(taken);
            }
            Taken::Ended => self.end_session(),
            Taken::Blamed(problem) => {
                self.features.outbox.on_blamed(&mut self.cx, &problem);
                self.end_session();
            }
        }
    }

    fn on_wish(&mut self, wish: Wish) {
        match wish {
            Wish::Close => {
                self.features.on_closing(&mut self.cx);
                self.stream.close(&mut self.cx);
            }
            Wish::Credentials(credentials) => self.stream.set_credentials(&credentials),
            Wish::Register(answers) => self.stream.register(&mut self.cx, answers),
            Wish::Verify(patience) => self.stream.verify(&mut self.cx, patience),
            wish => {
                match wish {
                    Wish::Looked(looked) => self.stream.set_looked(looked),
                    Wish::Idle(since) => self.stream.set_busy(since.is_none()),
                    _ => {}
                }
                self.features.on_wish(&mut self.cx, wish);
            }
        }
    }

    /// Every request ends: those still open are answered as cut off.
    fn end_session(&mut self) {
        if let Some(upto) = self.stream.take_reached() {
            self.features.outbox.on_known(&mut self.cx, upto);
        }
        self.cx.abandon_requests();
        self.deliver_replies();
        self.features.on_ended(&mut self.cx);
        self.cx.unbind();
    }

    /// Hands ended requests to whoever asked.
    fn deliver_replies(&mut self) {
        while let Some((reply, outcome)) = self.cx.next_reply() {
            let taken = dispatch::on_reply(
                &mut self.cx,
                &mut self.features,
                &mut self.stream,
                reply,
                outcome,
            );
            self.on_taken(taken);
        }
    }
}

/// The features alone, for their tests: a session without the way there.
#[cfg(test)]
impl Engine {
    pub(super) fn begin_session(
        &mut self,
        now: Instant,
        jid: crate::entity::jid::FullJid,
        offered: super::stream::StreamFeatures,
    ) {
        self.cx.now = now;
        self.cx.set_stream_features(offered);
        self.cx.bind(jid);
        self.cx.begin();
        self.features.on_bound(&mut self.cx);
    }

    pub(super) fn sent(&self) -> u64 {
        self.cx.sent()
    }

    pub(super) fn acknowledge(&mut self, upto: u64) {
        self.on_taken(Taken::Acknowledged(Some(upto)));
    }

    pub(super) fn blame(&mut self, problem: Problem) {
        self.on_taken(Taken::Blamed(problem));
    }

    pub(super) fn cut_session(&mut self) {
        self.end_session();
    }

    pub(super) fn handle_stanza(&mut self, now: Instant, frame: &str) {
        self.cx.now = now;
        let stanza = parse::parse(&gate::check(frame).unwrap()).unwrap();
        dispatch::on_stanza(&mut self.cx, &mut self.features, stanza);
        self.deliver_replies();
    }
}
