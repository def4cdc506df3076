//! All that a feature may do: send, request, reply, emit, save.
//!
//! **Invariant:** nothing here waits, reads a clock or draws randomness from outside.

use std::collections::VecDeque;

use minidom::Element;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::boundary::change::Reply as Answer;
use crate::entity::address::Address;
use crate::entity::id::RequestId;
use crate::entity::jid::{FullJid, Jid};
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::event::{Event, Save};

use super::engine::{Output, Purpose, Settings, Why};
use super::iq::{Outcome, Reply, Table};
use super::ns;
use super::stanza::build::{Build, element};
use super::stanza::error::Refusal;
use super::stream::{Management, StreamFeatures};

/// What every part of the core works with.
pub struct Cx {
    /// The moment of the input in hand.
    pub now: Instant,
    account: Option<Address>,
    bound: Option<FullJid>,
    /// The session of that resource has begun.
    has_begun: bool,
    stream_features: StreamFeatures,
    outputs: VecDeque<Output>,
    requests: Table,
    ended: VecDeque<(Reply, Outcome)>,
    random: ChaCha8Rng,
    sent: u64,
    pub(super) management: Management,
    /// Nobody looks (XEP-0352).
    pub(super) is_inactive: bool,
    /// How the session began.
    pub(super) begun: Begun,
}

/// What a session began with, bound along with the log-in (XEP-0386).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Begun {
    /// Copies of what other devices send and receive come already.
    pub carbons: bool,
    /// The server knows that nobody looks.
    pub inactive: bool,
}

/// Whether a request asks or changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `get`.
    Get,
    /// `set`.
    Set,
}

impl Cx {
    pub(super) fn new(settings: &Settings, seed: [u8; 32]) -> Self {
        let account = match &settings.purpose {
            Purpose::Session { address, .. } => Some(address.clone()),
            // Until there is an account, the server itself is who answers for it.
            Purpose::Registration => Address::parse(&settings.domain).ok(),
            Purpose::Anonymous => None,
        };
        Self {
            now: Instant::default(),
            account,
            bound: None,
            has_begun: false,
            stream_features: StreamFeatures::default(),
            outputs: VecDeque::new(),
            requests: Table::default(),
            ended: VecDeque::new(),
            random: ChaCha8Rng::from_seed(seed),
            sent: 0,
            management: Management::default(),
            is_inactive: false,
            begun: Begun::default(),
        }
    }

    /// Our bare JID; unknown only to anonymous sessions before binding. While an account is being made, it is the server's.
    #[must_use]
    pub fn account(&self) -> Option<&Address> {
        self.account.as_ref()
    }

    /// Our full JID, while a resource is bound.
    #[must_use]
    pub fn bound(&self) -> Option<&FullJid> {
        self.bound.as_ref()
    }

    /// What the server offers on this stream; as it was on the last one, between sessions.
    #[must_use]
    pub fn stream_features(&self) -> &StreamFeatures {
        &self.stream_features
    }

    pub(super) fn set_stream_features(&mut self, features: StreamFeatures) {
        self.stream_features = features;
    }

    pub(super) fn bind(&mut self, jid: FullJid) {
        self.account = Some(jid.address().clone());
        self.bound = Some(jid);
        self.has_begun = false;
        self.sent = 0;
        self.begun = Begun::default();
    }

    /// What is written from now on belongs to the session.
    pub(super) fn begin(&mut self) {
        self.has_begun = true;
    }

    pub(super) fn unbind(&mut self) {
        self.bound = None;
        self.has_begun = false;
        self.management.forget();
    }

