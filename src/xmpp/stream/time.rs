//! What time does to the stream: steps that take too long, signs of life (XEP-0199), answers that are overdue.

use std::time::Duration;

use crate::entity::jid::Jid;
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::event::Next;
use crate::xmpp::cx::{Cx, Kind};
use crate::xmpp::engine::Why;
use crate::xmpp::iq::Reply;
use crate::xmpp::{ns, stanza};

use super::keepalive::{self, Act};
use super::{Question, State, Stream, Taken};

impl Stream {
    pub(in crate::xmpp) fn on_tick(&mut self, cx: &mut Cx) -> Taken {
        let is_over = |deadline: &Instant| deadline.monotonic <= cx.now.monotonic;
        if let Some(deadline) = self.deadline.filter(is_over) {
            return match self.state {
                State::Closing => {
                    self.leave(cx);
                    Taken::Nothing
                }
                State::Trying => self.on_silence(cx, deadline),
                _ => self.end(cx, Problem::Timeout, Next::Retry),
            };
        }
        let stretch = |wait| self.keepalive.stretch(wait);
        let unconfirmed = cx.management.deadline(stretch);
        let over = unconfirmed.filter(is_over);
        if over.is_some_and(|deadline| keepalive::slept(deadline, cx.now)) {
            // The keep-alive asks again, and gives up soon.
            cx.management.wait_anew(cx.now);
        } else if over.is_some() {
            // A server that does not answer whether it confirms does not confirm.
            if cx.management.on_refused() {
                return Taken::Managed;
            }
            return self.lose(cx);
        }
        match self.keepalive.on_tick(cx.now) {
            Act::Wait => Taken::Nothing,
            Act::Ask => {
                self.ping(cx);
                Taken::Nothing
            }
            Act::GiveUp => self.lose(cx),
        }
    }

    pub(super) fn on_heard(&mut self, cx: &mut Cx) {
        self.keepalive.on_heard(cx.now);
        cx.management.on_heard();
    }

    pub(in crate::xmpp) fn poll_timeout(&self, cx: &Cx) -> Option<(Instant, Why)> {
        let stretch = |wait| self.keepalive.stretch(wait);
        let unconfirmed = cx.management.deadline(stretch);
        let unconfirmed = unconfirmed.map(|at| (at, Why::KeepAlive));
        let step = self.deadline.map(|at| (at, Why::Negotiation));
        let alive = self.keepalive.poll_timeout().map(|at| (at, Why::KeepAlive));
        [step, alive, unconfirmed].into_iter().flatten().min()
    }

    /// Somebody looks at a page, or nobody does any more.
    pub(in crate::xmpp) fn set_looked(&mut self, looked: bool) {
        self.looked = looked;
        self.keepalive.set_watched(self.looked && self.busy);
    }

    /// Somebody does something, or nobody has for long.
    pub(in crate::xmpp) fn set_busy(&mut self, busy: bool) {
        self.busy = busy;
        self.keepalive.set_watched(self.looked && self.busy);
    }

    /// The roster came, or will not.
    pub(in crate::xmpp) fn settle(&mut self) {
        self.keepalive.set_settled(true);
    }

    /// There is a reason to doubt that the connection lives: the server has so long for a sign of life.
    pub(in crate::xmpp) fn verify(&mut self, cx: &mut Cx, patience: Duration) {
        match self.state {
            State::Bound => {
                if self.keepalive.doubt(cx.now, patience) {
                    self.ping(cx);
                }
            }
            State::Fresh | State::Closing | State::Ended | State::Registering(_) => {}
            // Each step of the negotiation is an answer of the server.
            _ => {
                let over = cx.now + self.keepalive.stretch(patience);
                self.deadline = self.deadline.map(|deadline| deadline.min(over));
            }
        }
    }

    fn ping(&mut self, cx: &mut Cx) {
        if cx.management.is_on() {
            return cx.ask_for_acknowledgement();
        }
        let ping = stanza::build::element("ping", ns::PING);
        let server = Jid::parse(&self.settings.domain).ok();
        cx.request(server, Kind::Get, ping, Reply::Stream(Question::Ping));
    }
}
