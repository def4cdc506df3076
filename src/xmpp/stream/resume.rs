//! XEP-0198: what the stream makes of the nonzas of stream management, and of a session that waits.
//!
//! **Invariant:** after `<resumed/>` the stream says `<r/>` twice, and nothing else but answers to the server's own `<r/>`, until both
//! are answered. That takes no longer than a step, and an answer more if the machine sleeps meanwhile, whatever else comes. However the stream ends before, the session is lost, and what the server has of it known: a session that cannot
//! be spoken in is not taken up again and again.

use std::time::Duration;

use minidom::Element;

use crate::entity::account::Step;
use crate::entity::problem::Problem;
use crate::entity::time::Instant;
use crate::event::{Event, Next, SessionEvent};
use crate::xmpp::cx::Cx;

use super::error::{is_safe, stream_error};
use super::keepalive::slept;
use super::sm::Trial;
use super::{Progress, STEP, State, Stream, StreamFeatures, Taken};

/// What the server sends again comes before its answer. Each stanza shows that it is at it, and gives it so long for the next
/// one, up to the time of a whole step: somebody who writes to us all the time must not hide that nobody reads what we write.
const RESENT: Duration = Duration::from_secs(3);

impl Stream {
    /// Logged in: goes on with the session that waits, or begins one.
    pub(super) fn start(&mut self, cx: &mut Cx, features: StreamFeatures) -> Taken {
        let can_resume = features.stream_management;
        cx.set_stream_features(features);
        cx.emit(Event::Session(SessionEvent::Progress(Step::Starting)));
        if !cx.management.is_suspended() {
            return self.bind(cx);
        }
        let Some(resume) = cx.management.resume().filter(|_| can_resume) else {
            self.enter(cx, State::Binding);
            return Taken::NotResumed(None);
        };
        self.enter(cx, State::Resuming);
        cx.send(&resume);
        Taken::Nothing
    }

    /// The session that waited is lost, and cleared away: goes on with one of its own.
    pub(in crate::xmpp) fn begin_anew(&mut self, cx: &mut Cx) -> Taken {
        match &mut self.state {
            // What to do is known when the features of the new stream are here.
            State::Opened(Progress::Authenticated) => Taken::Nothing,
            State::Settling(bound) => {
                let bound = bound.take();
                self.take_bound(cx, bound)
            }
            _ => self.bind(cx),
        }
    }

    /// XEP-0198 §5: the session goes on where it was, if the server understands what we say in it.
    pub(super) fn on_resumed(&mut self, cx: &mut Cx, resumed: &Element) -> Taken {
        let Some((upto, questions)) = cx.management.on_resumed(resumed) else {
            // It resumes something else: what is on this stream cannot be known.
            return self.end(cx, stream_error("undefined-condition"), Next::Retry);
        };
        // XEP-0352 §5.1.
        cx.begun.inactive = false;
        self.enter(cx, State::Trying);
        self.deadline = Some(cx.now + self.keepalive.answer());
        self.slept = false;
        for question in &questions {
            cx.send(question);
        }
        Taken::Resumed(upto)
    }

    /// `<a/>` to a question after a resumption.
    fn on_trial(&mut self, cx: &mut Cx, nonza: &Element) -> Taken {
        let again = match cx.management.on_trial(nonza) {
            Trial::Lasts => return Taken::Nothing,
            Trial::Passed(again) => again,
            Trial::Contradicted => {
                // What the server took is asked of its archive.
                tracing::debug!("the server counts otherwise than when it resumed the session");
                cx.management.forget();
                return self.end(cx, Problem::ConnectionLost, Next::Anew);
            }
        };
        for frame in again {
            cx.send_text(frame);
        }
        if let Some(jid) = cx.bound().map(ToString::to_string) {
            cx.emit(Event::Session(SessionEvent::Resumed(jid)));
        }
        self.enter_bound(cx);
        self.keepalive.on_spoken();
        Taken::Understood
    }

    /// A stanza came while the server is to show that it understands us.
    pub(super) fn on_resent(&mut self, cx: &Cx) {
        let last = self.entered + STEP;
        let later = (cx.now + RESENT).min(last);
        self.deadline = self.deadline.map(|deadline| deadline.max(later));
    }

    /// It has not shown that in time. Once more is waited for what may lie unread in the socket after a sleep: timers that are late
    /// for ever must not keep us in a session in which we cannot speak.
    pub(super) fn on_silence(&mut self, cx: &mut Cx, deadline: Instant) -> Taken {
        if slept(deadline, cx.now) && !self.slept {
            self.slept = true;
            self.deadline = Some(cx.now + self.keepalive.answer());
            return Taken::Nothing;
        }
        self.end(cx, Problem::ConnectionLost, Next::Anew)
    }

    /// XEP-0198 §5: where the session is best taken up again. Most servers name a host and a port for TCP, which say nothing
    /// to us; a WebSocket's address is followed as `see-other-host` would be.
    pub(super) fn on_location(&self, cx: &mut Cx, enabled: &Element) {
        let location = enabled.attr("location").map(str::trim);
        let safe = location.filter(|location| is_safe(&self.settings.domain, location));
        if let (Some(safe), true) = (safe, cx.management.is_resumable()) {
            cx.emit(Event::Session(SessionEvent::Located(safe.to_owned())));
        }
    }

    /// XEP-0198: what was not asked for means nothing.
    pub(super) fn on_management(&mut self, cx: &mut Cx, name: &str, nonza: &Element) -> Taken {
        match (name, &self.state) {
            ("r", State::Bound | State::Trying | State::Settling(_) | State::Closing)
                if cx.management.is_counting() =>
            {
                let acknowledgement = cx.management.acknowledgement();
                cx.send(&acknowledgement);
            }
            ("a", State::Bound) if cx.management.is_on() => {
                self.keepalive.on_spoken();
                if let Some(asked) = cx.management.asked_since() {
                    self.keepalive.on_round_trip(cx.now.since(asked));
                }
                return match cx.management.on_acknowledged(nonza) {
                    (None, false) => Taken::Nothing,
                    (upto, _) => Taken::Acknowledged(upto),
                };
            }
            ("a", State::Trying) => return self.on_trial(cx, nonza),
            ("enabled", State::Bound) if cx.management.on_enabled(nonza) => {
                self.on_location(cx, nonza);
                return Taken::Managed;
            }
            ("failed", State::Bound) if cx.management.on_refused() => return Taken::Managed,
            ("resumed", State::Resuming) => return self.on_resumed(cx, nonza),
            ("failed", State::Resuming) => {
                return Taken::NotResumed(cx.management.on_not_resumed(nonza));
            }
            _ => tracing::debug!(name, "nonza that nobody asked for"),
        }
        Taken::Nothing
    }
}