    /// Whether what is written now reaches the server: a session has begun, and there is a socket. A resource alone is not
    /// enough: what waits is looked after first.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.has_begun && !self.management.is_suspended()
    }

    /// Whether that is so at once, also for what is no stanza: in a session that was just taken up again stanzas wait until
    /// the server shows that it understands us.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        self.is_connected() && !self.management.is_trying()
    }

    /// From now on all that is sent and all that comes is counted, if the server can (XEP-0198 §3), and does not do so yet.
    pub fn enable_management(&mut self) {
        if self.stream_features().stream_management && !self.management.is_on() {
            let enable = self.management.enable(self.now);
            self.send(&enable);
        }
    }

    /// Asks the server what it has; the answer comes to `on_acknowledged`.
    pub fn ask_for_acknowledgement(&mut self) {
        if let Some(question) = self.management.ask(self.now) {
            self.send(&question);
        }
    }

    /// How many stanzas were sent since the resource was bound.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Whether `from` stands for our own account: absent, our bare JID, or this session's full JID (RFC 6120 §8.1.2.1).
    #[must_use]
    pub fn is_own_account(&self, from: Option<&Jid>) -> bool {
        match from {
            None => true,
            Some(jid) => {
                self.account.as_ref().is_some_and(|me| jid.is_bare(me))
                    || self.bound.as_ref().is_some_and(|me| jid == me.as_jid())
            }
        }
    }

    /// A fresh id of 96 random bits.
    pub fn fresh_id(&mut self) -> String {
        let mut bytes = [0; 12];
        self.random.fill_bytes(&mut bytes);
        base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes)
    }

    /// Random bytes (nonces).
    pub fn fill_random(&mut self, bytes: &mut [u8]) {
        self.random.fill_bytes(bytes);
    }

    /// A random number (item ids).
    pub fn random_u64(&mut self) -> u64 {
        self.random.next_u64()
    }

    /// Sends an element as one frame. Stanzas of a suspended session are sent when it is resumed, and the server understands us.
    pub fn send(&mut self, element: &Element) {
        let counts =
            self.bound.is_some() && matches!(element.name(), "message" | "presence" | "iq");
        let mut bytes = Vec::new();
        // Elements that we build ourselves always serialise; their texts are made legal by `stanza::text`.
        match element
            .write_to(&mut bytes)
            .map(|()| String::from_utf8(bytes))
        {
            Ok(Ok(frame)) => {
                self.sent += u64::from(counts);
                if counts && !self.management.keep(self.sent, &frame) {
                    return;
                }
                self.outputs.push_back(Output::Transmit(frame));
                if self.management.is_much() {
                    self.ask_for_acknowledgement();
                }
            }
            _ => debug_assert!(false, "an element of ours does not serialise"),
        }
    }

    /// Sends text that is a whole frame already.
    pub fn send_text(&mut self, frame: String) {
        self.outputs.push_back(Output::Transmit(frame));
    }

    /// Asks somebody (`None`: our own account) and remembers how to go on.
    pub fn request(&mut self, to: Option<Jid>, kind: Kind, payload: Element, reply: Reply) {
        let id = self.fresh_id();
        let kind = match kind {
            Kind::Get => "get",
            Kind::Set => "set",
        };
        self.send(&iq(kind, to.as_ref(), &id).with_child(payload));
        self.requests.insert(self.now, to, id, reply);
    }

    /// Answers a request with a result.
    pub fn reply(&mut self, to: Option<&Jid>, id: &str, payload: Option<Element>) {
        self.send(&iq("result", to, id).with_children(payload));
    }

    /// Answers a request with an error (RFC 6120 §8.3).
    pub fn refuse(&mut self, to: Option<&Jid>, id: &str, refusal: Refusal) {
        self.send(&iq("error", to, id).with_child(refusal.element()));
    }

    /// Takes the answer to one of our requests; false if it answers nothing that we asked of `from`.
    pub(super) fn take_answer(&mut self, from: Option<&Jid>, id: &str, outcome: Outcome) -> bool {
        let own = self.is_own_account(from);
        let reply = self.requests.take(id, |peer| match peer {
            // RFC 6120 §8.1.2.1: what was asked of our account is answered without `from`, or from our bare JID.
            None => own,
            Some(peer) => {
                from == Some(peer)
                    || (own
                        && from.is_none()
                        && self.account.as_ref().is_some_and(|me| peer.is_bare(me)))
            }
        });
        match reply {
            Some(reply) => {
                self.ended.push_back((reply, outcome));
                true
            }
            None => false,
        }
    }

    /// While the session waits for another socket, or nothing is written to it, no answer can come: the deadlines stand still,
    /// but for what a person waits for.
    pub(super) fn expire_requests(&mut self) {
        let all = !self.is_held();
        let late = self.requests.expire(self.now, all);
        self.ended
            .extend(late.into_iter().map(|reply| (reply, Outcome::Timeout)));
    }

    fn is_held(&self) -> bool {
        self.management.is_suspended() || self.management.is_trying()
    }

    /// The session goes on: so does the time for the answers.
    pub(super) fn renew_requests(&mut self) {
        self.requests.renew(self.now);
    }

    /// Part of the answer to that one came: it has its whole time again.
    pub(super) fn renew_request(&mut self, reply: &Reply) {
        self.requests.renew_one(self.now, reply);
    }

    pub(super) fn abandon_requests(&mut self) {
        let open = self.requests.abandon();
        self.ended
            .extend(open.into_iter().map(|reply| (reply, Outcome::CutOff)));
    }

    pub(super) fn next_reply(&mut self) -> Option<(Reply, Outcome)> {
        self.ended.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<(Instant, Why)> {
        let all = !self.is_held();
        self.requests.next_deadline(all).map(|at| (at, Why::Answer))
    }

    /// Publishes a fact.
    pub fn emit(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    /// Answers a command of the user; request zero asks for no answer.
    pub fn answer(&mut self, request: RequestId, result: Result<Answer, Problem>) {
        if request != RequestId::default() {
            self.emit(Event::Answered(request, result));
        }
    }

    /// Has the core's own state committed.
    pub fn save(&mut self, save: Save) {
        self.outputs.push_back(Output::Save(save));
    }

    /// Has the socket closed.
    pub fn close(&mut self) {
        self.outputs.push_back(Output::Close);
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
}

/// Begins an IQ stanza (RFC 6120 §8.2.3).
fn iq(kind: &str, to: Option<&Jid>, id: &str) -> Element {
    let to = to.map(ToString::to_string);
    element("iq", ns::CLIENT)
        .with("type", kind)
        .with_some("to", to.as_deref())
        .with("id", id)
}
