//! How a stream ends: by the user's wish, by the server's, or because nothing is heard any more.

use std::time::Duration;

use minidom::Element;

use crate::entity::problem::Problem;
use crate::event::{Event, Next, SessionEvent};
use crate::xmpp::cx::Cx;

use super::error::StreamError;
use super::{State, Stream, Taken, framing};

/// How long we wait for the server's goodbye.
const GOODBYE: Duration = Duration::from_secs(3);

impl Stream {
    /// Ends the stream properly, as the user wishes.
    pub(in crate::xmpp) fn close(&mut self, cx: &mut Cx) {
        match self.state {
            State::Closing | State::Ended => {}
            State::Fresh => cx.close(),
            _ => {
                // XEP-0198 §4: what is not acknowledged by now comes again, or is sent back to who wrote it.
                if cx.management.is_counting() {
                    let acknowledgement = cx.management.acknowledgement();
                    cx.send(&acknowledgement);
                }
                cx.send_text(framing::CLOSE.to_owned());
                self.rest();
                self.state = State::Closing;
                self.deadline = Some(cx.now + GOODBYE);
            }
        }
    }

    /// The socket is closed, or could not be opened. Emits `Ended` unless that was said already, or the user wished it.
    pub(in crate::xmpp) fn on_closed(&mut self, cx: &mut Cx) {
        if matches!(self.state, State::Bound) {
            self.keepalive.on_cut(cx.now);
        }
        if !matches!(self.state, State::Closing | State::Ended) {
            self.over(cx, Problem::ConnectionLost, Next::Retry);
        }
        self.state = State::Fresh;
        self.rest();
    }

    /// The server's end of the socket would not take a frame of ours. True if it was one of the session: another socket would
    /// not take it, either.
    pub(in crate::xmpp) fn on_rejected(&mut self, cx: &mut Cx) -> bool {
        let in_session = matches!(self.state, State::Bound);
        if in_session {
            cx.management.forget();
        }
        self.on_closed(cx);
        in_session
    }

    /// RFC 7395 §3.6: the server closes the stream.
    pub(super) fn on_close(&mut self, cx: &mut Cx, close: &Element) -> Taken {
        if matches!(self.state, State::Closing) {
            self.leave(cx);
            return Taken::Nothing;
        }
        let (problem, next) = match framing::see_other(close) {
            Some(address) => self
                .history
                .see_other(cx.now, &self.settings.domain, address),
            None => (Problem::ConnectionLost, Next::Retry),
        };
        self.end(cx, problem, next)
    }

    /// RFC 6120 §4.9.1.1: a stream error cannot be recovered from.
    pub(super) fn on_error(&mut self, cx: &mut Cx, element: &Element) -> Taken {
        if matches!(self.state, State::Closing) {
            self.leave(cx);
            return Taken::Nothing;
        }
        let error = StreamError::parse(element);
        if self.ahead.is_some() && error.blames() {
            // The server does not know what was sent ahead, and has not had anything else.
            return self.end(cx, Problem::ConnectionLost, Next::Retry);
        }
        if matches!(self.state, State::Trying) && error.blames() {
            // It was not understood, and was nothing but a question: no message is to blame, and a session of its own works at
            // once.
            return self.end(cx, Problem::ConnectionLost, Next::Anew);
        }
        tracing::debug!(condition = error.condition, "stream error");
        let blames = error.blames();
        let (problem, next) = self.history.sort(cx.now, &self.settings.domain, error);
        match self.end(cx, problem.clone(), next) {
            Taken::Ended if blames => Taken::Blamed(problem),
            taken => taken,
        }
    }

    /// What opened the socket does not speak XMPP.
    pub(super) fn not_xmpp(&mut self, cx: &mut Cx) -> Taken {
        let url = self.settings.domain.clone();
        self.end(cx, Problem::NotXmpp { url }, Next::Stop)
    }

    /// Ends the stream for a reason.
    pub(super) fn end(&mut self, cx: &mut Cx, problem: Problem, next: Next) -> Taken {
        cx.send_text(framing::CLOSE.to_owned());
        self.note_reached(cx);
        // A session ends with its stream; one that waits for another socket outlives those that did not come so far.
        if matches!(self.state, State::Bound | State::Resuming) || next == Next::Stop {
            cx.management.forget();
        }
        self.give_up(cx, problem, next)
    }

    /// Nothing is heard any more. `<close/>`, if it arrived after all, would end the session.
    pub(super) fn lose(&mut self, cx: &mut Cx) -> Taken {
        self.keepalive.on_given_up(cx.now);
        if cx.management.is_resumable() {
            self.give_up(cx, Problem::ConnectionLost, Next::Retry)
        } else {
            self.end(cx, Problem::ConnectionLost, Next::Retry)
        }
    }

    fn give_up(&mut self, cx: &mut Cx, problem: Problem, next: Next) -> Taken {
        self.over(cx, problem, next);
        self.leave(cx);
        if cx.management.is_suspended() {
            Taken::Nothing
        } else {
            Taken::Ended
        }
    }

    /// A server that did not understand a mere question after a resumption would not the next time, either: that was all of this
    /// session, and it told how far it came.
    fn note_reached(&mut self, cx: &mut Cx) {
        if cx.management.is_trying() {
            self.reached = cx.management.on_not_understood();
        }
    }

    /// Says that it is over, or that the session waits for another socket.
    fn over(&mut self, cx: &mut Cx, problem: Problem, next: Next) {
        self.note_reached(cx);
        let is_lost = match &self.state {
            // A server that answers an attempt to resume by hanging up would do so again.
            State::Resuming => true,
            State::Negotiating(login) => login.resumes(),
            // Nothing was said in it yet.
            State::Settling(_) => true,
            _ => false,
        };
        if is_lost {
            cx.management.forget();
        }
        let event = if cx.management.suspend() {
            SessionEvent::Suspended(problem, next)
        } else {
            SessionEvent::Ended(problem, next)
        };
        cx.emit(Event::Session(event));
    }

    /// Has the socket closed; nothing more is said about it.
    pub(super) fn leave(&mut self, cx: &mut Cx) {
        self.state = State::Ended;
        self.rest();
        cx.close();
    }

    pub(super) fn rest(&mut self) {
        self.deadline = None;
        self.keepalive.stop();
    }
}
